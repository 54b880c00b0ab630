// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
public import Kernel

/// The admin API: HTTP and JSON over ``EdgeOperations`` (design.md 10).
///
/// Reading is for whoever may connect to the socket. Changing is for root and for the edge's own
/// user, as the kernel names the peer; nobody on TCP may change anything.
public struct AdminAPI: Sendable {
    let edge: any EdgeOperations
    private let ownUser: UInt32

    /// An API over an edge; `ownUser` may change things besides root.
    public init(edge: any EdgeOperations, ownUser: UInt32 = effectiveUser()) {
        self.edge = edge
        self.ownUser = ownUser
    }

    /// One path of the API with its methods.
    struct Route {
        typealias Responder =
            @Sendable (AdminAPI, AdminCall) throws(AdminProblem) -> ControlResponse

        /// Segments behind `/admin/v1`; `{id}` binds one.
        var path: [String]
        var method: String
        /// Whether it changes something.
        var isChange: Bool
        var respond: Responder

        /// A path that answers in a form of its own.
        init(path: [String], method: String, isChange: Bool, respond: @escaping Responder) {
            self.path = path
            self.method = method
            self.isChange = isChange
            self.respond = respond
        }

        /// A path that answers with a document.
        init(
            path: [String],
            method: String,
            isChange: Bool,
            handler: @escaping @Sendable (AdminAPI, AdminCall) throws(AdminProblem) -> DocumentValue
        ) {
            self.init(path: path, method: method, isChange: isChange) {
                api,
                call throws(AdminProblem) in
                .json(try handler(api, call).json)
            }
        }
    }

    /// Every path; the OpenAPI document is tested against this table.
    static let routes: [Route] = actRoutes + parityRoutes

    private static let actRoutes: [Route] = [
        Route(path: ["status"], method: "GET", isChange: false) { api, call throws(AdminProblem) in
            try api.edge.status(
                cells: call.request.query["cell"],
                includesUntouched: call.request.query["all"] == "1"
            ).document
        },
        Route(path: ["explain"], method: "POST", isChange: false) {
            api,
            call throws(AdminProblem) in
            try api.edge.explain(try call.explainOrder())
        },
        Route(path: ["flip"], method: "POST", isChange: true) { api, call throws(AdminProblem) in
            try api.edge.flip(try call.flipOrder()).document
        },
        Route(path: ["rollback"], method: "POST", isChange: true) {
            api,
            call throws(AdminProblem) in
            try api.edge.rollback(try call.cellOrder()).document
        },
        Route(path: ["freeze"], method: "POST", isChange: true) { api, call throws(AdminProblem) in
            try api.edge.freeze(try call.cellOrder(), isFrozen: true).document
        },
        Route(path: ["unfreeze"], method: "POST", isChange: true) {
            api,
            call throws(AdminProblem) in
            try api.edge.freeze(try call.cellOrder(), isFrozen: false).document
        },
        Route(path: ["tenants"], method: "GET", isChange: false) { api, _ throws(AdminProblem) in
            try api.edge.tenants()
        },
        Route(path: ["tenants"], method: "POST", isChange: true) {
            api,
            call throws(AdminProblem) in
            try api.edge.addTenant(try call.tenantOrder())
        },
        Route(path: ["tenants", "{id}"], method: "DELETE", isChange: true) {
            api,
            call throws(AdminProblem) in
            try api.edge.removeTenant(
                id: call.bound,
                reason: call.request.query["reason"],
                actor: call.actor
            )
        },
        Route(path: ["audit"], method: "GET", isChange: false) { api, call throws(AdminProblem) in
            let lines = Int(call.request.query["lines"] ?? "20") ?? 0
            guard (1...1_000).contains(lines) else {
                throw AdminProblem(.invalid, "lines is a number from 1 to 1000")
            }
            return try api.edge.auditTail(lines: lines)
        },
        Route(path: ["audit", "verify"], method: "GET", isChange: false) {
            api,
            _ throws(AdminProblem) in
            try api.edge.auditVerify()
        },
        Route(path: ["workers"], method: "GET", isChange: false) { api, _ throws(AdminProblem) in
            try api.edge.workers()
        },
        Route(path: ["parity", "reads"], method: "POST", isChange: true) {
            api,
            call throws(AdminProblem) in
            try api.edge.syntheticRead(try call.syntheticReadOrder())
        },
        Route(path: ["parity", "probes"], method: "GET", isChange: false) {
            api,
            call throws(AdminProblem) in
            try api.edge.probes(try call.probeQuery())
        },
        Route(path: ["parity", "grants"], method: "GET", isChange: false) {
            api,
            _ throws(AdminProblem) in
            try api.edge.sampleGrants()
        },
        Route(path: ["parity", "grants"], method: "POST", isChange: true) {
            api,
            call throws(AdminProblem) in
            try api.edge.grantSamples(try call.grantOrder())
        },
        Route(path: ["parity", "grants", "{id}"], method: "DELETE", isChange: true) {
            api,
            call throws(AdminProblem) in
            try api.edge.revokeGrant(id: call.bound, actor: call.actor)
        },
        Route(path: ["parity", "shred"], method: "POST", isChange: true) {
            api,
            call throws(AdminProblem) in
            try api.edge.shredFingerprints(try call.shredOrder())
        },
        Route(path: ["reload"], method: "POST", isChange: true) { api, call throws(AdminProblem) in
            try api.edge.reload(actor: call.actor)
        },
    ]

    /// Answers one request.
    public func answer(_ request: ControlRequest) -> ControlResponse {
        do throws(AdminProblem) {
            return try self.dispatch(request)
        } catch {
            return error.response
        }
    }

    private func dispatch(_ request: ControlRequest) throws(AdminProblem) -> ControlResponse {
        let segments = request.segments
        guard segments.starts(with: ["admin", "v1"]) else {
            throw AdminProblem(
                .notFound,
                "no such path",
                hint: "see /admin/v1/openapi.json"
            )
        }
        let rest = Array(segments.dropFirst(2))
        if rest == ["openapi.json"], request.method == "GET" {
            return .json(adminOpenAPI)
        }
        let there = AdminAPI.routes.filter { AdminAPI.matches($0.path, rest) }
        guard !there.isEmpty else {
            throw AdminProblem(.notFound, "no such path", hint: "see /admin/v1/openapi.json")
        }
        guard let route = there.first(where: { $0.method == request.method }) else {
            let methods = there.map(\.method).joined(separator: ", ")
            throw AdminProblem(.methodNotAllowed, "this path takes \(methods)")
        }
        let call = AdminCall(
            request: request,
            bound: route.path.firstIndex(of: "{id}").map { rest[$0] } ?? "",
            actor: AdminAPI.actor(of: request.peer)
        )
        if route.isChange { try self.permit(request.peer) }
        return try route.respond(self, call)
    }

    private static func matches(_ path: [String], _ segments: [String]) -> Bool {
        path.count == segments.count
            && zip(path, segments).allSatisfy { $0 == $1 || $0 == "{id}" }
    }

    private func permit(_ peer: ControlPeer) throws(AdminProblem) {
        if case .local(let user, _) = peer, user == 0 || user == self.ownUser { return }
        let owner = userName(of: self.ownUser) ?? "uid \(self.ownUser)"
        throw AdminProblem(
            .notPermitted,
            "\(AdminAPI.actor(of: peer)) may look, but not change anything here",
            hint: "only root and \(owner), the edge's own user, may"
        )
    }

    /// The name that the audit gets: the kernel's word, never the caller's.
    static func actor(of peer: ControlPeer) -> String {
        switch peer {
        case .local(let user, _): userName(of: user) ?? "uid \(user)"
        case .address(let address): address
        }
    }
}

/// A request to one route of the admin API, and who sent it.
struct AdminCall {
    var request: ControlRequest
    /// What `{id}` stands for.
    var bound: String
    var actor: String

    func flipOrder() throws(AdminProblem) -> FlipOrder {
        let body = try self.body([
            "cells", "to", "resume", "reason", "confirm", "ifGeneration",
        ])
        let resume = body["resume"]?.bool ?? false
        let to = body["to"]?.text
        guard resume != (to != nil) else {
            throw AdminProblem(.invalid, "a flip has either \"to\" or \"resume\": true")
        }
        var order = FlipOrder(cells: try self.text("cells", of: body), to: to, actor: self.actor)
        order.isResume = resume
        order.reason = try self.reason(of: body)
        order.confirmation = body["confirm"]?.text
        if let node = body["ifGeneration"] {
            guard let number = node.integer, number >= 0 else {
                throw AdminProblem(.invalid, "\"ifGeneration\" is a number")
            }
            order.ifGeneration = UInt64(number)
        }
        return order
    }

    func cellOrder() throws(AdminProblem) -> CellOrder {
        let body = try self.body(["cells", "to", "reason"])
        var order = CellOrder(cells: try self.text("cells", of: body), actor: self.actor)
        order.to = body["to"]?.text
        order.reason = try self.reason(of: body)
        return order
    }

    func tenantOrder() throws(AdminProblem) -> TenantOrder {
        let body = try self.body(["id", "hosts", "aliases", "labels", "reason"])
        var order = TenantOrder(id: try self.text("id", of: body), actor: self.actor)
        order.hosts = try self.texts("hosts", of: body)
        order.aliases = try self.texts("aliases", of: body)
        for member in body["labels"]?.members ?? [] {
            guard let value = member.node.text else {
                throw AdminProblem(.invalid, "labels are texts")
            }
            order.labels[member.key] = value
        }
        order.reason = try self.reason(of: body)
        return order
    }

    func explainOrder() throws(AdminProblem) -> ExplainOrder {
        try self.explainOrder(
            try self.body(["method", "url", "tenant", "user", "certificate", "headers"])
        )
    }

    func explainOrder(_ body: DocumentNode) throws(AdminProblem) -> ExplainOrder {
        var order = ExplainOrder(
            method: try self.text("method", of: body),
            url: try self.text("url", of: body)
        )
        order.tenant = body["tenant"]?.text
        order.user = body["user"]?.text
        if let names = body["certificate"] {
            let texts = names.items?.compactMap(\.text) ?? []
            guard let items = names.items, texts.count == items.count,
                texts.reduce(0, { $0 + $1.utf8.count }) <= Limits.tlsClientNamesBytesMax
            else {
                throw AdminProblem(
                    .invalid,
                    "certificate is a list of names, "
                        + "of \(Limits.tlsClientNamesBytesMax) bytes in all at most"
                )
            }
            order.certificate = texts
        }
        for item in body["headers"]?.items ?? [] {
            guard let name = item["name"]?.text, let value = item["value"]?.text else {
                throw AdminProblem(.invalid, "headers are objects with name and value")
            }
            order.headers.append(ControlField(name, value))
        }
        return order
    }

    /// The body as an object of known members.
    func body(_ known: [String]) throws(AdminProblem) -> DocumentNode {
        let node: DocumentNode
        do {
            node = try DocumentNode.parse(json: self.request.body, file: "body")
        } catch {
            throw AdminProblem(.invalid, "the body is no JSON: \(error.message)")
        }
        guard let members = node.members else {
            throw AdminProblem(.invalid, "the body is \(node.value.kind), not an object")
        }
        for member in members where !known.contains(member.key) {
            let near = nearestName(member.key, among: known).map { "did you mean \"\($0)\"?" }
            throw AdminProblem(.invalid, "unknown member \"\(member.key)\"", hint: near)
        }
        return node
    }

    func text(_ key: String, of body: DocumentNode) throws(AdminProblem) -> String {
        guard let text = body[key]?.text, !text.isEmpty else {
            throw AdminProblem(.invalid, "\"\(key)\" is missing, or no text")
        }
        return text
    }

    private func texts(_ key: String, of body: DocumentNode) throws(AdminProblem) -> [String] {
        guard let node = body[key] else { return [] }
        let texts = node.items?.compactMap(\.text) ?? []
        guard let items = node.items, texts.count == items.count else {
            throw AdminProblem(.invalid, "\"\(key)\" is a list of texts")
        }
        return texts
    }

    /// The reason; an empty one is none, and one that fills the audit is refused.
    private func reason(of body: DocumentNode) throws(AdminProblem) -> String? {
        let text = body["reason"]?.text ?? ""
        guard text.utf8.count <= 1_000 else {
            throw AdminProblem(.invalid, "\"reason\" is longer than 1000 bytes")
        }
        return text.isEmpty ? nil : text
    }
}
