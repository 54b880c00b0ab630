// SPDX-License-Identifier: Apache-2.0

import Bytes
import Parity

extension SnapshotCompiler {
    mutating func addRoutes() throws(SnapshotError) {
        var records: [RouteRecord] = []
        guard self.input.set.routes.count <= Limits.routesMax else {
            throw .tooMany("routes", limit: Limits.routesMax)
        }
        for (index, model) in self.input.set.routes.enumerated() {
            records.append(try self.route(model))
            try self.addMatches(model, route: UInt32(index))
        }
        self.header.routes = self.run(records)
        self.header.matches = self.run(self.matches)
        try self.finishTrie()
    }

    private mutating func route(_ model: RouteModel) throws(SnapshotError) -> RouteRecord {
        var record = RouteRecord()
        record.number = self.numbers.routes.number(of: model.name)
        record.migration = self.numbers.migrations.number(of: model.migration)
        record.name = self.text(model.name)
        for stage in model.stages { record.stagesMask |= 1 << stage.rawValue }
        record.data = model.data
        if let entitlement = model.entitlement {
            record.entitlementScope = entitlement.scope
            record.entitlementRow = self.entitlementRows[entitlement.flag] ?? .max
        }
        record.isTenantRequired = model.isTenantRequired
        record.keepsEncodedSlash = model.encodedSlash == .keep
        record.keepsDoubleSlash = model.doubleSlash == .keep
        record.streamRule = model.streams.rule
        record.streamDrainMilliseconds = UInt32(model.streams.drainMilliseconds)
        record.allowsWebSocket = model.upgrades.contains("websocket")
        record.upgrades = self.texts(model.upgrades.filter { $0 != "websocket" })
        switch model.user {
        case .none: break
        case .cookie(let name):
            record.userKind = .cookie
            record.userName = self.text(name)
        case .header(let name):
            record.userKind = .header
            record.userName = self.text(name.lowercased())
        }
        record.settleMilliseconds = UInt32(model.settleMilliseconds)
        record.samplePermyriad = UInt32(model.shadow.samplePermyriad)
        record.shadowMaxBodyBytes = UInt32(model.shadow.maxBodyBytes)
        record.shadowTimeoutMilliseconds = UInt32(model.shadow.timeoutMilliseconds)
        record.observes = model.parity.compares
        record.parityMaxBodyBytes = UInt32(model.parity.maxBodyBytes)
        record.againPermyriad = UInt32(model.parity.againPermyriad)
        record.servesAgreed = model.parity.answer == .agreed
        record.agreedBudgetMilliseconds = UInt32(model.parity.agreedBudgetMilliseconds)
        record.connectTimeoutMilliseconds = UInt32(model.timeouts.connectMilliseconds)
        record.firstByteTimeoutMilliseconds = UInt32(model.timeouts.firstByteMilliseconds)
        record.idleTimeoutMilliseconds = UInt32(model.timeouts.idleMilliseconds)
        record.totalTimeoutMilliseconds = UInt32(model.timeouts.totalMilliseconds)
        if let redirect = model.redirect {
            record.redirectStatus = UInt16(redirect.status)
            record.redirectMaxAgeSeconds = UInt32(redirect.maxAgeSeconds)
            if let host = redirect.hostname { record.redirectHost = self.text(host) }
        }
        if let seconds = model.deprecationUnixSeconds {
            record.deprecation = self.text("@\(seconds)")
        }
        if let seconds = model.sunsetUnixSeconds { record.sunset = self.text(httpDate(seconds)) }
        if let legacy = model.legacy {
            record.legacyUpstream = try self.upstream(legacy.upstream, model)
            record.legacy = self.origin(legacy)
        }
        record.modernUpstream = try self.upstream(model.modern.upstream, model)
        record.modern = self.origin(model.modern)
        record.isPlain =
            record.deprecation.length == 0 && record.sunset.length == 0
            && record.legacy.isPlain && record.modern.isPlain
        record.safe = try self.operations(model.safe, model)
        record.unsafe = try self.operations(model.unsafe, model)
        return record
    }

    private func upstream(_ name: String, _ model: RouteModel) throws(SnapshotError) -> UInt32 {
        guard let index = self.upstreamIndex[name] else {
            throw .unknownUpstream(model.source, name)
        }
        return index
    }

    private mutating func origin(_ model: OriginModel) -> OriginRecord {
        var record = OriginRecord()
        switch model.host {
        case nil: record.hostMode = .endpoint
        case "preserve": record.hostMode = .preserve
        case .some(let host):
            record.hostMode = .fixed
            record.host = self.text(host)
        }
        record.setHeaders = self.pairs(model.setHeaders, foldingNames: true)
        record.removeHeaders = self.texts(model.removeHeaders.map { $0.lowercased() })
        record.setQuery = self.pairs(
            model.setQuery.map {
                NamedValue(name: queryText($0.name, isName: true), value: queryText($0.value))
            },
            foldingNames: false
        )
        record.removeQuery = self.texts(model.removeQuery)
        return record
    }

    mutating func texts(_ strings: [String]) -> FlatRun {
        let list = strings.map { self.text($0) }
        return self.run(list)
    }

    private mutating func pairs(_ values: [NamedValue], foldingNames: Bool) -> FlatRun {
        self.texts(
            values.flatMap { [foldingNames ? $0.name.lowercased() : $0.name, $0.value] }
        )
    }

    private mutating func operations(
        _ models: [OperationModel],
        _ route: RouteModel
    ) throws(SnapshotError) -> FlatRun {
        var records: [OperationRecord] = []
        for model in models {
            var record = OperationRecord()
            record.method = self.text(model.method)
            if let path = model.path {
                let template = try self.template(path, route.source)
                record.template = self.segments(template, bound: template)
            }
            records.append(record)
        }
        return self.run(records)
    }

    private func template(
        _ text: String,
        _ source: ModelSource
    ) throws(SnapshotError) -> PathTemplate {
        do throws(PathTemplateError) {
            return try PathTemplate(text)
        } catch {
            throw .badTemplate(source, error)
        }
    }

    /// A template over the captures of `match`: variables by their index among its own, each taking
    /// what it takes there, one segment or the rest.
    private mutating func segments(_ template: PathTemplate, bound match: PathTemplate) -> FlatRun {
        let names = match.variables
        var records: [SegmentRecord] = []
        for segment in template.segments {
            var record = SegmentRecord()
            switch segment {
            case .literal(let text):
                record.text = self.text(text)
            case .variable(let name), .rest(let name):
                record.kind = name == match.restName ? .rest : .variable
                record.variable = UInt8(names.firstIndex(of: name) ?? 0)
            }
            records.append(record)
        }
        return self.run(records)
    }

    // MARK: Matches

    private mutating func addMatches(
        _ model: RouteModel,
        route: UInt32
    ) throws(SnapshotError) {
        for match in model.matches {
            try self.addMatch(
                match,
                model,
                route: route,
                source: nil,
                hostnames: model.hostnames
            )
        }
        guard let redirect = model.redirect, redirect.isServedHere else { return }
        // The redirect's target is matched too, and never redirected again (design.md 2): one
        // implicit match per shape and conditions, since several matches may lead to one target.
        let target = try self.template(redirect.to, model.source)
        var sources: [PathTemplate] = []
        for match in model.matches { sources.append(try self.matchTemplate(match)) }
        var places: Set<String> = []
        for (match, source) in zip(model.matches, sources) {
            let inverse: PathTemplate
            do throws(PathTemplateError) {
                inverse = try target.inverse(
                    of: source,
                    among: sources,
                    staysOnHost: model.redirectStaysOnHost
                )
            } catch {
                throw .badTemplate(model.source, error)
            }
            guard places.insert(inverse.shape + "\n" + match.conditions).inserted else { continue }
            try self.addMatch(
                match.redirected(to: inverse),
                model,
                route: route,
                source: source,
                hostnames: model.redirectHostnames
            )
        }
    }

    /// A match's path as a template: prefixes bind `{rest...}`, exact paths bind nothing.
    private func matchTemplate(_ match: RouteMatchModel) throws(SnapshotError) -> PathTemplate {
        switch match.pathType {
        case .template: return try self.template(match.path, match.source)
        case .exact: return try self.template(match.path, match.source)
        case .pathPrefix:
            let base = match.path == "/" ? "" : trimmedSlash(match.path)
            return try self.template(base + "/{rest...}", match.source)
        case .regularExpression: return try self.template("/{rest...}", match.source)
        }
    }

    /// `source`: the written match of which this is the redirect's target; `nil` for written ones.
    private mutating func addMatch(
        _ match: RouteMatchModel,
        _ model: RouteModel,
        route: UInt32,
        source: PathTemplate?,
        hostnames: [String]
    ) throws(SnapshotError) {
        let template = try self.matchTemplate(match)
        var record = MatchRecord()
        record.route = route
        record.isRedirectTarget = source != nil
        record.label = self.text(match.path)
        if let method = match.method { record.method = self.text(method) }
        record.headers = try self.conditions(match.headers, match.source, foldingNames: true)
        record.query = try self.conditions(
            match.queryParameters,
            match.source,
            foldingNames: false
        )
        for (index, segment) in template.segments.enumerated() {
            switch segment {
            case .literal: continue
            case .variable: break
            case .rest: record.hasRest = true
            }
            record.variableSegments[Int(record.variableCount)] = UInt8(index)
            record.variableCount += 1
        }
        record.rank = self.rank(match, template, number: self.matches.count)
        record.publicPath = self.segments(template, bound: template)
        // Behind a redirect that was taken back legacy still knows only the path of `matches`.
        let legacyPath = try self.originPath(model.legacy?.path ?? source?.text, template, model)
        record.legacyPath = legacyPath.run
        record.invertsLegacy = legacyPath.inverts
        let modernPath = try self.originPath(model.modern.path, template, model)
        record.modernPath = modernPath.run
        record.invertsModern = modernPath.inverts
        if let redirect = model.redirect {
            record.redirectPath = self.segments(
                try self.template(redirect.to, model.source),
                bound: template
            )
        }
        if match.pathType == .regularExpression {
            record.pattern = try self.pattern(match.path, match.source)
        }
        try self.trie.insert(
            UInt32(self.matches.count),
            template: template,
            match: match,
            hostnames: hostnames,
            rank: record.rank
        )
        self.matches.append(record)
    }

    /// An origin's path over the captures of `match`, and whether it can be taken back.
    private mutating func originPath(
        _ path: String?,
        _ match: PathTemplate,
        _ model: RouteModel
    ) throws(SnapshotError) -> (run: FlatRun, inverts: Bool) {
        guard let path else { return (FlatRun(), true) }
        let template = try self.template(path, model.source)
        do throws(PathTemplateError) {
            try template.checkBinding(match)
        } catch {
            throw .badTemplate(model.source, error)
        }
        return (self.segments(template, bound: match), template.isInvertible(in: match))
    }

    private mutating func conditions(
        _ models: [NamedMatchModel],
        _ source: ModelSource,
        foldingNames: Bool
    ) throws(SnapshotError) -> FlatRun {
        var records: [ConditionRecord] = []
        for model in models {
            var record = ConditionRecord()
            record.name = self.text(foldingNames ? model.name.lowercased() : model.name)
            record.value = self.text(model.value)
            if model.isRegularExpression {
                record.pattern = try self.pattern(model.value, source)
            }
            records.append(record)
        }
        return self.run(records)
    }

    private mutating func pattern(
        _ text: String,
        _ source: ModelSource
    ) throws(SnapshotError) -> UInt {
        let compiled: CompiledPattern
        do {
            compiled = try self.input.compilePattern(text)
        } catch {
            throw .badPattern(source, "\(error)")
        }
        self.retained.append(compiled.owner)
        return compiled.address
    }

    /// HTTPRoute's precedence as one number: exact, then literal length (templates before prefixes
    /// of the same length), then method, headers, query, then file order.
    private func rank(
        _ match: RouteMatchModel,
        _ template: PathTemplate,
        number: Int
    ) -> UInt64 {
        let kind: UInt64 =
            switch match.pathType {
            case .exact: 2
            case .template, .pathPrefix: 1
            case .regularExpression: 0
            }
        let length = match.pathType == .regularExpression ? 0 : template.literalLength
        var rank = kind << 60 | UInt64(min(length, 0xffff)) << 42
        if match.pathType == .template { rank |= 1 << 41 }
        if match.method != nil { rank |= 1 << 40 }
        rank |= UInt64(min(match.headers.count, 255)) << 32
        rank |= UInt64(min(match.queryParameters.count, 255)) << 24
        return rank | UInt64(0xff_ffff - min(number, 0xff_ffff))
    }
}

/// A prefix without its trailing slash: `/a/` and `/a` match the same paths (HTTPRoute).
func trimmedSlash(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
}

/// An IMF-fixdate (RFC 9110 5.6.7) of seconds since 1970.
func httpDate(_ seconds: Int64) -> String {
    let days = Int((seconds >= 0 ? seconds : seconds - 86_399) / 86_400)
    let rest = Int(seconds) - days * 86_400
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let weekday = weekdays[((days % 7) + 7) % 7]
    return "\(weekday), \(two(day)) \(months[month - 1]) \(year) "
        + "\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
}

/// A query parameter's name or value as it is sent: what no query may hold is encoded, triplets
/// that are encoded already stay (RFC 3986 3.4).
func queryText(_ text: String, isName: Bool = false) -> String {
    let bytes = Array(text.utf8)
    var result = ""
    for (index, byte) in bytes.enumerated() {
        let isTriplet =
            byte == 0x25 && index + 2 < bytes.count && hexDigit(bytes[index + 1]) != nil
            && hexDigit(bytes[index + 2]) != nil
        let isPlain =
            isUnreserved(byte) || "!$'()*+,;:@/?".utf8.contains(byte)
            || (byte == 0x3d && !isName) || isTriplet
        if isPlain {
            result.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
    return result
}
