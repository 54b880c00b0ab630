// SPDX-License-Identifier: Apache-2.0

/// Who and what has been exercised enough.
///
/// A tenant x operation is covered by k comparisons of its own. Where it has fewer, its wave may
/// stand for it: the tenants in question with the same wave label have k together, and the tenant
/// itself was seen at least once in the migration (a tenant never seen may have no working host at
/// all). Tenants without a wave do not pool. What lacks coverage can be read by
/// `banyan parity probe`.
struct Coverage {
    private(set) var tenants: [TenantVerdict] = []
    private(set) var gaps: [CoverageGap] = []
    private(set) var unseenOperations: [ParityOperation] = []
    private(set) var unseenTenants: [String] = []

    private struct Pool: Hashable {
        var wave: String
        var operation: ParityOperation
    }

    init(_ evidence: VerdictEvidence, _ scope: VerdictScope, _ policy: GatePolicy) {
        let needed = max(policy.coverage, 1)
        let operations = evidence.operations.keys.sorted()
        self.unseenOperations = operations.filter {
            evidence.operations[$0]?.comparisons ?? 0 == 0
        }
        var pools: [Pool: UInt64] = [:]
        for (cell, count) in evidence.cells {
            guard let wave = evidence.waves[cell.tenant] else { continue }
            pools[Pool(wave: wave, operation: cell.operation), default: 0] += count
        }
        for tenant in evidence.tenants.keys.sorted() {
            let counts = evidence.tenants[tenant] ?? VerdictCounts()
            let wave = evidence.waves[tenant]
            let isSeen = counts.comparisons > 0
            var row = TenantVerdict(
                tenant: tenant,
                wave: wave ?? "",
                comparisons: counts.comparisons,
                mismatches: counts.failures,
                zeroTolerance: counts.zeroTolerance,
                covered: 0,
                pooled: 0,
                uncovered: 0
            )
            for operation in operations {
                let cell = VerdictEvidence.Cell(tenant: tenant, operation: operation)
                let own = evidence.cells[cell] ?? 0
                let pool = wave.flatMap { pools[Pool(wave: $0, operation: operation)] } ?? 0
                if own >= needed {
                    row.covered += 1
                } else if isSeen && pool >= needed {
                    row.pooled += 1
                } else {
                    row.uncovered += 1
                    self.gaps.append(
                        CoverageGap(
                            tenant: tenant,
                            operation: operation,
                            comparisons: own,
                            missing: needed - own
                        )
                    )
                }
            }
            if !isSeen { self.unseenTenants.append(tenant) }
            self.tenants.append(row)
        }
    }

    /// Comparisons missing over all gaps.
    var missing: UInt64 { self.gaps.reduce(0) { $0 + $1.missing } }

    /// Days until the last gap is closed at its own rate; `nil`: one has no traffic at all.
    func missingDays(_ windowDays: Double) -> Double? {
        var most = 0.0
        for gap in self.gaps {
            guard gap.comparisons > 0 else { return nil }
            most = max(most, Double(gap.missing) / Double(gap.comparisons) * windowDays)
        }
        return most
    }

    func reasons(_ evidence: VerdictEvidence, _ policy: GatePolicy) -> [VerdictReason] {
        // Without any observation "no traffic" says it all.
        guard evidence.all.all > 0 else { return [] }
        var reasons = self.unseenOperations.map {
            VerdictReason(.operationUnseen, "\($0.route) \($0.operation)")
        }
        reasons += self.unseenTenants.map { VerdictReason(.tenantUnseen, $0) }
        if !self.gaps.isEmpty {
            reasons.append(VerdictReason(.coverage, count: UInt64(self.gaps.count)))
        }
        return reasons
    }
}
