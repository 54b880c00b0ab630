// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Documents
public import Store

/// Leave to keep bodies of mismatches of one route, for a while, for one reader.
///
/// Nothing is kept without one: bodies hold patient data (compliance.md (i) 2).
public struct SampleGrant: Hashable, Sendable {
    /// `g` and a number that is never given twice.
    public var id: String
    /// Route name.
    public var route: String
    /// Who answers for the samples.
    public var owner: String
    /// What they are needed for.
    public var reason: String
    /// Samples that may still be written.
    public var left: Int
    /// Samples that could not be written (a full disk); they do not count.
    public var failed = 0
    /// ms since 1970 when it ends.
    public var expiresUnixMilliseconds: Int64
    /// Who can open them.
    public var recipient: SealRecipient

    /// As the API shows it: without the certificate, whose fingerprint tells enough.
    public var document: DocumentValue {
        [
            "id": .string(self.id), "route": .string(self.route), "owner": .string(self.owner),
            "reason": .string(self.reason), "left": .integer(self.left),
            "failed": .integer(self.failed),
            "expires": .integer(self.expiresUnixMilliseconds),
            "certificate": .string(self.recipient.fingerprint),
        ]
    }
}

/// A grant as somebody asks for it.
public struct GrantOrder: Hashable, Sendable {
    /// Route name.
    public var route: String
    /// Who answers for the samples.
    public var owner: String
    /// What they are needed for.
    public var reason: String
    /// Samples at most.
    public var quota: Int
    /// How long it lasts.
    public var milliseconds: Int
    /// Certificate of whoever may read them, PEM.
    public var certificate: [UInt8]
    /// Who asks.
    public var actor: String

    /// An order from its parts.
    public init(
        route: String,
        owner: String,
        reason: String,
        quota: Int,
        milliseconds: Int,
        certificate: [UInt8],
        actor: String
    ) {
        self.route = route
        self.owner = owner
        self.reason = reason
        self.quota = quota
        self.milliseconds = milliseconds
        self.certificate = certificate
        self.actor = actor
    }

    /// Why the order is refused, for people; `nil`: it may be granted.
    func problem(routes: [String]) -> String? {
        if !routes.contains(self.route) { return "there is no route \"\(self.route)\"" }
        if self.owner.isEmpty || self.reason.isEmpty {
            return "a grant names an owner and a reason"
        }
        guard (1...Limits.grantSamplesMax).contains(self.quota) else {
            return "the quota is from 1 to \(Limits.grantSamplesMax) samples"
        }
        guard (1...Limits.grantMillisecondsMax).contains(self.milliseconds) else {
            return "a grant lasts at most 72 hours"
        }
        return nil
    }
}
