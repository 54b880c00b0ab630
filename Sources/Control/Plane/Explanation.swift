// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Foundation
import Migration
import Wire

/// What is stored of a cell, as `explain` needs it.
struct ExplainedStanding: Sendable {
    var standing: Standing?
    var generation: UInt64 = 0
    var isFrozen = false
}

/// Says what would happen to a request, and why: the same match, flags and policy that the data
/// plane uses, on the same snapshot.
struct Explanation {
    /// Snapshot and files.
    let edge: BuiltEdge
    /// Listeners of the configuration; the first one is asked.
    let listeners: [ListenerModel]
    /// Number of a name, as the snapshot has it.
    let numbers: SnapshotNumbers
    /// What is stored of a cell; offline: nothing.
    let stored: (CellName) -> ExplainedStanding
    /// Whether legacy misses writes of a cell.
    let isDiverged: (CellName) -> Bool

    /// The request, parsed by the rules of the data plane.
    private struct Subject {
        var head: [UInt8]
        var request: RequestHead
        var path: [UInt8]
    }

    /// Explains a request.
    func explain(_ order: ExplainOrder) throws(AdminProblem) -> DocumentValue {
        let bytes = try self.head(of: order)
        var fields = FieldTable()
        let result = withWindow(bytes) { window -> Result<DocumentValue, AdminProblem> in
            do throws(AdminProblem) {
                return .success(try self.explain(order, window, &fields))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The request as it would come over the wire.
    private func head(of order: ExplainOrder) throws(AdminProblem) -> [UInt8] {
        var rest = Substring(order.url)
        var host = order.headers.first { $0.name.lowercased() == "host" }?.value
        if let scheme = rest.range(of: "://") {
            rest = rest[scheme.upperBound...]
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            host = host ?? String(rest[..<end])
            rest = rest[end...]
        }
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        let target = rest.hasPrefix("/") ? String(rest) : "/" + rest
        var text = "\(order.method) \(target) HTTP/1.1\r\nHost: \(host ?? "localhost")\r\n"
        for header in order.headers where header.name.lowercased() != "host" {
            text += "\(header.name): \(header.value)\r\n"
        }
        return Array((text + "\r\n").utf8)
    }

    private func explain(
        _ order: ExplainOrder,
        _ head: ByteWindow,
        _ fields: inout FieldTable
    ) throws(AdminProblem) -> DocumentValue {
        let request: RequestHead
        do {
            guard let end = try requestHeadEnd(head, scannedFrom: 0), end == head.count else {
                throw AdminProblem(.invalid, "the method, URL or headers hold a line break")
            }
            request = try parseRequestHead(head, into: &fields)
        } catch let error as WireError {
            throw AdminProblem(
                .invalid,
                "such a request is answered \(error.status): \(error)"
            )
        } catch let error as AdminProblem {
            throw error
        } catch {
            throw AdminProblem(.invalid, "\(error)")
        }
        let view = self.edge.snapshot.view
        let raw = head.slice(Int(request.path.start), Int(request.path.length))
        guard let canonical = Explanation.canonical(raw) else {
            throw AdminProblem(.invalid, "such a path is always answered 400")
        }
        let host = head.slice(Int(request.host.start), Int(request.host.length))
        let query = head.slice(Int(request.query.start), Int(request.query.length))
        let method = head.slice(Int(request.methodRange.start), Int(request.methodRange.length))
        var matcher = RouteMatcher()
        var value: DocumentValue = [
            "method": .string(method.text), "host": .string(host.text),
            "path": .string(String(decoding: canonical, as: UTF8.self)),
        ]
        let hit = withWindow(canonical) { path in
            view.match(
                host: host,
                path: path,
                method: method,
                head: head,
                fields: fields,
                query: query,
                matcher: &matcher
            )
        }
        let tenant = try self.tenant(order, view, host, canonical, head, fields)
        value.set("tenant", .optional(tenant.name))
        value.set("tenantFrom", .string(tenant.from))
        guard let hit else {
            self.addUnrouted(&value, view, tenant)
            return value
        }
        withWindow(canonical) { path in
            self.add(
                hit,
                order,
                Message(
                    request: request,
                    head: head,
                    method: method,
                    path: path,
                    query: query
                ),
                tenant,
                fields,
                &value
            )
        }
        return value
    }

    /// The canonical path, or `nil` when it has none.
    private static func canonical(_ raw: ByteWindow) -> [UInt8]? {
        var pool = BlockPool(capacity: 1)
        guard let block = pool.take() else { return nil }
        var writer = pool.writer(block, from: 0)
        switch canonicalPath(raw, into: &writer).form {
        case .refused: return nil
        case .unchanged: return raw.array
        case .rewritten: return pool.window(block, 0, writer.position).array
        }
    }

    // MARK: Tenant

    /// Who the request belongs to, and how that is known.
    private struct Finding {
        var number: UInt32 = 0
        var name: String?
        var from = "nothing"
        var isConflict = false
    }

    private func tenant(
        _ order: ExplainOrder,
        _ view: SnapshotView,
        _ host: ByteWindow,
        _ path: [UInt8],
        _ head: ByteWindow,
        _ fields: borrowing FieldTable
    ) throws(AdminProblem) -> Finding {
        var finding = Finding()
        if let given = order.tenant {
            let number = withWindow(Array(given.utf8)) { view.tenant(word: $0) }
            guard let number else {
                throw AdminProblem(.nothingMatched, "no document defines the tenant \(given)")
            }
            return Finding(
                number: number,
                name: view.tenantID(number).text,
                from: "given",
                isConflict: false
            )
        }
        for index in 0..<view.tenantSourceCount(listener: 0) {
            let source = view.tenantSource(listener: 0, index)
            let found: (number: UInt32?, from: String)
            switch source.kind {
            case .host: found = (view.tenant(host: host), "host")
            case .pathSegment:
                let segments = path.split(separator: 0x2f, omittingEmptySubsequences: false)
                let at = Int(source.segment) + 1
                guard at < segments.count else { continue }
                found = (
                    withWindow(Array(segments[at])) { view.tenant(word: $0) }, "path segment"
                )
            case .trustedHeader:
                // Who asks here is no trusted peer; --tenant says what such a peer would say.
                continue
            }
            guard let number = found.number else { continue }
            if finding.name != nil, finding.number != number { finding.isConflict = true }
            finding.number = number
            finding.name = view.tenantID(number).text
            finding.from = found.from
        }
        return finding
    }

    // MARK: Answer

    private func addUnrouted(_ value: inout DocumentValue, _ view: SnapshotView, _ tenant: Finding)
    {
        value.set("route", .null)
        value.set("reason", .string("\(DecisionReason.noRoute.word)"))
        if tenant.isConflict {
            value.set("answer", "banyan: 403 TENANT_CONFLICT")
        } else if let upstream = view.defaultUpstream(listener: 0) {
            let name = view.window(view.upstream(upstream).name).text
            value.set("answer", .string("the listener's default upstream \(name)"))
            value.set("upstream", .string(name))
        } else {
            value.set("answer", "banyan: 404 NO_ROUTE")
        }
    }

    /// The parts of a request that deciding and forwarding read.
    private struct Message {
        var request: RequestHead
        var head: ByteWindow
        var method: ByteWindow
        var path: ByteWindow
        var query: ByteWindow
    }

    private func add(
        _ hit: RouteHit,
        _ order: ExplainOrder,
        _ message: Message,
        _ tenant: Finding,
        _ fields: borrowing FieldTable,
        _ value: inout DocumentValue
    ) {
        let view = self.edge.snapshot.view
        let record = view.route(hit.route)
        let name = view.window(record.name).text
        let label = view.window(view.pathLabel(hit)).text
        guard let model = self.edge.files.set.routes.first(where: { $0.name == name }) else {
            return
        }
        let source = model.matches.first { $0.path == label }?.source ?? model.source
        value.set(
            "route",
            [
                "name": .string(name), "match": .string(label),
                "isRedirectTarget": .bool(hit.isRedirectTarget), "file": .string(source.file),
                "line": .integer(source.position.line),
            ]
        )
        value.set("migration", .string(model.migration))
        self.addFlag(model, tenant, &value)
        var input = DecisionInput()
        input.isTenantConflict = tenant.isConflict
        input.isTenantMissing = record.isTenantRequired && tenant.name == nil
        input.isSafe = view.isSafe(
            route: hit.route,
            methodIsSafe: message.request.method.isSafe,
            method: message.method,
            path: message.path
        )
        self.addStanding(record, model, tenant, &input, &value)
        input.earlierStage = record.earlierStage(input.standing.stage)
        input.data = record.data
        input.hasLegacy = record.legacyUpstream != .max
        input.isDiverged = self.isDiverged(
            CellName(tenant: tenant.name ?? "*", migration: model.migration)
        )
        input.isRedirectTarget = hit.isRedirectTarget
        input.entitlement = view.entitlement(route: hit.route, tenant: tenant.number)
        input.entitlementScope = record.entitlementScope
        input.isSampled = record.samplePermyriad > 0
        self.addUser(order, model, record, message, fields, &input, &value)
        let decision = Decision.decide(input)
        value.set("isSafe", .bool(input.isSafe))
        value.set("stage", .string(decision.stage.name))
        value.set("reason", .string("\(decision.reason.word)"))
        value.set("makesCopy", .bool(decision.makesCopy))
        value.set("mayBeRescued", .bool(decision.mayBeRescued))
        self.addAnswer(decision, hit, model, message, &value)
    }

    private func addFlag(_ model: RouteModel, _ tenant: Finding, _ value: inout DocumentValue) {
        let cell = CellName(tenant: tenant.name ?? "*", migration: model.migration)
        let says = self.edge.resolved.resolution(cell)
        var flag: DocumentValue = [
            "key": .string(model.migration), "says": .optional(says?.stage?.name),
            "rule": .string(
                says?.stage == nil
                    ? "unreadable"
                    : says?.isLastKnown == true
                        ? "last known" : says?.isTargeted == true ? "targeting" : "default"
            ),
        ]
        if let source = self.edge.files.flags.flag(model.migration)?.source {
            flag.set("file", .string(source.file))
            flag.set("line", .integer(source.position.line))
        }
        value.set("flag", flag)
    }

    private func addStanding(
        _ record: RouteRecord,
        _ model: RouteModel,
        _ tenant: Finding,
        _ input: inout DecisionInput,
        _ value: inout DocumentValue
    ) {
        let everyone = self.stored(CellName(tenant: "*", migration: model.migration))
        let own = tenant.name.map { self.stored(CellName(tenant: $0, migration: model.migration)) }
        input.isFrozen = everyone.isFrozen || own?.isFrozen ?? false
        var generation = max(everyone.generation, own?.generation ?? 0)
        var word = "cell"
        if let standing = own?.standing {
            input.standing = standing
            input.source = .cell
            generation = own?.generation ?? 0
        } else if let standing = everyone.standing {
            input.standing = standing
            input.source = .migration
            generation = everyone.generation
            word = "*/\(model.migration)"
        } else {
            let flag = self.edge.snapshot.view.stageDefault(
                migration: record.migration,
                tenant: tenant.number
            )
            input.standing = Standing(flag.stage)
            input.source = flag.source
            word = "flag"
        }
        value.set(
            "standing",
            [
                "stage": .string(input.standing.stage.name),
                "share": .string(input.standing.share.text), "source": .string(word),
                "generation": .integer(generation), "isFrozen": .bool(input.isFrozen),
            ]
        )
    }

    /// The user's bucket: `--user`, else the cookie or header that the route names.
    private func addUser(
        _ order: ExplainOrder,
        _ model: RouteModel,
        _ record: RouteRecord,
        _ message: Message,
        _ fields: borrowing FieldTable,
        _ input: inout DecisionInput,
        _ value: inout DocumentValue
    ) {
        guard let key = model.user else { return }
        var user = order.user
        for index in 0..<fields.count where user == nil {
            let name = message.head.slice(
                Int(fields[index].nameStart),
                Int(fields[index].nameLength)
            ).text.lowercased()
            let text = message.head.slice(
                Int(fields[index].valueStart),
                Int(fields[index].valueLength)
            ).text
            switch key {
            case .header(let header) where header.lowercased() == name: user = text
            case .cookie(let cookie) where name == "cookie":
                user =
                    text.split(separator: ";").map { $0.drop { $0 == " " } }
                    .first { $0.hasPrefix(cookie + "=") }.map {
                        String($0.dropFirst(cookie.count + 1))
                    }
            default: continue
            }
        }
        guard let user, !user.isEmpty else { return }
        let view = self.edge.snapshot.view
        let tenant = self.numbers.tenants.known(value["tenant"]?.text ?? "*") ?? 0
        let bucket = withWindow(Array(user.utf8)) {
            userBucket(
                flagKey: view.migrationName(record.migration),
                tenant: view.tenantID(tenant),
                user: $0
            )
        }
        input.hasUser = true
        if input.standing.share < .all { input.userBucket = bucket }
        value.set("bucket", .integer(bucket))
    }

    /// Who answers what.
    private func addAnswer(
        _ decision: Decision,
        _ hit: RouteHit,
        _ model: RouteModel,
        _ message: Message,
        _ value: inout DocumentValue
    ) {
        switch decision.outcome {
        case .forward:
            let side = decision.origin == .legacy ? model.legacy : model.modern
            let upstream = side?.upstream ?? ""
            value.set("origin", .string("\(decision.origin.word)"))
            value.set("upstream", .string(upstream))
            value.set("sends", .string(self.sentTarget(decision.origin, hit, message)))
            value.set("answer", .string("\(decision.origin.word) (\(upstream))"))
        case .redirect:
            value.set("sends", .string(self.location(hit, message)))
            value.set("answer", .string("banyan: \(model.redirect?.status ?? 307) redirect"))
        case .gone: value.set("answer", "banyan: 410 GONE")
        case .tenantConflict: value.set("answer", "banyan: 403 TENANT_CONFLICT")
        case .tenantRequired: value.set("answer", "banyan: 403 TENANT_REQUIRED")
        case .frozen: value.set("answer", "banyan: 503 FROZEN")
        case .notLicensed: value.set("answer", "banyan: 403 MODULE_NOT_LICENSED")
        case .unknownStanding: value.set("answer", "banyan: 503 UNKNOWN_STANDING")
        }
    }

    private func sentTarget(_ origin: Origin, _ hit: RouteHit, _ message: Message) -> String {
        let view = self.edge.snapshot.view
        var pool = BlockPool(capacity: 1)
        guard let block = pool.take() else { return "" }
        var writer = pool.writer(block, from: 0)
        view.writeUpstreamPath(hit, origin: origin, path: message.path, into: &writer)
        view.writeUpstreamQuery(
            hit,
            origin: origin,
            query: message.query,
            hasQuery: message.request.hasQuery,
            into: &writer
        )
        return pool.window(block, 0, writer.position).text
    }

    private func location(_ hit: RouteHit, _ message: Message) -> String {
        var pool = BlockPool(capacity: 1)
        guard let block = pool.take() else { return "" }
        var writer = pool.writer(block, from: 0)
        self.edge.snapshot.view.writeRedirectTarget(hit, path: message.path, into: &writer)
        if message.request.hasQuery {
            writer.append(0x3f)
            writer.append(message.query)
        }
        return pool.window(block, 0, writer.position).text
    }
}
