// SPDX-License-Identifier: Apache-2.0

import Documents
import Kernel
import Migration
import Names
import Testing

@testable import Control

@Suite("Endpoint table")
struct EndpointTableTests {
    static let place = ModelSource(
        file: "Routes/a.yaml",
        position: SourcePosition(line: 1, column: 1)
    )
    static let first: [UInt8] = [10, 0, 0, 1]
    static let second: [UInt8] = [10, 0, 0, 2]

    /// An upstream of one name, and numbers as a snapshot gives them.
    private func named(
        slots: Int,
        rules: ActiveHealthModel? = nil
    ) -> (upstream: UpstreamModel, numbers: NumberBook, question: NameQuestion) {
        var endpoint = EndpointModel(host: "a.test", port: 80)
        endpoint.isName = true
        var upstream = UpstreamModel(name: "a", endpoints: [endpoint], source: Self.place)
        upstream.names.addressesMax = slots
        upstream.activeHealth = rules
        var numbers = NumberBook()
        for place in upstream.places {
            let name = EndpointPlace(upstream: "a", endpoint: place).numberName
            _ = numbers.number(of: name)
        }
        let question = upstream.question(endpoint)
        return (
            upstream, numbers,
            question
                ?? NameQuestion(
                    name: "",
                    ttlMinMilliseconds: 0,
                    ttlMaxMilliseconds: 0
                )
        )
    }

    @Test func `an address keeps its slot, new ones fill what is empty, best first`() {
        let rows: [(slots: [Int?], addresses: [Int], result: [Int?])] = [
            ([nil, nil], [], [nil, nil]), ([nil, nil, nil], [1, 2], [1, 2, nil]),
            ([1, 2], [2, 1], [1, 2]), ([1, 2], [2, 3], [3, 2]), ([1, 2], [3, 4, 2], [3, 2]),
            ([1, 2, nil], [5], [5, nil, nil]), ([1], [2, 1], [1]), ([1], [], [nil]),
        ]
        for row in rows {
            #expect(assignSlots(row.slots, row.addresses) == row.result, "\(row)")
        }
    }

    @Test func `a name stands for so many endpoints, each with a number of its own`() {
        let (upstream, numbers, question) = self.named(slots: 3)
        #expect(upstream.places.map(\.key) == ["a.test:80", "a.test:80#2", "a.test:80#3"])
        var table = EndpointTable()
        table.adopt(
            [upstream],
            numbers: numbers,
            answers: [question: [Self.first, Self.second]],
            nowMilliseconds: 5
        )
        #expect(
            table.everything.map { $0.address?.text } == ["10.0.0.1:80", "10.0.0.2:80", nil]
        )
        #expect(table.questions == [question])
    }

    @Test func `only endpoints that have moved are news, and nobody has looked at them yet`() {
        let rules = ActiveHealthModel(.tcp)
        let (upstream, numbers, question) = self.named(slots: 2, rules: rules)
        var table = EndpointTable()
        let answers = [question: [Self.first, Self.second]]
        table.adopt([upstream], numbers: numbers, answers: answers, nowMilliseconds: 5)
        for number in [UInt32(0), 1] {
            let bytes = number == 0 ? Self.first : Self.second
            for _ in 0..<3 {
                _ = table.take(
                    .refused,
                    number: number,
                    address: SocketAddress(ip: bytes, port: 80),
                    nowMilliseconds: 6
                )
            }
        }
        #expect(table.everything.map(\.isHealthy) == [false, false])
        #expect(table.take(question, [Self.second, Self.first], nowMilliseconds: 7).isEmpty)
        let third: [UInt8] = [10, 0, 0, 3]
        let news = table.take(question, [third, Self.second], nowMilliseconds: 8)
        #expect(
            news == [
                EndpointNews(
                    number: 0,
                    address: SocketAddress(ip: third, port: 80),
                    isHealthy: true
                )
            ]
        )
        #expect(table.rows[0]?.movedMilliseconds == 8 && table.rows[1]?.movedMilliseconds == 5)
    }

    @Test func `a check of an address where the endpoint no longer is changes nothing`() {
        let (upstream, numbers, question) = self.named(slots: 1, rules: ActiveHealthModel(.tcp))
        var table = EndpointTable()
        let answers = [question: [Self.first]]
        table.adopt([upstream], numbers: numbers, answers: answers, nowMilliseconds: 5)
        _ = table.take(question, [Self.second], nowMilliseconds: 6)
        let old = SocketAddress(ip: Self.first, port: 80)
        for _ in 0..<9 {
            #expect(table.take(.refused, number: 0, address: old, nowMilliseconds: 7) == nil)
        }
        #expect(table.rows[0]?.verdict.state == .unknown)
    }

    @Test func `a reload keeps what is known of the endpoints that stay`() {
        let rules = ActiveHealthModel(.tcp)
        let (upstream, numbers, question) = self.named(slots: 1, rules: rules)
        var table = EndpointTable()
        let answers = [question: [Self.first]]
        table.adopt([upstream], numbers: numbers, answers: answers, nowMilliseconds: 5)
        let address = SocketAddress(ip: Self.first, port: 80)
        for _ in 0..<3 {
            _ = table.take(.timedOut, number: 0, address: address, nowMilliseconds: 6)
        }
        table.adopt([upstream], numbers: numbers, answers: [:], nowMilliseconds: 9)
        #expect(table.rows[0]?.verdict.state == .unhealthy)
        #expect(table.rows[0]?.verdict.sinceMilliseconds == 6)
        #expect(table.rows[0]?.address == address)
        var unchecked = upstream
        unchecked.activeHealth = nil
        table.adopt([unchecked], numbers: numbers, answers: answers, nowMilliseconds: 10)
        #expect(table.rows[0]?.verdict.state == .unknown, "nobody would ever find it well again")
        table.adopt([], numbers: numbers, answers: [:], nowMilliseconds: 11)
        #expect(table.rows.isEmpty && table.questions.isEmpty)
    }

    @Test func `sockets and addresses are where the file says`() {
        let endpoints = [
            EndpointModel(socketPath: "/run/a.sock"), EndpointModel(host: "::1", port: 8),
            EndpointModel(host: "10.0.0.9", port: 9),
        ]
        let upstream = UpstreamModel(name: "a", endpoints: endpoints, source: Self.place)
        let found = EndpointTable().addresses([upstream], answers: [:])
        let texts = endpoints.map { found[$0].map { SocketAddress(bytes: $0).text } }
        #expect(texts == ["/run/a.sock", "[0:0:0:0:0:0:0:1]:8", "10.0.0.9:9"])
    }
}

@Suite("Endpoint verdict")
struct EndpointVerdictTests {
    @Test func `so many checks in a row change the verdict, and one other begins anew`() {
        var rules = ActiveHealthModel(.http)
        rules.healthyAfter = 2
        rules.unhealthyAfter = 3
        // p: passed, f: failed; then the state after each.
        let rows: [(checks: String, states: String)] = [
            ("p", "h"), ("ffp", "uuh"), ("fff", "uux"), ("pffpfff", "hhhhhhx"),
            ("fffppp", "uuxxhh"), ("fffpfpp", "uuxxxxh"), ("ppp", "hhh"),
        ]
        for row in rows {
            var verdict = EndpointVerdict(nowMilliseconds: 0)
            var states = ""
            for check in row.checks {
                _ = verdict.take(check == "p" ? nil : .refused, rules, nowMilliseconds: 1)
                switch verdict.state {
                case .unknown: states += "u"
                case .healthy: states += "h"
                case .unhealthy: states += "x"
                }
            }
            #expect(states == row.states, "\(row.checks)")
        }
    }

    @Test func `only a change is news, and since when is kept`() {
        let rules = ActiveHealthModel(.http)
        var verdict = EndpointVerdict(nowMilliseconds: 1)
        #expect(verdict.isHealthy)
        let news = (2...9).map { verdict.take(.status(503), rules, nowMilliseconds: $0) }
        #expect(news == [false, false, true, false, false, false, false, false])
        #expect(verdict.sinceMilliseconds == 4 && verdict.failures == 8)
        #expect(verdict.problem == .status(503))
        let good = (10...12).map { verdict.take(nil, rules, nowMilliseconds: $0) }
        #expect(good == [false, true, false])
        #expect(verdict.sinceMilliseconds == 11 && verdict.problem == nil)
    }
}

@Suite("Check schedule")
struct CheckScheduleTests {
    private func check(_ number: UInt32, interval: Int = 5_000, port: Int = 80) -> EndpointCheck {
        var rules = ActiveHealthModel(.tcp)
        rules.intervalMilliseconds = interval
        let address = SocketAddress(ip: [10, 0, 0, UInt8(number)], port: port)
        return EndpointCheck(number: number, address: address, host: "a", rules: rules)
    }

    @Test func `new endpoints come soon, spread, and each is looked at by one thread at a time`() {
        var schedule = CheckSchedule()
        var spreads: [ClosedRange<UInt64>] = []
        schedule.adopt([self.check(1), self.check(2, interval: 200)], nowMilliseconds: 100) {
            spreads.append($0)
            return $0.upperBound
        }
        #expect(Set(spreads) == [0...1_000, 0...200])
        #expect(schedule.take(nowMilliseconds: 299) == nil)
        #expect(schedule.take(nowMilliseconds: 300)?.number == 2)
        #expect(schedule.take(nowMilliseconds: 1_099) == nil)
        #expect(schedule.take(nowMilliseconds: 1_100)?.number == 1)
        #expect(
            schedule.take(nowMilliseconds: 9_999) == nil
                && schedule.pause(nowMilliseconds: 0) == nil
        )
    }

    @Test func `the next check comes after its interval, a tenth more or less`() {
        var schedule = CheckSchedule()
        let check = self.check(1)
        schedule.adopt([check], nowMilliseconds: 0) { _ in 0 }
        _ = schedule.take(nowMilliseconds: 0)
        var range: ClosedRange<UInt64>?
        schedule.finish(check, nowMilliseconds: 1_000) {
            range = $0
            return 4_600
        }
        #expect(range == 4_500...5_500 && schedule.pause(nowMilliseconds: 1_000) == 4_600)
    }

    @Test func `what has not changed keeps its time, what is elsewhere comes soon`() {
        var schedule = CheckSchedule()
        schedule.adopt([self.check(1), self.check(2)], nowMilliseconds: 0) { _ in 700 }
        schedule.adopt([self.check(1), self.check(2, port: 81)], nowMilliseconds: 10) { _ in 20 }
        #expect(schedule.take(nowMilliseconds: 30)?.address.port == 81)
        #expect(schedule.take(nowMilliseconds: 699) == nil)
        #expect(schedule.take(nowMilliseconds: 700)?.number == 1)
        schedule.adopt([], nowMilliseconds: 800) { _ in 0 }
        #expect(schedule.count == 0)
    }

    @Test func `an endpoint that moves while it is looked at is looked at again when that is over`()
    {
        var schedule = CheckSchedule()
        let old = self.check(1)
        schedule.adopt([old], nowMilliseconds: 0) { _ in 0 }
        _ = schedule.take(nowMilliseconds: 0)
        schedule.adopt([self.check(1, port: 81)], nowMilliseconds: 5) { _ in 0 }
        #expect(schedule.take(nowMilliseconds: 10) == nil, "its thread is still at the old one")
        schedule.finish(old, nowMilliseconds: 20) { $0.upperBound }
        #expect(schedule.take(nowMilliseconds: 20)?.address.port == 81)
    }
}
