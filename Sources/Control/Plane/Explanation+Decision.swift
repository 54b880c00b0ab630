// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration
import Wire

extension Explanation {
    func addUnrouted(_ value: inout DocumentValue, _ view: SnapshotView, _ tenant: Finding) {
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
    struct Message {
        var request: RequestHead
        var head: ByteWindow
        var method: ByteWindow
        var path: ByteWindow
        var query: ByteWindow
    }

    func add(
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
