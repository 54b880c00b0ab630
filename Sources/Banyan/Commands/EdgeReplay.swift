// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// Has the running edge make the reads of a replay: it knows the rules, the keys and the ids seen
/// so far, and it counts where live traffic is counted.
struct EdgeReplay: ReplayAsker {
    private let edge: EdgeAccess

    init(_ edge: EdgeAccess) { self.edge = edge }

    var remembersRows: Bool { true }

    func ask(
        _ order: SyntheticOrder,
        row: Int,
        run: String,
        isDry: Bool,
        lane: Int
    ) throws(ReplayUnreachable) -> SyntheticResult {
        let request = order.request
        var body: DocumentValue = [
            "run": .string(run), "row": .integer(row), "method": .string(request.method),
            "url": .string(request.url), "isPattern": .bool(order.needsWholePath),
            "isDry": .bool(isDry),
            "headers": .list(
                request.headers.map { ["name": .string($0.name), "value": .string($0.value)] }
            ),
        ]
        if let tenant = request.tenant { body.set("tenant", .string(tenant)) }
        if let user = request.user { body.set("user", .string(user)) }
        return try EdgeReplay.read(self.edge, body)
    }

    /// The edge keeps what it has counted.
    func settle() throws(ReplayUnreachable) {}

    /// Orders one read.
    static func read(
        _ edge: EdgeAccess,
        _ body: DocumentValue
    ) throws(ReplayUnreachable) -> SyntheticResult {
        let document: DocumentNode
        do throws(CommandFailure) {
            document = try edge.post("/parity/reads", body)
        } catch {
            // An edge that is away or busy may be back soon; one that refuses will not change.
            throw ReplayUnreachable(error.message, isFinal: error.code != .unreachable)
        }
        guard let result = SyntheticResult(document: document) else {
            throw ReplayUnreachable("the edge's answer is no result of a read", isFinal: true)
        }
        if result.refusal == .notObserving {
            throw ReplayUnreachable(SyntheticRefusal.notObserving.meaning, isFinal: true)
        }
        return result
    }
}
