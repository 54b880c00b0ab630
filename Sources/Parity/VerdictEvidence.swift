// SPDX-License-Identifier: Apache-2.0

/// A snapshot's rows of the tenants in question, summed in the ways a verdict looks at them.
struct VerdictEvidence {
    /// Latencies of one route.
    struct Latencies {
        var legacy = ParityHistogram()
        var modern = ParityHistogram()
    }

    /// A tenant x operation.
    struct Cell: Hashable {
        var tenant: String
        var operation: ParityOperation
    }

    private(set) var all = VerdictCounts()
    /// Routes that were seen or are expected.
    private(set) var routes: [String: VerdictCounts] = [:]
    private(set) var latencies: [String: Latencies] = [:]
    /// Tenants in question, seen or not.
    private(set) var tenants: [String: VerdictCounts] = [:]
    /// Operations that were seen or are expected.
    private(set) var operations: [ParityOperation: VerdictCounts] = [:]
    /// Comparisons by tenant x operation.
    private(set) var cells: [Cell: UInt64] = [:]
    /// Waves of tenants that have one.
    private(set) var waves: [String: String] = [:]
    /// Days from the first observation to now, at least a minute; 0: nothing observed.
    private(set) var windowDays = 0.0
    private let startUnixMilliseconds: Int64

    init(_ snapshot: ParitySnapshot, _ scope: VerdictScope) {
        self.startUnixMilliseconds = snapshot.epoch.startUnixMilliseconds
        let wanted = Set(scope.tenants)
        for tenant in scope.tenants { self.tenants[tenant] = VerdictCounts() }
        for operation in scope.expectedOperations {
            self.routes[operation.route] = VerdictCounts()
            self.operations[operation] = VerdictCounts()
        }
        for (tenant, wave) in scope.waves where !wave.isEmpty { self.waves[tenant] = wave }
        for row in snapshot.totals where wanted.isEmpty || wanted.contains(row.tenant) {
            self.add(row)
        }
        if self.all.first <= self.all.last {
            let end = max(Double(scope.nowUnixMilliseconds), Double(self.all.last))
            self.windowDays = max(end - Double(self.all.first), 60_000) / 86_400_000
        }
    }

    private mutating func add(_ row: ParityTotals) {
        let operation = ParityOperation(route: row.route, operation: row.operation)
        self.all.add(row)
        if !row.route.isEmpty { self.routes[row.route, default: VerdictCounts()].add(row) }
        // Of some only the number is known: no operation, and nobody's coverage.
        guard !row.operation.isEmpty else { return }
        self.tenants[row.tenant, default: VerdictCounts()].add(row)
        self.operations[operation, default: VerdictCounts()].add(row)
        self.latencies[row.route, default: Latencies()].legacy.merge(row.legacyLatency)
        self.latencies[row.route, default: Latencies()].modern.merge(row.modernLatency)
        if !row.wave.isEmpty { self.waves[row.tenant] = row.wave }
        var one = VerdictCounts()
        one.add(row)
        self.cells[Cell(tenant: row.tenant, operation: operation), default: 0] += one.comparisons
    }

    /// Days until the epoch has lasted long enough; 0: it has.
    func youthDays(_ policy: GatePolicy) -> Double {
        let last = self.all.first <= self.all.last ? self.all.last : self.startUnixMilliseconds
        let lasted = Double(last) - Double(self.startUnixMilliseconds)
        return max(0, Double(policy.stableForMilliseconds) - lasted) / 86_400_000
    }
}
