// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Kernel
import Migration
import Names
import TLS

/// Addresses of a set's endpoints, and what somebody should know about those that have none.
struct EndpointAddresses: Sendable {
    /// The sockaddr of each; empty: none now.
    var bytes: [EndpointModel: [UInt8]] = [:]
    /// Names without an address, as findings.
    var warnings: [Problem] = []
}

/// Watches the endpoints of the set in force: keeps their names resolved, looks at them where an
/// upstream asks for it, and tells the workers what has changed.
///
///     DNS ──▶ NameThread ───────▶ EndpointDesk ──▶ EdgePort ──▶ workers
///     endpoints ──▶ CheckThreads ──▶ ┘
///
/// Nothing runs that has nothing to do: no thread without a name, none without a check.
final class UpstreamWatch: Sendable {
    private let desk: EndpointDesk
    private let names: NameThread
    private let checks: CheckThreads

    /// A watch of nothing yet.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - look: makes a check; tests may give another.
    init(
        _ servers: NameServersModel,
        now: @escaping @Sendable () -> UInt64,
        look: @escaping CheckThreads.Look = { lookAtEndpoint($0) }
    ) {
        let desk = EndpointDesk(now: now)
        let checks = CheckThreads(look: look) { desk.take($0, $1) }
        let plan = ResolverPlan(
            servers: servers.servers,
            timeoutMilliseconds: servers.timeoutMilliseconds,
            tries: servers.tries
        )
        self.names = NameThread(plan) { question, addresses in
            if desk.take(question, addresses) { checks.adopt(desk.checks) }
        }
        self.desk = desk
        self.checks = checks
    }

    deinit { self.stop() }

    /// Ends its threads.
    func stop() {
        self.checks.stop()
        self.names.stop()
    }

    // MARK: Sets

    /// Addresses of these upstreams' endpoints; names that are new are asked for, and waited for
    /// `Limits.nameLoadWaitMilliseconds` at most.
    ///
    /// Blocks.
    func lookUp(_ upstreams: [UpstreamModel]) -> EndpointAddresses {
        let questions = UpstreamWatch.questions(upstreams)
        if !questions.isEmpty {
            self.names.keep(questions.union(self.desk.questions))
            _ = self.names.wait(for: questions, milliseconds: Limits.nameLoadWaitMilliseconds)
        }
        var result = EndpointAddresses()
        result.bytes = self.desk.addresses(upstreams, answers: self.answers(questions))
        for upstream in upstreams {
            for endpoint in upstream.endpoints where result.bytes[endpoint]?.isEmpty ?? true {
                guard let question = upstream.question(endpoint) else { continue }
                let why = self.names.entry(question)?.problem?.text ?? "no answer yet"
                result.warnings.append(
                    Problem(
                        .warning,
                        code: "R110",
                        "upstream `\(upstream.name)`: `\(endpoint.host)` has no address now: \(why)",
                        file: upstream.source.file,
                        at: upstream.source.position
                    )
                )
            }
        }
        return result
    }

    /// Watches these upstreams from now on and tells `port` of every endpoint.
    func adopt(
        _ upstreams: [UpstreamModel],
        numbers: NumberBook,
        transports: TransportSet = .plain,
        port: (any EdgePort)?
    ) {
        let questions = UpstreamWatch.questions(upstreams)
        self.names.keep(questions)
        self.desk.adopt(
            upstreams,
            numbers: numbers,
            answers: self.answers(questions),
            transports: transports,
            port: port
        )
        self.checks.adopt(self.desk.checks)
    }

    private static func questions(_ upstreams: [UpstreamModel]) -> Set<NameQuestion> {
        Set(upstreams.flatMap { upstream in upstream.endpoints.compactMap(upstream.question) })
    }

    private func answers(_ questions: Set<NameQuestion>) -> [NameQuestion: [[UInt8]]] {
        var answers: [NameQuestion: [[UInt8]]] = [:]
        for question in questions {
            answers[question] = self.names.entry(question)?.answer?.addresses
        }
        return answers
    }

    // MARK: Looking

    /// Where an endpoint is; `nil`: nowhere, or nobody knows the number.
    func address(_ number: UInt32) -> [UInt8]? { self.desk.address(number) }

    /// How every endpoint is.
    var status: [EndpointStatus] {
        // A name's further places that no address has filled are nobody's concern.
        self.desk.rows.filter { $0.address != nil || $0.place.endpoint.slot == 0 }.map { row in
            var status = EndpointStatus(
                upstream: row.place.upstream,
                endpoint: row.place.endpoint.key
            )
            status.number = row.number
            status.address = row.address?.text
            status.isNamed = row.place.endpoint.isName
            status.isChecked = row.rules != nil
            status.sinceMilliseconds = row.verdict.sinceMilliseconds
            if row.address == nil {
                status.state = .unresolved
                status.sinceMilliseconds = row.movedMilliseconds
            } else if row.rules == nil {
                status.state = .unchecked
                status.sinceMilliseconds = row.movedMilliseconds
            } else {
                status.state =
                    switch row.verdict.state {
                    case .unknown: .unknown
                    case .healthy: .healthy
                    case .unhealthy: .unhealthy
                    }
            }
            status.reason = self.reason(row)
            return status
        }
    }

    private func reason(_ row: EndpointTable.Row) -> String? {
        var reasons: [String] = []
        if let problem = row.verdict.problem, row.address != nil {
            let times = row.verdict.failures
            reasons.append(problem.text + (times > 1 ? ", \(times) times in a row" : ""))
        }
        if let question = row.question, let entry = self.names.entry(question) {
            if let problem = entry.problem {
                reasons.append("its name: \(problem.text)")
            } else if row.address == nil, entry.answer != nil, row.place.endpoint.slot == 0 {
                reasons.append("its name has no address of this family")
            }
        }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }

    /// Endpoints and names in numbers.
    var counts: UpstreamCounts {
        let (checks, moves) = self.desk.counts
        let (lookups, failures) = self.names.counts
        return UpstreamCounts(
            checks: checks,
            moves: moves,
            lookups: lookups,
            lookupFailures: failures
        )
    }
}

/// What an ``UpstreamWatch`` has counted since its start.
struct UpstreamCounts: Sendable {
    /// Checks by upstream.
    var checks: [String: EndpointDesk.CheckCounts]
    /// Endpoints whose address has changed.
    var moves: UInt64
    /// Names asked for.
    var lookups: UInt64
    /// Of these, those without an answer.
    var lookupFailures: UInt64
}
