// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Two different numbers below `count`, drawn from one random word.
///
/// `count` is at least 2.
public func twoChoices(_ random: UInt64, of count: UInt32) -> (first: UInt32, second: UInt32) {
    let first = UInt32(truncatingIfNeeded: (random >> 32 &* UInt64(count)) >> 32)
    let low = random & 0xffff_ffff
    let second = UInt32(truncatingIfNeeded: (low &* UInt64(count &- 1)) >> 32)
    return (first, second >= first ? second &+ 1 : second)
}

/// How much of its share an endpoint gets now, in percent: it grows evenly over `slowStart`, from
/// `Limits.slowStartPercentMin`.
///
/// `since`: when it came (back), worker ms; 0: long ago.
public func slowStartPercent(
    nowMilliseconds now: UInt64,
    since: UInt64,
    slowStartMilliseconds slowStart: UInt32
) -> UInt32 {
    guard slowStart > 0, since > 0, now < since &+ UInt64(slowStart) else { return 100 }
    let least = UInt64(Limits.slowStartPercentMin)
    let passed = now > since ? now &- since : 0
    return UInt32(max(least, passed &* 100 / UInt64(slowStart)))
}

/// Whether the endpoint with `load` requests at `percent` of its share is the better choice.
///
/// Weighed as if each already had the request in question. Equal: `first`.
public func isLessLoaded(
    _ second: UInt32,
    percent secondPercent: UInt32,
    than first: UInt32,
    percent firstPercent: UInt32
) -> Bool {
    (UInt64(second) &+ 1) &* UInt64(firstPercent) < (UInt64(first) &+ 1) &* UInt64(secondPercent)
}

/// How long an ejection lasts: twice as long with each one in a row.
///
/// `earlier`: ejections before it. At most `Limits.ejectForMillisecondsMax`, or `first` where that
/// is longer.
public func ejectionMilliseconds(first: UInt32, earlier: UInt32) -> UInt64 {
    let longest = max(UInt64(first), UInt64(Limits.ejectForMillisecondsMax))
    return min(UInt64(first) << UInt64(min(earlier, 16)), longest)
}

/// How many of `count` addresses may be out at once.
///
/// A part of one counts as one, but never the last.
public func ejectableCount(of count: Int, atMostPermyriad share: UInt32) -> Int {
    guard count > 1, share > 0 else { return 0 }
    return min(max(count * Int(share) / 10_000, 1), count)
}

/// Requests and retries of the last seconds of one worker at one upstream: a sliding window made
/// of two halves.
///
/// Zero is an empty window.
public struct RetryWindow: BitwiseCopyable, Sendable {
    private var requests: UInt32 = 0
    private var retries: UInt32 = 0
    private var earlierRequests: UInt32 = 0
    private var earlierRetries: UInt32 = 0
    /// Number of the half in which the counts fall.
    private var half: UInt64 = 0

    /// An empty window.
    public init() {}

    private mutating func move(_ nowMilliseconds: UInt64) {
        let half = nowMilliseconds / UInt64(Limits.retryWindowMilliseconds / 2)
        guard half != self.half else { return }
        let isNext = half == self.half &+ 1
        self.earlierRequests = isNext ? self.requests : 0
        self.earlierRetries = isNext ? self.retries : 0
        self.requests = 0
        self.retries = 0
        self.half = half
    }

    /// A request begins.
    public mutating func countRequest(nowMilliseconds: UInt64) {
        self.move(nowMilliseconds)
        self.requests &+= 1
    }

    /// Whether one more retry fits into `permyriad` of the requests, or into `floor`.
    public mutating func hasRoom(
        nowMilliseconds: UInt64,
        permyriad: UInt32,
        floor: UInt32
    ) -> Bool {
        self.move(nowMilliseconds)
        let made = UInt64(self.retries) &+ UInt64(self.earlierRetries)
        let requests = UInt64(self.requests) &+ UInt64(self.earlierRequests)
        return made < UInt64(floor) || (made &+ 1) &* 10_000 <= requests &* UInt64(permyriad)
    }

    /// A retry is made.
    public mutating func countRetry() { self.retries &+= 1 }
}
