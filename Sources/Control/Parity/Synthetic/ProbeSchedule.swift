// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Parity
import Synchronization

/// One read of a probe: its route, tenant and combination of variables.
struct ProbeRead: Hashable, Sendable {
    var route: String
    var probe: String
    var tenant: String
    var combination: Int
}

/// Every read that a set of files declares, in the order of the files.
struct ProbePlan: Sendable {
    /// At most `Limits.probesMax`.
    private(set) var reads: [ProbeRead] = []
    /// Reads beyond the bound.
    private(set) var leftOut = 0
    private var routes: [String: RouteModel] = [:]
    private var tenants: [String: TenantModel] = [:]

    /// No probes.
    init() {}

    /// The probes of a set; without `listsReads` only for ``order(of:)``.
    init(_ set: RouteSet, listsReads: Bool = true) {
        for tenant in set.tenants { self.tenants[tenant.id] = tenant }
        for route in set.routes where !route.parity.probes.isEmpty {
            self.routes[route.name] = route
            guard listsReads else { continue }
            for probe in route.parity.probes { self.add(probe, route, set.tenants) }
        }
    }

    private mutating func add(_ probe: ProbeModel, _ route: RouteModel, _ tenants: [TenantModel]) {
        for tenant in tenants
        where probe.covers(tenant: tenant.id, wave: tenant.labels["wave"] ?? "") {
            for combination in 0..<probe.combinations {
                guard self.reads.count < Limits.probesMax else {
                    self.leftOut += 1
                    continue
                }
                self.reads.append(
                    ProbeRead(
                        route: route.name,
                        probe: probe.name,
                        tenant: tenant.id,
                        combination: combination
                    )
                )
            }
        }
    }

    /// The migration of a read's route.
    func migration(of read: ProbeRead) -> String { self.routes[read.route]?.migration ?? "" }

    /// The probe of a read.
    func probe(of read: ProbeRead) -> ProbeModel? {
        self.routes[read.route]?.parity.probes.first { $0.name == read.probe }
    }

    /// The request of a read; `nil`: the files do not declare it (any more).
    func order(of read: ProbeRead) -> SyntheticOrder? {
        guard let route = self.routes[read.route], let probe = self.probe(of: read),
            let tenant = self.tenants[read.tenant],
            probe.covers(tenant: tenant.id, wave: tenant.labels["wave"] ?? ""),
            (0..<probe.combinations).contains(read.combination)
        else { return nil }
        let host =
            tenant.hosts.first ?? route.hostnames.first { !$0.hasPrefix("*") } ?? "localhost"
        let target = probe.target(read.combination, tenant: tenant.id)
        var request = ExplainOrder(method: "GET", url: "http://\(host)\(target)")
        request.tenant = tenant.id
        request.headers = probe.headers.map { ControlField($0.name, $0.value) }
        var order = SyntheticOrder(request, source: .probe)
        order.count = probe.count
        order.route = route.name
        return order
    }
}

/// When each read is due: pure, it is told the time and gets its chance from outside.
struct ProbeSchedule {
    private var due: [ProbeRead: UInt64] = [:]
    private var every: [ProbeRead: Int] = [:]

    /// Reads that are scheduled.
    var count: Int { self.due.count }

    /// Takes over a plan: reads that stay keep their time, new ones begin within a minute, spread.
    mutating func adopt(
        _ plan: ProbePlan,
        nowMilliseconds now: UInt64,
        random: (ClosedRange<Int>) -> Int
    ) {
        let earlier = self.due
        self.due = [:]
        self.every = [:]
        for read in plan.reads {
            let pause = plan.probe(of: read)?.everyMilliseconds ?? 3_600_000
            self.every[read] = pause
            let latest = now + UInt64(pause + pause / 10)
            self.due[read] =
                earlier[read].map { min($0, latest) }
                ?? now + UInt64(random(0...min(pause, 60_000)))
        }
    }

    /// The read that is due longest; `nil`: none is.
    func next(nowMilliseconds now: UInt64) -> ProbeRead? {
        var found: (read: ProbeRead, due: UInt64)?
        for (read, due) in self.due where due <= now && due < found?.due ?? .max {
            found = (read, due)
        }
        return found?.read
    }

    /// A read is done: the next is due after its pause, a tenth earlier or later, so that edges and
    /// tenants do not fall into step.
    mutating func finish(
        _ read: ProbeRead,
        nowMilliseconds now: UInt64,
        random: (ClosedRange<Int>) -> Int
    ) {
        guard let pause = self.every[read] else { return }
        self.due[read] = now + UInt64(pause + random(-pause / 10...pause / 10))
    }

    /// When a read is due; milliseconds of the same clock.
    func due(_ read: ProbeRead) -> UInt64? { self.due[read] }
}

/// What became of each probe's last read.
final class ProbeBook: Sendable {
    struct Entry: Hashable, Sendable {
        var result: SyntheticResult
        var unixMilliseconds: UInt64
    }

    private let entries = Mutex<[ProbeRead: Entry]>([:])

    /// The last result of a read.
    func last(_ read: ProbeRead) -> Entry? { self.entries.withLock { $0[read] } }

    /// A read has a result.
    func note(_ read: ProbeRead, _ result: SyntheticResult, unixMilliseconds: UInt64) {
        self.entries.withLock { entries in
            guard entries[read] != nil || entries.count < Limits.probesMax else { return }
            entries[read] = Entry(result: result, unixMilliseconds: unixMilliseconds)
        }
    }

    /// Forgets what the files do not declare any more.
    func keep(_ plan: ProbePlan) {
        let known = Set(plan.reads)
        self.entries.withLock { $0 = $0.filter { known.contains($0.key) } }
    }
}
