// SPDX-License-Identifier: Apache-2.0

public import Documents
import Migration
import Store

/// Body samples and fingerprints: what may be kept of a record, and how it is destroyed.
extension ControlPlane {
    /// Grants that are open.
    public func sampleGrants() throws(AdminProblem) -> DocumentValue {
        ["grants": .list(try self.observing().grants.open.map(\.document))]
    }

    /// Gives leave to keep bodies; refused beyond its bounds.
    public func grantSamples(_ order: GrantOrder) throws(AdminProblem) -> DocumentValue {
        let routes = try self.current().files.set.routes.map(\.name)
        let grants = try self.observing().grants
        do throws(ParityLedgerError) {
            return try grants.give(order, routes: routes).document
        } catch {
            throw AdminProblem(.invalid, error.text)
        }
    }

    /// Ends a grant.
    public func revokeGrant(
        id: String,
        actor: String
    ) throws(AdminProblem) -> DocumentValue {
        guard try self.observing().grants.revoke(id: id, actor: actor) else {
            throw AdminProblem(.nothingMatched, "no grant \"\(id)\" is open")
        }
        return ["id": .string(id)]
    }

    /// Destroys keys of fingerprints, and tells the audit.
    public func shredFingerprints(_ order: ShredOrder) throws(AdminProblem) -> DocumentValue {
        let count: Int
        let ledger = try self.observing().ledger
        do {
            count = try ledger.shred(
                tenant: order.tenant,
                migration: order.migration
            )
        } catch {
            throw AdminProblem(.storeUnavailable, "the key file cannot be replaced: \(error)")
        }
        let what = [order.tenant ?? "*", order.migration ?? "*"].joined(separator: "/")
        self.standings.recordNote(
            .keysShredded,
            ActOrder(actor: order.actor, reason: "\(what), \(count) keys: \(order.reason)")
        )
        return ["keys": .integer(count)]
    }

    /// The edge's parity.
    ///
    /// - Throws: when nothing is observed here.
    func observing() throws(AdminProblem) -> ParityPlane {
        guard let parity = self.parity else {
            throw AdminProblem(
                .unavailable,
                "this edge observes nothing",
                hint: "see its first lines"
            )
        }
        return parity
    }
}
