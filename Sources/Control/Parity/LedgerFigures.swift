// SPDX-License-Identifier: Apache-2.0

import Parity

/// What a ledger has counted since the edge started, for metrics: bounded by routes and classes.
public struct LedgerFigures: Sendable {
    /// Observations by route and outcome (raw value).
    public var outcomes: [String: [UInt64]] = [:]
    /// Observations by reason (raw value) that were not compared.
    public var unobserved = [UInt64](repeating: 0, count: UnobservedReason.allCases.count)
    /// Differences by route and class (raw value).
    public var differences: [String: [UInt64]] = [:]
    /// A/A re-reads, and those that differed.
    public var noiseReads: UInt64 = 0
    /// See ``noiseReads``.
    public var noiseDiffered: UInt64 = 0
    /// Flushes that the store did not take.
    public var failedFlushes: UInt64 = 0
    /// Why the store takes nothing now; empty: it does.
    public var storeProblem = ""

    /// Nothing yet.
    public init() {}

    mutating func count(_ observation: ParityObservation) {
        let outcomes = [UInt64](repeating: 0, count: ObservationOutcome.allCases.count)
        let index = Int(observation.outcome.rawValue)
        self.outcomes[observation.route, default: outcomes][index] += 1
        if observation.outcome == .unobserved {
            self.unobserved[Int(observation.reason.rawValue)] += 1
        }
        let classes = [UInt64](repeating: 0, count: DifferenceClass.allCases.count)
        for difference in observation.differences {
            let number = Int(difference.difference.rawValue)
            self.differences[observation.route, default: classes][number] += 1
        }
        guard observation.hasNoise else { return }
        self.noiseReads += 1
        if !observation.noise.isEmpty { self.noiseDiffered += 1 }
    }
}
