// SPDX-License-Identifier: Apache-2.0

import Kernel
import Migration
import TLS

/// One endpoint to look at: where, and how.
struct EndpointCheck: Sendable {
    /// The endpoint's number.
    var number: UInt32
    /// Where it is.
    var address: SocketAddress
    /// Host of the check.
    var host: String
    /// HTTP/2 instead of HTTP/1.1 is spoken there.
    var speaksHTTP2 = false
    /// How its certificate is verified; `nil`: clear text.
    var tls: TLSClientContext?
    /// What is done, how often, how long.
    var rules: ActiveHealthModel
}

extension EndpointCheck: Equatable {
    /// The same look: a context that was read again counts as another.
    static func == (a: EndpointCheck, b: EndpointCheck) -> Bool {
        a.number == b.number && a.address == b.address && a.host == b.host
            && a.speaksHTTP2 == b.speaksHTTP2 && a.tls === b.tls && a.rules == b.rules
    }
}

/// Which endpoint is looked at next, and when; each by one thread at a time.
///
/// Pure: time in milliseconds of a clock that only grows, and chance are given.
struct CheckSchedule: Sendable {
    private struct Entry {
        var check: EndpointCheck
        var dueMilliseconds: UInt64
        var isRunning = false
    }

    private var entries: [UInt32: Entry] = [:]

    /// Endpoints looked at.
    var count: Int { self.entries.count }

    /// Looks at exactly these from now on.
    ///
    /// Those that are new or elsewhere come soon, spread over their interval (a second at most), so
    /// that a start is no volley.
    mutating func adopt(
        _ checks: [EndpointCheck],
        nowMilliseconds: UInt64,
        random: (ClosedRange<UInt64>) -> UInt64
    ) {
        let known = self.entries
        self.entries = [:]
        for check in checks {
            if var entry = known[check.number], entry.check == check {
                entry.check = check
                self.entries[check.number] = entry
                continue
            }
            let spread = UInt64(min(check.rules.intervalMilliseconds, 1_000))
            var entry = Entry(
                check: check,
                dueMilliseconds: nowMilliseconds &+ random(0...spread)
            )
            entry.isRunning = known[check.number]?.isRunning ?? false
            self.entries[check.number] = entry
        }
    }

    /// The check that is due longest, now under way; `nil`: none is due.
    mutating func take(nowMilliseconds: UInt64) -> EndpointCheck? {
        var best: (number: UInt32, due: UInt64)?
        for (number, entry) in self.entries
        where !entry.isRunning && entry.dueMilliseconds <= nowMilliseconds {
            guard let chosen = best else {
                best = (number, entry.dueMilliseconds)
                continue
            }
            if (entry.dueMilliseconds, number) < (chosen.due, chosen.number) {
                best = (number, entry.dueMilliseconds)
            }
        }
        guard let best else { return nil }
        self.entries[best.number]?.isRunning = true
        return self.entries[best.number]?.check
    }

    /// Milliseconds until the next is due; `nil`: none waits for its time.
    func pause(nowMilliseconds: UInt64) -> UInt64? {
        self.entries.values.lazy.filter { !$0.isRunning }.map(\.dueMilliseconds).min().map {
            $0 > nowMilliseconds ? $0 - nowMilliseconds : 0
        }
    }

    /// A check is over; the next one of the endpoint comes after its interval, a tenth more or
    /// less.
    mutating func finish(
        _ check: EndpointCheck,
        nowMilliseconds: UInt64,
        random: (ClosedRange<UInt64>) -> UInt64
    ) {
        guard var entry = self.entries[check.number] else { return }
        entry.isRunning = false
        if entry.check == check {
            let interval = UInt64(check.rules.intervalMilliseconds)
            let tenth = interval / 10
            entry.dueMilliseconds =
                nowMilliseconds &+ random((interval - tenth)...(interval + tenth))
        }
        self.entries[check.number] = entry
    }
}
