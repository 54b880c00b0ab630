// SPDX-License-Identifier: Apache-2.0

import Kernel
import Migration
import Names
import Synchronization
import TLS

/// What is known of the endpoints of the set in force, and the one place from which workers hear
/// of it, in the order in which it became known.
final class EndpointDesk: Sendable {
    /// Checks of one upstream since the start.
    struct CheckCounts: Sendable, Equatable {
        var passed: UInt64 = 0
        var failed: UInt64 = 0
    }

    private struct State {
        var table = EndpointTable()
        var port: (any EdgePort)?
        var transports = TransportSet.plain
        var counts: [String: CheckCounts] = [:]
        var moves: UInt64 = 0
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> UInt64

    /// Nothing yet; `now`: milliseconds since 1970.
    init(now: @escaping @Sendable () -> UInt64) { self.now = now }

    /// Keeps these endpoints from now on and tells `port` of all of them: what a snapshot says may
    /// be older.
    func adopt(
        _ upstreams: [UpstreamModel],
        numbers: NumberBook,
        answers: [NameQuestion: [[UInt8]]],
        transports: TransportSet,
        port: (any EdgePort)?
    ) {
        let now = self.now()
        self.state.withLock { state in
            state.table.adopt(
                upstreams,
                numbers: numbers,
                answers: answers,
                nowMilliseconds: now
            )
            let names = Set(upstreams.map(\.name))
            state.counts = state.counts.filter { names.contains($0.key) }
            state.transports = transports
            if let port { state.port = port }
            state.port?.update(state.table.everything)
        }
    }

    /// A name has these addresses now; whether an endpoint has moved.
    func take(_ question: NameQuestion, _ addresses: [[UInt8]]) -> Bool {
        let now = self.now()
        return self.state.withLock { state in
            let news = state.table.take(question, addresses, nowMilliseconds: now)
            guard !news.isEmpty else { return false }
            state.moves += UInt64(news.count)
            state.port?.update(news)
            return true
        }
    }

    /// A check is over.
    func take(_ check: EndpointCheck, _ problem: EndpointProblem?) {
        let now = self.now()
        self.state.withLock { state in
            guard let row = state.table.rows[check.number] else { return }
            if problem == nil {
                state.counts[row.place.upstream, default: CheckCounts()].passed += 1
            } else {
                state.counts[row.place.upstream, default: CheckCounts()].failed += 1
            }
            let news = state.table.take(
                problem,
                number: check.number,
                address: check.address,
                nowMilliseconds: now
            )
            if let news { state.port?.update([news]) }
        }
    }

    /// Names that are in use.
    var questions: Set<NameQuestion> { self.state.withLock { $0.table.questions } }

    /// Every endpoint, by upstream and endpoint.
    var rows: [EndpointTable.Row] {
        self.state.withLock { Array($0.table.rows.values) }.sorted {
            ($0.place.upstream, $0.number) < ($1.place.upstream, $1.number)
        }
    }

    /// Where an endpoint is; `nil`: nowhere, or nobody knows the number.
    func address(_ number: UInt32) -> [UInt8]? {
        self.state.withLock { $0.table.rows[number]?.address?.bytes }
    }

    /// See ``EndpointTable/addresses(_:answers:)``.
    func addresses(
        _ upstreams: [UpstreamModel],
        answers: [NameQuestion: [[UInt8]]]
    ) -> [EndpointModel: [UInt8]] {
        self.state.withLock { $0.table.addresses(upstreams, answers: answers) }
    }

    /// What is to be looked at.
    var checks: [EndpointCheck] {
        self.state.withLock { state in
            state.table.rows.values.compactMap { row in
                guard let rules = row.rules, let address = row.address else { return nil }
                var check = EndpointCheck(
                    number: row.number,
                    address: address,
                    host: rules.host ?? row.place.endpoint.authority,
                    rules: rules
                )
                // As traffic goes there: clear text where the set is shorter.
                let transports = state.transports.endpoints
                if Int(row.number) < transports.count {
                    check.tls = transports[Int(row.number)].tls
                    check.speaksHTTP2 = transports[Int(row.number)].speaksHTTP2
                }
                return check
            }
        }
    }

    /// Checks by upstream, and addresses that have changed, since the start.
    var counts: (checks: [String: CheckCounts], moves: UInt64) {
        self.state.withLock { ($0.counts, $0.moves) }
    }
}
