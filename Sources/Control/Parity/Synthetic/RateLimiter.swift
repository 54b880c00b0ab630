// SPDX-License-Identifier: Apache-2.0

import Kernel
import Synchronization

/// Spaces requests of several threads evenly: a token bucket that holds one token, so that no two
/// leave within `1 / rate` seconds however long nothing was asked.
///
/// Legacy services are fragile: a burst after a pause is what they do not survive.
public final class RateLimiter: Sendable {
    private let gapNanoseconds: UInt64
    private let next = Mutex<UInt64>(0)

    /// At most `perSecond` turns a second.
    public init(perSecond: Double) {
        precondition(perSecond > 0, "\(perSecond) a second")
        self.gapNanoseconds = UInt64(1_000_000_000 / perSecond)
    }

    /// The next turn's time on the monotonic clock, for a caller that is ready at `now`.
    func reserve(_ now: UInt64) -> UInt64 {
        self.next.withLock { next in
            let turn = max(now, next)
            next = turn + self.gapNanoseconds
            return turn
        }
    }

    /// Waits for the caller's turn; `false` when `isStopping` says so meanwhile.
    @discardableResult
    public func wait(unless isStopping: () -> Bool = { false }) -> Bool {
        let turn = self.reserve(monotonicNanoseconds())
        while !isStopping() {
            let now = monotonicNanoseconds()
            guard now < turn else { return true }
            // Short naps, so that a stop is noticed within a tenth of a second.
            sleepThread(milliseconds: UInt32(min((turn - now) / 1_000_000 + 1, 100)))
        }
        return false
    }
}
