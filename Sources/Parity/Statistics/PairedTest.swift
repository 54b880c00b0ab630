// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether modern differs from legacy more often than legacy differs from itself, at any level of
/// noise (parity.md e).
///
/// Of triples P, C, S (legacy, modern, legacy again) only those count in which exactly one of C and
/// S differs from P. If modern were exchangeable with a second read of legacy, either would be
/// as likely.
public struct PairedTest: Sendable, Hashable {
    /// 1/alpha from which on it is an alarm: one false alarm in 1,000 over all looks.
    public static let alarmWealth = 1_000.0

    /// b: modern differed, legacy agreed with itself.
    public var candidateOnly: UInt64
    /// c: legacy differed with itself, modern agreed.
    public var noiseOnly: UInt64

    /// A test with these counts.
    public init(candidateOnly: UInt64 = 0, noiseOnly: UInt64 = 0) {
        self.candidateOnly = candidateOnly
        self.noiseOnly = noiseOnly
    }

    /// Counts one triple.
    public mutating func add(candidateDiffers: Bool, noiseDiffers: Bool) {
        if candidateDiffers && !noiseDiffers { self.candidateOnly += 1 }
        if noiseDiffers && !candidateDiffers { self.noiseOnly += 1 }
    }

    /// ln E against "as likely the one as the other".
    public var logE: Double {
        let (all, overflows) = self.candidateOnly.addingReportingOverflow(self.noiseOnly)
        return overflows ? .nan : EProcess.logUp(self.candidateOnly, of: all, limit: 0.5)
    }

    /// Modern differs in its own right.
    public var isAlarm: Bool { self.logE >= log(Self.alarmWealth) }
}
