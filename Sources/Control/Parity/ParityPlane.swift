// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
public import Migration
import Parity
import Store
import Synchronization

/// Everything about parity in one edge: how each route compares, the service that compares, the
/// ledger that counts.
///
///     files ──▶ adopt ──▶ plans, rule-set hashes
///     workers ──▶ service ──▶ ledger ──▶ reports
public final class ParityPlane: Sendable {
    /// Compares and settles.
    public let service: ParityService
    /// Counts and stores.
    public let ledger: ParityLedger
    /// Leave to keep bodies, and the samples kept under it.
    public let grants: SampleGrants
    private let now: @Sendable () -> UInt64
    private let identities = Mutex<[String: MigrationIdentities]>([:])
    private let withoutSlot = Mutex<[String: UInt64]>([:])
    private let migrations = Mutex<[String: String]>([:])

    /// Opens the ledger in `folder` and starts the threads.
    ///
    /// - Throws: what keeps the ledger's files from being opened, for people.
    public init(folder: String, now: @escaping @Sendable () -> UInt64) throws {
        self.ledger = try ParityLedger(paths: ParityPaths(folder: folder))
        self.grants = SampleGrants(folder: folder + "/samples", now: now)
        self.service = try ParityService(sink: self.ledger, grants: self.grants)
        self.now = now
    }

    /// Compares by these routes from now on; another rule set begins an epoch of its migration.
    ///
    /// To be called before workers route by the set: an observation must find its route.
    public func adopt(_ set: RouteSet) {
        var routes: [String: RouteComparison] = [:]
        var hashes: [String: [String]] = [:]
        var windows: [String: Int] = [:]
        for route in set.routes {
            // Rules that do not compile were refused with the file; a set that was saved by an
            // earlier version may have some: its route is not compared.
            guard let plan = try? ComparisonPlan(route: route) else { continue }
            let box = self.identities(of: route.migration)
            let ledger = self.ledger
            let migration = route.migration
            let now = self.now
            routes[route.name] = RouteComparison(model: route.parity) { exchange in
                // Most answers are equal, and then there is nothing to learn and nobody to wait
                // for.
                if !plan.learnsIdentities, exchange.again.end == .notAsked,
                    exchange.legacy.body == exchange.modern.body
                {
                    var none = IdentityTable(key: DigestKey(first: 0, second: 0), pairsMax: 0)
                    return compareAnswers(
                        exchange,
                        plan: plan,
                        identities: &none,
                        nowUnixSeconds: Int64(now() / 1_000)
                    )
                }
                return box.withTable(epoch: ledger.epochNumber(of: migration)) { table in
                    compareAnswers(
                        exchange,
                        plan: plan,
                        identities: &table,
                        nowUnixSeconds: Int64(now() / 1_000)
                    )
                }
            }
            hashes[migration, default: []].append("\(route.name) \(plan.ruleSetHash)\n")
            windows[route.name] = route.parity.windowMilliseconds
        }
        self.ledger.setWindows(windows)
        for (migration, parts) in hashes {
            let text = parts.sorted().joined()
            self.ledger.setRuleSet(migration: migration, hash: Digest(of: Array(text.utf8)).hex)
        }
        var waves: [String: String] = [:]
        for tenant in set.tenants { waves[tenant.id] = tenant.labels["wave"] }
        self.migrations.withLock { names in
            for route in set.routes { names[route.name] = route.migration }
        }
        self.service.publish(routes, waves: waves)
    }

    /// Takes a route's running total of sampled exchanges that found no slot: what is new is
    /// counted as `unobserved(queue_full)`.
    public func countWithoutSlot(route: String, total: UInt64) {
        let fresh = self.withoutSlot.withLock { known in
            let before = known[route] ?? 0
            known[route] = total
            return total &- before
        }
        guard fresh > 0, let migration = self.migrations.withLock({ $0[route] }) else { return }
        self.ledger.addUnobserved(
            fresh,
            .queueFull,
            migration: migration,
            route: route,
            unixMilliseconds: Int64(self.now())
        )
    }

    /// Ends the threads; what was counted is on disk then.
    ///
    /// `false` when the store did not take it.
    public func stop() -> Bool {
        self.service.stop()
        return self.ledger.stop()
    }

    private func identities(of migration: String) -> MigrationIdentities {
        self.identities.withLock { known in
            if let box = known[migration] { return box }
            let box = MigrationIdentities()
            known[migration] = box
            return box
        }
    }
}

/// One migration's table of ids; each epoch learns anew.
private final class MigrationIdentities: Sendable {
    private let table = Mutex<(epoch: UInt64, table: IdentityTable)>((0, IdentityTable()))

    /// Comparing one migration is one at a time: the table is order-dependent by nature.
    func withTable<Value: Sendable>(
        epoch: UInt64,
        _ body: (inout IdentityTable) -> Value
    ) -> Value {
        self.table.withLock { state in
            if state.epoch != epoch { state = (epoch, IdentityTable()) }
            return body(&state.table)
        }
    }
}
