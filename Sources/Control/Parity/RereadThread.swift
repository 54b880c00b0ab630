// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Kernel
import Parity
import Synchronization

/// Asks origins again, one exchange after the other: A/A re-reads of legacy (noise), and rechecks
/// of differences that may be races (parity.md e, sandwich legacy, modern, legacy).
///
/// Legacy is fragile: the rate is capped per route, and what finds the queue full is counted as it
/// was first seen.
final class RereadThread: Sendable {
    private struct Item {
        var exchange: CapturedExchange
        var route: RouteComparison
        var observation: ParityObservation
        var dueNanoseconds: UInt64
        /// Legacy is to be read again for noise.
        var readsAgain: Bool
        /// A difference may be a race, and there is leave to look.
        var rechecks: Bool
        var tries = 0
    }

    private struct Queue {
        var items: [Item] = []
        var isStopping = false
        /// Re-reads that a route may still make, and when that was last topped up.
        var budgets: [String: (left: Double, nanoseconds: UInt64)] = [:]
    }

    private let items = Mutex(Queue())
    private let ready = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let sink: any ObservationSink
    private let client: OriginClient

    init(sink: any ObservationSink, client: OriginClient) throws {
        self.sink = sink
        self.client = client
        _ = try CoreThread(name: "banyan-reread", stackBytes: 1 << 20) { [self] in
            self.run()
            self.ended.signal()
        }
    }

    var waiting: Int { self.items.withLock { $0.items.count } }

    /// Takes an exchange to be read again; `false`: the queue or the route's rate is used up.
    ///
    /// Whether legacy is read again for noise must not depend on what was found: if differences
    /// had a better chance than agreement, the paired test would see a regression in the sampling.
    func queue(
        _ exchange: CapturedExchange,
        _ route: RouteComparison,
        _ observation: ParityObservation
    ) -> Bool {
        let now = monotonicNanoseconds()
        let isChosen = exchange.readsAgain && exchange.legacy.end == .complete
        let mayRace = RereadThread.isRecheck(observation, route)
        let pause = UInt64(route.model.recheckAfterMilliseconds) * 1_000_000
        let name = observation.route
        let isTaken = self.items.withLock { queue in
            guard !queue.isStopping, queue.items.count < Limits.rereadsMax else { return false }
            // Budgets of their own: rechecks must not use up what A/A re-reads need.
            let readsAgain = isChosen && self.mayRead(&queue, route, "again \(name)", now)
            let rechecks = mayRace && self.mayRead(&queue, route, "recheck \(name)", now)
            guard readsAgain || rechecks else { return false }
            queue.items.append(
                Item(
                    exchange: exchange,
                    route: route,
                    observation: observation,
                    dueNanoseconds: readsAgain ? now : now + pause,
                    readsAgain: readsAgain,
                    rechecks: rechecks
                )
            )
            return true
        }
        if isTaken { self.ready.signal() }
        return isTaken
    }

    /// A token bucket per route and purpose, ten seconds' worth deep (at least one).
    private func mayRead(
        _ queue: inout Queue,
        _ route: RouteComparison,
        _ name: String,
        _ now: UInt64
    ) -> Bool {
        let perSecond = Double(route.model.againPerMinute) / 60
        let deep = max(perSecond * 10, 1)
        var budget = queue.budgets[name] ?? (deep, now)
        let passed = Double(now - budget.nanoseconds) / 1_000_000_000
        budget = (min(deep, budget.left + passed * perSecond), now)
        defer { queue.budgets[name] = budget }
        guard route.model.againPerMinute > 0, budget.left >= 1 else { return false }
        budget.left -= 1
        return true
    }

    func stop() {
        self.items.withLock { $0.isStopping = true }
        self.ready.signal()
        _ = self.ended.wait(timeout: .now() + .seconds(2))
    }

    // MARK: The thread

    private func run() {
        while true {
            let now = monotonicNanoseconds()
            let (item, isStopping, next) = self.items.withLock { queue in
                let index = queue.items.indices.first {
                    queue.isStopping || queue.items[$0].dueNanoseconds <= now
                }
                let item = index.map { queue.items.remove(at: $0) }
                return (item, queue.isStopping, queue.items.map(\.dueNanoseconds).min())
            }
            if let item {
                if isStopping { self.sink.add(item.observation) } else { self.read(item) }
            } else if isStopping {
                return
            } else {
                let wait = next.map { Int(max($0, now) - now) / 1_000_000 + 1 } ?? 1_000
                _ = self.ready.wait(timeout: .now() + .milliseconds(min(wait, 1_000)))
            }
        }
    }

    private func read(_ item: Item) {
        var item = item
        if item.readsAgain { self.readAgain(&item) }
        guard item.rechecks, RereadThread.isRecheck(item.observation, item.route) else {
            self.sink.add(item.observation)
            return
        }
        if item.readsAgain {
            item.readsAgain = false
            self.wait(item)
        } else {
            self.recheck(item)
        }
    }

    /// Lets an item wait until its difference has had time to settle.
    private func wait(_ item: Item) {
        var item = item
        item.dueNanoseconds =
            monotonicNanoseconds() + UInt64(item.route.model.recheckAfterMilliseconds) * 1_000_000
        self.items.withLock { $0.items.append(item) }
    }

    /// A/A: what legacy differs in with itself is noise, shown beside what modern differs in.
    ///
    /// At once, match or not: a later read would be another moment's.
    private func readAgain(_ item: inout Item) {
        var exchange = item.exchange
        exchange.again = self.ask(exchange.legacyRequest, exchange.legacyAddress)
        guard exchange.again.end == .complete else { return }
        item.observation = item.route.compare(exchange)
    }

    /// A difference that is gone when both are asked again, because legacy has moved, was a race;
    /// one that stays, or that only modern got over, is final.
    private func recheck(_ item: Item) {
        var item = item
        item.tries += 1
        var exchange = item.exchange
        exchange.legacy = self.ask(exchange.legacyRequest, exchange.legacyAddress)
        exchange.modern = self.ask(exchange.modernRequest, exchange.modernAddress)
        exchange.again = self.ask(exchange.legacyRequest, exchange.legacyAddress)
        let ends = [exchange.legacy.end, exchange.modern.end, exchange.again.end]
        guard ends.allSatisfy({ $0 == .complete }) else {
            // Whoever fails now says nothing about what was seen then.
            self.sink.add(item.observation)
            return
        }
        let second = item.route.compare(exchange)
        switch second.outcome {
        case .match where self.hasMoved(item, exchange.legacy):
            var observation = item.observation
            observation.outcome = .raced
            self.sink.add(observation)
        case .match:
            // Legacy says what it said: modern was wrong then, however right it is now.
            self.sink.add(item.observation)
        case .raced where item.tries < item.route.model.rechecks: self.wait(item)
        case .raced:
            var observation = item.observation
            observation.outcome = .raced
            self.sink.add(observation)
        default:
            self.sink.add(item.observation)
        }
    }

    /// Whether legacy now answers otherwise than the client was answered: only then was it a race.
    private func hasMoved(_ item: Item, _ legacy: CapturedAnswer) -> Bool {
        var exchange = item.exchange
        exchange.again = legacy
        return item.route.compare(exchange).noise.contains { $0.severity.countsAsMismatch }
    }

    /// Whether a difference may still turn out to be a race.
    static func isRecheck(_ observation: ParityObservation, _ route: RouteComparison) -> Bool {
        // Another patient's data for a moment is another patient's data: no recheck excuses it.
        observation.outcome == .mismatch && route.model.rechecks > 0
            && !observation.differences.contains { $0.severity == .zeroTolerance }
    }

    private func ask(_ request: [UInt8], _ address: [UInt8]) -> CapturedAnswer {
        guard !address.isEmpty, let head = repeatableHead(request) else {
            return CapturedAnswer(end: .notAsked)
        }
        let isHead = head.starts(with: Array("HEAD ".utf8))
        return self.client.send(head, isHead: isHead, to: SocketAddress(bytes: address))
    }
}
