// SPDX-License-Identifier: Apache-2.0

public import Documents
import Kernel
import Migration
import Parity
import Store

extension ControlPlane {
    /// Replays and probes are compared by `service` from now on.
    public func openSyntheticReads(_ service: ParityService) {
        self.openSyntheticReads { service.take($0) }
    }

    func openSyntheticReads(
        take: @escaping @Sendable (CapturedExchange) -> ObservationOutcome
    ) {
        let plane = self
        self.synthetic.open(
            SyntheticReads(
                seed: UInt64.random(in: .min ... .max),
                now: self.now,
                take: take
            ) { [weak plane] order, seed, turn throws(SyntheticRefusal) in
                guard let plane, let explanation = try? plane.explanation() else {
                    throw .notObserving
                }
                return try explanation.resolve(order, seed: seed, turn: turn)
            }
        )
    }

    /// No more synthetic reads are made.
    public func closeSyntheticReads() { self.synthetic.close() }

    /// Makes one read of a replay, once however often it is ordered, or one of a probe.
    public func syntheticRead(_ order: SyntheticReadOrder) throws(AdminProblem) -> DocumentValue {
        if !order.isDry { self.tellAudit(order) }
        switch order.what {
        case .row(var read, let run, let row):
            read.source = .replay
            return try self.replayed(read, run, row, isDry: order.isDry).document
        case .probe(let read):
            let plan = ProbePlan(try self.current().files.set, listsReads: false)
            guard let probe = plan.order(of: read) else {
                return SyntheticResult(.probeUnknown).document
            }
            let result = try self.read(probe, isDry: order.isDry)
            if !order.isDry {
                self.synthetic.probes.note(read, result, unixMilliseconds: self.now())
            }
            return result.document
        }
    }

    /// Load on both origins by a person's order stands in the audit: who, and what by name.
    private func tellAudit(_ order: SyntheticReadOrder) {
        let (kind, name) =
            switch order.what {
            case .row(_, let run, _): (ActKind.replayOrdered, "run \(printable(run))")
            case .probe(let read):
                (ActKind.probeOrdered, "route \(read.route), probe \(read.probe)")
            }
        guard
            self.synthetic.audit.isNews(
                "\(order.actor) \(kind.word) \(name)",
                nowMilliseconds: monotonicNanoseconds() / 1_000_000
            )
        else { return }
        self.standings.recordNote(kind, ActOrder(actor: order.actor, reason: name))
    }

    private func read(
        _ order: SyntheticOrder,
        isDry: Bool
    ) throws(AdminProblem) -> SyntheticResult {
        guard let result = self.synthetic.read(order, isDry: isDry) else {
            throw AdminProblem(
                .unavailable,
                "too many replays and probes at once, or the edge stops"
            )
        }
        return result
    }

    private func replayed(
        _ order: SyntheticOrder,
        _ run: String,
        _ row: Int,
        isDry: Bool
    ) throws(AdminProblem) -> SyntheticResult {
        guard !isDry else { return try self.read(order, isDry: true) }
        switch self.synthetic.replays.begin(run, row) {
        case .known(var result):
            result.isRepeat = true
            return result
        case .underWay: throw AdminProblem(.unavailable, "this row is being observed already")
        case .fresh: break
        }
        let result: SyntheticResult
        do throws(AdminProblem) {
            result = try self.read(order, isDry: false)
        } catch {
            self.synthetic.replays.forget(run, row)
            throw error
        }
        if result.refusal == .notObserving {
            self.synthetic.replays.forget(run, row)
        } else {
            self.synthetic.replays.end(run, row, result)
        }
        return result
    }

    /// The probes of the files in force and what their last reads brought, from index `from` on.
    public func probes(_ query: ProbeQuery) throws(AdminProblem) -> DocumentValue {
        probeList(ProbePlan(try self.current().files.set), query) {
            self.synthetic.probes.last($0)
        }
    }
}

/// At most 1,000 probe reads of a plan as JSON.
func probeList(
    _ plan: ProbePlan,
    _ query: ProbeQuery,
    last: (ProbeRead) -> ProbeBook.Entry?
) -> DocumentValue {
    let reads = plan.reads.filter { read in
        (query.tenant == nil || query.tenant == read.tenant)
            && (query.migration == nil || query.migration == plan.migration(of: read))
    }
    let rows = reads.dropFirst(query.from).prefix(1_000).map { read -> DocumentValue in
        var value: DocumentValue = [
            "tenant": .string(read.tenant), "migration": .string(plan.migration(of: read)),
            "route": .string(read.route), "probe": .string(read.probe),
            "combination": .integer(read.combination),
            "everyMilliseconds": .integer(plan.probe(of: read)?.everyMilliseconds ?? 0),
        ]
        if let last = last(read) {
            value.set("atMilliseconds", .integer(last.unixMilliseconds))
            value.set("last", last.result.document)
        }
        return value
    }
    return [
        "total": .integer(reads.count), "from": .integer(query.from),
        "leftOut": .integer(plan.leftOut), "probes": .list(rows),
    ]
}
