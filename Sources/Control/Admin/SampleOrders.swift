// SPDX-License-Identifier: Apache-2.0

import Documents

/// Keys of fingerprints that somebody wants destroyed.
public struct ShredOrder: Hashable, Sendable {
    /// Tenant id; `nil`: all.
    public var tenant: String?
    /// Stage flag key; `nil`: all.
    public var migration: String?
    /// Why.
    public var reason: String
    /// Who.
    public var actor: String

    /// An order from its parts.
    public init(tenant: String?, migration: String?, reason: String, actor: String) {
        self.tenant = tenant
        self.migration = migration
        self.reason = reason
        self.actor = actor
    }
}

extension AdminCall {
    func grantOrder() throws(AdminProblem) -> GrantOrder {
        let body = try self.body([
            "route", "owner", "reason", "quota", "milliseconds", "certificate",
        ])
        return GrantOrder(
            route: try self.text("route", of: body),
            owner: try self.text("owner", of: body),
            reason: try self.text("reason", of: body),
            quota: try self.number("quota", of: body),
            milliseconds: try self.number("milliseconds", of: body),
            certificate: Array(try self.text("certificate", of: body).utf8),
            actor: self.actor
        )
    }

    func shredOrder() throws(AdminProblem) -> ShredOrder {
        let body = try self.body(["tenant", "migration", "reason"])
        return ShredOrder(
            tenant: body["tenant"]?.text,
            migration: body["migration"]?.text,
            reason: try self.text("reason", of: body),
            actor: self.actor
        )
    }

    private func number(_ key: String, of body: DocumentNode) throws(AdminProblem) -> Int {
        guard let number = body[key]?.integer else {
            throw AdminProblem(.invalid, "\(key) is a whole number")
        }
        return number
    }
}
