// SPDX-License-Identifier: Apache-2.0

import Kernel
import Migration
import Names

/// Where every endpoint of the set in force is and how it is: addresses by name, verdicts by check.
///
/// Pure; the caller holds the lock and passes on the news.
struct EndpointTable: Sendable {
    /// One endpoint.
    struct Row: Sendable {
        let place: EndpointPlace
        let number: UInt32
        /// What is asked about its name; `nil`: it is none.
        let question: NameQuestion?
        /// Where it is; `nil`: its name has no (further) address.
        var address: SocketAddress?
        /// When the address came, ms since 1970.
        var movedMilliseconds: UInt64
        var verdict: EndpointVerdict
        /// How it is looked at; `nil`: not at all.
        var rules: ActiveHealthModel?

        var news: EndpointNews {
            EndpointNews(
                number: self.number,
                address: self.address,
                isHealthy: self.verdict.isHealthy
            )
        }
    }

    /// All slots of one name of one upstream.
    private struct Group: Sendable {
        let question: NameQuestion
        let port: Int
        /// Numbers of its rows, by slot.
        var numbers: [UInt32] = []
    }

    private(set) var rows: [UInt32: Row] = [:]
    private var groups: [Group] = []

    /// Names that are to be kept resolved.
    var questions: Set<NameQuestion> { Set(self.groups.map(\.question)) }

    /// News of every endpoint, by number.
    var everything: [EndpointNews] {
        self.rows.values.map(\.news).sorted { $0.number < $1.number }
    }

    /// Keeps the endpoints of these upstreams from now on.
    ///
    /// What is known of those that stay holds: address, verdict, since when.
    mutating func adopt(
        _ upstreams: [UpstreamModel],
        numbers: NumberBook,
        answers: [NameQuestion: [[UInt8]]],
        nowMilliseconds: UInt64
    ) {
        let known = self.rows
        self.rows = [:]
        self.groups = []
        for upstream in upstreams {
            var group: Group?
            for endpoint in upstream.places {
                let place = EndpointPlace(upstream: upstream.name, endpoint: endpoint)
                guard let number = numbers.known(place.numberName) else { continue }
                let question = upstream.question(endpoint)
                let old = known[number]
                var row = Row(
                    place: place,
                    number: number,
                    question: question,
                    address: old?.address ?? endpoint.fixedAddress,
                    movedMilliseconds: old?.movedMilliseconds ?? nowMilliseconds,
                    verdict: old?.verdict ?? EndpointVerdict(nowMilliseconds: nowMilliseconds),
                    rules: old?.rules
                )
                if (row.rules == nil) != (upstream.activeHealth == nil) {
                    // Verdicts of checks that are no longer made would never end.
                    row.verdict = EndpointVerdict(nowMilliseconds: nowMilliseconds)
                }
                row.rules = upstream.activeHealth
                self.rows[number] = row
                guard let question else { continue }
                if endpoint.slot == 0 {
                    if let group { self.groups.append(group) }
                    group = Group(question: question, port: endpoint.port)
                }
                group?.numbers.append(number)
            }
            if let group { self.groups.append(group) }
        }
        for (question, addresses) in answers {
            _ = self.take(question, addresses, nowMilliseconds: nowMilliseconds)
        }
    }

    /// A name has these addresses now; news of the endpoints that have moved.
    mutating func take(
        _ question: NameQuestion,
        _ addresses: [[UInt8]],
        nowMilliseconds: UInt64
    ) -> [EndpointNews] {
        var news: [EndpointNews] = []
        for group in self.groups where group.question == question {
            let all = addresses.map { SocketAddress(ip: $0, port: group.port) }
            let slots = group.numbers.map { self.rows[$0]?.address }
            for (number, address) in zip(group.numbers, assignSlots(slots, all)) {
                guard var row = self.rows[number], row.address != address else { continue }
                row.address = address
                row.movedMilliseconds = nowMilliseconds
                // Nobody has looked at the new address yet.
                row.verdict = EndpointVerdict(nowMilliseconds: nowMilliseconds)
                self.rows[number] = row
                news.append(row.news)
            }
        }
        return news
    }

    /// A check of an endpoint is over; its news if it is well now, or unwell.
    ///
    /// One of an address where the endpoint no longer is changes nothing.
    mutating func take(
        _ problem: EndpointProblem?,
        number: UInt32,
        address: SocketAddress,
        nowMilliseconds: UInt64
    ) -> EndpointNews? {
        guard var row = self.rows[number], row.address == address, let rules = row.rules else {
            return nil
        }
        let isNews = row.verdict.take(problem, rules, nowMilliseconds: nowMilliseconds)
        self.rows[number] = row
        return isNews ? row.news : nil
    }

    /// Addresses of these upstreams as a snapshot takes them, by endpoint: those in use, else what
    /// names answer; empty: none.
    func addresses(
        _ upstreams: [UpstreamModel],
        answers: [NameQuestion: [[UInt8]]]
    ) -> [EndpointModel: [UInt8]] {
        var result: [EndpointModel: [UInt8]] = [:]
        let byPlace = Dictionary(
            self.rows.values.map { ($0.place, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        for upstream in upstreams {
            for endpoint in upstream.endpoints {
                guard let question = upstream.question(endpoint) else {
                    result[endpoint] = endpoint.fixedAddress?.bytes ?? []
                    continue
                }
                let places = upstream.places.filter { place in
                    var plain = place
                    plain.slot = 0
                    return plain == endpoint
                }
                let slots = places.map {
                    byPlace[EndpointPlace(upstream: upstream.name, endpoint: $0)]?.address
                }
                let all = (answers[question] ?? []).map {
                    SocketAddress(ip: $0, port: endpoint.port)
                }
                let assigned = all.isEmpty ? slots : assignSlots(slots, all)
                for (place, address) in zip(places, assigned) {
                    result[place] = address?.bytes ?? []
                }
            }
        }
        return result
    }
}
