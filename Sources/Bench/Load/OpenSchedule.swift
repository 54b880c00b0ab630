// SPDX-License-Identifier: Apache-2.0

/// When requests of an open loop are due, and which clients are free to send them.
///
/// A request that no client is free for waits, and its latency counts from when it was due: a proxy
/// that stalls is charged for all who would have asked meanwhile.
struct OpenSchedule {
    /// Between two requests, ns; 0: a closed loop.
    var interval: UInt64 = 0
    /// When the next one is due, on the monotonic clock.
    var nextDue: UInt64 = 0
    /// No request is due from then on.
    var end: UInt64 = 0
    /// Clients without a request, the one that has waited longest first.
    private var ready: [Int] = []
    private var firstReady = 0

    var isOpen: Bool { self.interval > 0 }

    mutating func begin(now: UInt64, nanoseconds: UInt64) {
        self.nextDue = now + self.interval
        self.end = now + nanoseconds
        self.ready = []
        self.firstReady = 0
    }

    /// Whether the next request should have left by `now`.
    func isDue(now: UInt64) -> Bool { self.nextDue <= now && self.isUnfinished }

    /// Whether requests are still to be sent.
    var isUnfinished: Bool { self.isOpen && self.nextDue < self.end }

    /// Requests that were due and never sent.
    var unsent: Int { self.isUnfinished ? Int((self.end - self.nextDue) / self.interval) : 0 }

    /// The time of the request that is due; the next one is an interval later.
    mutating func takeDue() -> UInt64 {
        defer { self.nextDue += self.interval }
        return self.nextDue
    }

    mutating func put(_ client: Int) { self.ready.append(client) }

    /// Who has waited longest for a request.
    mutating func takeClient() -> Int? {
        guard self.firstReady < self.ready.count else { return nil }
        let client = self.ready[self.firstReady]
        self.firstReady += 1
        if self.firstReady > 4_096 {
            self.ready.removeFirst(self.firstReady)
            self.firstReady = 0
        }
        return client
    }
}
