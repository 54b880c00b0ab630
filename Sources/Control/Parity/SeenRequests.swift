// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Tells repeats: within a window one request of a tenant is one observation, because repeats of a
/// GET are not independent of each other (parity.md f3 i).
///
/// A repeat that fails where the first matched counts all the same: doubt is never in favour of a
/// GO.
struct SeenRequests {
    private var window: Int64 = 0
    /// By digest: whether a mismatch or failure was counted already.
    private var seen: [UInt64: Bool] = [:]

    /// Requests of the window that are remembered.
    var count: Int { self.seen.count }

    /// Whether this observation counts; `windowMilliseconds` 0: every one does.
    ///
    /// `most`: requests that may be remembered.
    mutating func isNew(
        _ digest: [UInt8],
        isBad: Bool,
        unixMilliseconds: Int64,
        windowMilliseconds: Int,
        most: Int = Limits.parityDigestsMax
    ) -> Bool {
        guard windowMilliseconds > 0, digest.count == 16 else { return true }
        let window = unixMilliseconds / Int64(windowMilliseconds)
        // An answer of the window before came late; a clock that was set back begins anew.
        if window > self.window || window < self.window - 1 {
            self.window = window
            self.seen.removeAll(keepingCapacity: self.seen.count < 65_536)
        }
        var word: UInt64 = 0
        for index in 0..<8 { word |= UInt64(digest[index]) << UInt64(8 * index) }
        if let wasBad = self.seen[word] {
            guard isBad, !wasBad else { return false }
            self.seen[word] = true
            return true
        }
        guard self.seen.count < most else { return false }
        self.seen[word] = isBad
        return true
    }
}
