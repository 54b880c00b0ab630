// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// Where the segments of a path begin: `/a/b` has `a` at 1 and `b` at 3.
struct PathSegments {
    var starts = InlineArray<65, UInt16>(repeating: 0)
    var ends = InlineArray<65, UInt16>(repeating: 0)
    var count = 0
    /// More segments than are matched one by one.
    var isCut = false

    init(_ path: ByteWindow) {
        var start = 1
        while start <= path.count {
            guard self.count < Limits.pathSegmentsMax else {
                self.isCut = true
                return
            }
            let end = path.firstIndex(of: 0x2f, from: start) ?? path.count
            self.starts[self.count] = UInt16(start)
            self.ends[self.count] = UInt16(end)
            self.count += 1
            start = end + 1
        }
    }
}

/// A request as matching sees it.
struct MatchSubject: BitwiseCopyable {
    let method: ByteWindow
    let head: ByteWindow
    let query: ByteWindow
}

extension SnapshotView {
    /// The best match of a request, by HTTPRoute's precedence, or `nil`.
    ///
    /// The most specific host that has any match wins; within it the highest rank whose conditions
    /// hold; regular expressions last. `path` is canonical.
    public func match<Matcher: PatternMatcher & ~Copyable>(
        host: ByteWindow,
        path: ByteWindow,
        method: ByteWindow,
        head: ByteWindow,
        fields: borrowing FieldTable,
        query: ByteWindow,
        matcher: inout Matcher
    ) -> RouteHit? {
        let header = self.header
        let segments = PathSegments(path)
        let subject = MatchSubject(method: method, head: head, query: query)
        if header.hostRoots.count > 0,
            let root = self.find(header.hostRoots, parent: 0, host, foldingCase: true),
            let hit = self.match(root, path, segments, subject, fields, &matcher)
        {
            return hit
        }
        if header.wildcardRoots.count > 0 {
            var at = host.firstIndex(of: 0x2e)
            while let dot = at {
                let suffix = host.slice(dot, host.count - dot)
                if let root = self.find(header.wildcardRoots, parent: 0, suffix, foldingCase: true),
                    let hit = self.match(root, path, segments, subject, fields, &matcher)
                {
                    return hit
                }
                at = host.firstIndex(of: 0x2e, from: dot + 1)
            }
        }
        guard header.anyRoot != .max else { return nil }
        return self.match(header.anyRoot, path, segments, subject, fields, &matcher)
    }

    private func match<Matcher: PatternMatcher & ~Copyable>(
        _ root: UInt32,
        _ path: ByteWindow,
        _ segments: PathSegments,
        _ subject: MatchSubject,
        _ fields: borrowing FieldTable,
        _ matcher: inout Matcher
    ) -> RouteHit? {
        var best = UInt32.max
        var bestRank: UInt64 = 0
        self.walk(
            root,
            0,
            path,
            segments,
            subject,
            fields,
            &matcher,
            &best,
            &bestRank
        )
        if best == .max {
            self.matchRegexes(root, path, subject, fields, &matcher, &best, &bestRank)
        }
        guard best != .max else { return nil }
        return self.hit(best, path, segments)
    }

    /// Follows literal and variable children; at most two ways a segment, only where both exist.
    private func walk<Matcher: PatternMatcher & ~Copyable>(
        _ node: UInt32,
        _ depth: Int,
        _ path: ByteWindow,
        _ segments: PathSegments,
        _ subject: MatchSubject,
        _ fields: borrowing FieldTable,
        _ matcher: inout Matcher,
        _ best: inout UInt32,
        _ bestRank: inout UInt64
    ) {
        let record = self.record(NodeRecord.self, self.header.nodes, node)
        if record.open.count > 0 {
            self.consider(record.open, subject, fields, &matcher, &best, &bestRank)
        }
        if depth == segments.count {
            guard record.complete.count > 0, !segments.isCut else { return }
            self.consider(record.complete, subject, fields, &matcher, &best, &bestRank)
            return
        }
        let start = Int(segments.starts[depth])
        let segment = path.slice(start, Int(segments.ends[depth]) - start)
        if record.hasLiteralChildren,
            let child = self.find(self.header.edges, parent: node, segment, foldingCase: false)
        {
            self.walk(
                child,
                depth + 1,
                path,
                segments,
                subject,
                fields,
                &matcher,
                &best,
                &bestRank
            )
        }
        if record.variableChild != .max, !segment.isEmpty {
            self.walk(
                record.variableChild,
                depth + 1,
                path,
                segments,
                subject,
                fields,
                &matcher,
                &best,
                &bestRank
            )
        }
    }

    /// Takes the first entry of a run (best first) that beats the best so far and whose conditions
    /// hold.
    private func consider<Matcher: PatternMatcher & ~Copyable>(
        _ run: FlatRun,
        _ subject: MatchSubject,
        _ fields: borrowing FieldTable,
        _ matcher: inout Matcher,
        _ best: inout UInt32,
        _ bestRank: inout UInt64
    ) {
        for index in 0..<run.count {
            let number = self.record(UInt32.self, run, index)
            let entry = self.record(MatchRecord.self, self.header.matches, number)
            guard best == .max || entry.rank > bestRank else { return }
            if self.holds(entry, subject, fields, &matcher) {
                best = number
                bestRank = entry.rank
                return
            }
        }
    }

    private func matchRegexes<Matcher: PatternMatcher & ~Copyable>(
        _ root: UInt32,
        _ path: ByteWindow,
        _ subject: MatchSubject,
        _ fields: borrowing FieldTable,
        _ matcher: inout Matcher,
        _ best: inout UInt32,
        _ bestRank: inout UInt64
    ) {
        let regexes = self.header.regexes
        for index in 0..<regexes.count {
            let slot = self.record(TableSlot.self, regexes, index)
            guard slot.parent == root else { continue }
            let entry = self.record(MatchRecord.self, self.header.matches, slot.value)
            guard best == .max || entry.rank > bestRank,
                matcher.matches(entry.pattern, path),
                self.holds(entry, subject, fields, &matcher)
            else { continue }
            best = slot.value
            bestRank = entry.rank
        }
    }

    // MARK: Conditions

    private func holds<Matcher: PatternMatcher & ~Copyable>(
        _ entry: MatchRecord,
        _ subject: MatchSubject,
        _ fields: borrowing FieldTable,
        _ matcher: inout Matcher
    ) -> Bool {
        if entry.method.length > 0, !self.window(entry.method).equals(subject.method) {
            return false
        }
        for index in 0..<entry.headers.count {
            let condition = self.record(ConditionRecord.self, entry.headers, index)
            guard self.headerHolds(condition, subject, fields, &matcher) else { return false }
        }
        for index in 0..<entry.query.count {
            let condition = self.record(ConditionRecord.self, entry.query, index)
            guard
                let value = queryValue(subject.query, self.window(condition.name)),
                self.valueHolds(condition, value, &matcher)
            else { return false }
        }
        return true
    }

    private func headerHolds<Matcher: PatternMatcher & ~Copyable>(
        _ condition: ConditionRecord,
        _ subject: MatchSubject,
        _ fields: borrowing FieldTable,
        _ matcher: inout Matcher
    ) -> Bool {
        let name = self.window(condition.name)
        for index in 0..<fields.count {
            let field = fields[index]
            guard Int(field.nameLength) == name.count else { continue }
            let candidate = subject.head.slice(Int(field.nameStart), name.count)
            guard foldedEquals(candidate, lowercased: name) else { continue }
            let value = subject.head.slice(Int(field.valueStart), Int(field.valueLength))
            if self.valueHolds(condition, value, &matcher) { return true }
        }
        return false
    }

    private func valueHolds<Matcher: PatternMatcher & ~Copyable>(
        _ condition: ConditionRecord,
        _ value: ByteWindow,
        _ matcher: inout Matcher
    ) -> Bool {
        condition.pattern != 0
            ? matcher.matches(condition.pattern, value) : self.window(condition.value).equals(value)
    }

    // MARK: Captures

    private func hit(_ match: UInt32, _ path: ByteWindow, _ segments: PathSegments) -> RouteHit {
        let entry = self.record(MatchRecord.self, self.header.matches, match)
        var hit = RouteHit(
            route: entry.route,
            match: match,
            isRedirectTarget: entry.isRedirectTarget,
            starts: InlineArray(repeating: 0),
            lengths: InlineArray(repeating: 0)
        )
        for variable in 0..<Int(entry.variableCount) {
            let segment = Int(entry.variableSegments[variable])
            let isRest = entry.hasRest && variable == Int(entry.variableCount) - 1
            let start = segment < segments.count ? Int(segments.starts[segment]) : path.count
            let end = isRest ? path.count : Int(segments.ends[segment])
            hit.starts[variable] = UInt16(start)
            hit.lengths[variable] = UInt16(max(end - start, 0))
        }
        return hit
    }
}

/// Whether `text`, folded, equals a lower-case name.
func foldedEquals(_ text: ByteWindow, lowercased name: ByteWindow) -> Bool {
    for index in 0..<name.count where asciiLowercased(text[index]) != name[index] { return false }
    return true
}

/// The raw value of the first query parameter with this name, or `nil`.
func queryValue(_ query: ByteWindow, _ name: ByteWindow) -> ByteWindow? {
    var start = 0
    while start < query.count {
        let end = query.firstIndex(of: 0x26, from: start) ?? query.count
        let equals = query.firstIndex(of: 0x3d, from: start) ?? end
        let nameEnd = min(equals, end)
        if decodedEquals(query.slice(start, nameEnd - start), name) {
            return nameEnd < end ? query.slice(nameEnd + 1, end - nameEnd - 1) : query.slice(end, 0)
        }
        start = end + 1
    }
    return nil
}

/// Whether two names of query parameters are equal once decoded: `%74oken` is `token`, and hiding
/// it
/// must not let it past a rule.
func decodedEquals(_ a: ByteWindow, _ b: ByteWindow) -> Bool {
    var left = 0
    var right = 0
    while left < a.count, right < b.count {
        guard queryByte(a, &left) == queryByte(b, &right) else { return false }
    }
    return left == a.count && right == b.count
}

private func queryByte(_ text: ByteWindow, _ index: inout Int) -> UInt8 {
    let byte = text[index]
    index += 1
    if byte == 0x2b { return 0x20 }
    guard byte == 0x25, index + 1 < text.count, let high = hexDigit(text[index]),
        let low = hexDigit(text[index + 1])
    else { return byte }
    index += 2
    return high << 4 | low
}
