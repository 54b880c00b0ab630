// SPDX-License-Identifier: Apache-2.0

import Bytes

/// What of a request `consistentHash` hashes, as the hot path reads it.
public enum HashKeyKind: UInt8, BitwiseCopyable, Sendable {
    /// The tenant.
    case tenant
    /// A header's value.
    case header
    /// A cookie's value.
    case cookie
}

/// ``UpstreamPolicyModel`` as the hot path reads it.
public struct UpstreamPolicyRecord: BitwiseCopyable, Sendable {
    /// How endpoints are chosen.
    public var balance = BalancePolicy.roundRobin
    /// What is hashed.
    public var hashKind = HashKeyKind.tenant
    /// Failures in a row that eject; 0: never.
    public var ejectionFailures: UInt8 = 0
    /// Attempts in all.
    public var attempts: UInt8 = 1
    /// See ``RetryModel/repeatsAtSameEndpoint``.
    public var repeatsAtSameEndpoint = false
    /// Set-Cookie is looked at.
    public var rewritesCookies = false
    /// Name of the header (lower case) or cookie that is hashed.
    public var hashName = FlatText()
    /// Entries of ``HashTable``.
    public var hashTable = FlatRun()
    /// See ``PassiveHealthModel``.
    public var ejectForMilliseconds: UInt32 = 0
    /// See ``PassiveHealthModel``.
    public var ejectedAtMostPermyriad: UInt32 = 0
    /// 0: no slow start.
    public var slowStartMilliseconds: UInt32 = 0
    /// Exchanges of one worker that wait for one endpoint.
    public var pendingMax: UInt32 = 0
    /// See ``BreakerModel``.
    public var breakerConnectionsMax: UInt32 = 0
    /// See ``BreakerModel``.
    public var breakerPendingMax: UInt32 = 0
    /// See ``BreakerModel``.
    public var breakerRequestsMax: UInt32 = 0
    /// See ``RetryModel``.
    public var retryBudgetPermyriad: UInt32 = 0
    /// See ``RetryModel``.
    public var retryBudgetFloor: UInt32 = 0
    /// 0: as long as the route allows.
    public var perTryMilliseconds: UInt32 = 0
    /// Pairs of texts: the origin's domain, the client's.
    public var cookieDomains = FlatRun()
    /// Pairs of texts: the origin's prefix, the client's.
    public var cookiePaths = FlatRun()

    /// An empty record.
    public init() {}
}

extension SnapshotCompiler {
    /// Compiles an upstream's policy; the table of `consistentHash` is built here.
    mutating func policy(_ model: UpstreamModel, names: [String]) -> UpstreamPolicyRecord {
        let policy = model.policy
        var record = UpstreamPolicyRecord()
        record.balance = policy.balance
        if policy.balance == .consistentHash {
            switch policy.hashKey {
            case .tenant: break
            case .header(let name):
                record.hashKind = .header
                record.hashName = self.text(name.lowercased())
            case .cookie(let name):
                record.hashKind = .cookie
                record.hashName = self.text(name)
            }
            record.hashTable = self.run(HashTable.build(names))
        }
        record.ejectionFailures = UInt8(min(policy.passive.failures, 255))
        record.ejectForMilliseconds = UInt32(policy.passive.ejectForMilliseconds)
        record.ejectedAtMostPermyriad = UInt32(policy.passive.ejectedAtMostPermyriad)
        record.slowStartMilliseconds = UInt32(policy.slowStartMilliseconds)
        record.pendingMax = UInt32(policy.pendingMax)
        record.breakerConnectionsMax = UInt32(policy.breaker.connectionsMax)
        record.breakerPendingMax = UInt32(policy.breaker.pendingMax)
        record.breakerRequestsMax = UInt32(policy.breaker.requestsMax)
        record.attempts = UInt8(min(policy.retry.attempts, 255))
        record.repeatsAtSameEndpoint = policy.retry.repeatsAtSameEndpoint
        record.retryBudgetPermyriad = UInt32(policy.retry.budgetPermyriad)
        record.retryBudgetFloor = UInt32(policy.retry.budgetFloor)
        record.perTryMilliseconds = UInt32(policy.retry.perTryMilliseconds)
        record.rewritesCookies = !policy.cookies.isEmpty
        record.cookieDomains = self.cookieRules(policy.cookies.domains, arePaths: false)
        record.cookiePaths = self.cookieRules(policy.cookies.paths, arePaths: true)
        return record
    }
}
