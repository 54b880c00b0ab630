// SPDX-License-Identifier: Apache-2.0

import Bytes

/// What a peer has done in this window and in all, and whether that is too much (RFC 9113 10.5).
///
/// The window is of a fixed length and told by the caller's clock. Credits are what useful work
/// entitles a peer to: acknowledging content that we sent, measuring while it sends.
struct H2Budget: BitwiseCopyable {
    private var counts = InlineArray<11, UInt32>(repeating: 0)
    private var totals = InlineArray<11, UInt64>(repeating: 0)
    private var windowStart: UInt64 = 0
    private var pingCredit: UInt32 = 0
    private var updateCredit: UInt32 = 0
    private var resetCredit: UInt32 = 0

    /// The clock moved; a window that is over gives way to a new one.
    mutating func advance(to nowMilliseconds: UInt64, _ limits: borrowing H2Limits) {
        guard nowMilliseconds >= self.windowStart &+ limits.budgetMilliseconds else { return }
        self.windowStart = nowMilliseconds
        self.counts = InlineArray(repeating: 0)
    }

    /// Counts one; `false` when it is one too many.
    mutating func spend(_ flood: H2Flood, _ limits: borrowing H2Limits) -> Bool {
        let index = Int(flood.rawValue)
        self.totals[index] &+= 1
        if flood == .ping && self.pingCredit > 0 {
            self.pingCredit &-= 1
            return true
        }
        if flood == .windowUpdate && self.updateCredit > 0 {
            self.updateCredit &-= 1
            return true
        }
        if flood == .resets && self.resetCredit > 0 {
            self.resetCredit &-= 1
            return true
        }
        self.counts[index] &+= 1
        return Int(self.counts[index]) <= limits.bound(flood)
    }

    /// Counts one that is bounded elsewhere.
    mutating func note(_ flood: H2Flood) { self.totals[Int(flood.rawValue)] &+= 1 }

    /// The peer has sent content.
    mutating func hasReceivedContent() {
        self.pingCredit = min(self.pingCredit &+ 1, 1_000)
    }

    /// Content was sent in a frame that the peer's window did not make small.
    mutating func hasSentContent() {
        self.updateCredit = min(self.updateCredit &+ 2, 10_000)
    }

    /// We have asked for something, which its peer may end as it likes: a server that has answered
    /// before it saw the end of the request resets the stream (RFC 9113 8.1), and gRPC's do so
    /// often.
    mutating func hasAsked() {
        self.resetCredit = min(self.resetCredit &+ 1, 10_000)
    }

    /// How often this was counted in all.
    func total(_ flood: H2Flood) -> UInt64 { self.totals[Int(flood.rawValue)] }
}
