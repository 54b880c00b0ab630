// SPDX-License-Identifier: Apache-2.0

import Parity

/// What `/metrics` says of parity: bounded by routes, migrations, outcomes and classes, never by
/// tenants, fields or traffic.
enum ParityMetrics {
    /// Families of what was counted since the start.
    static func families(
        _ figures: LedgerFigures,
        waitingRereads: Int
    ) -> [MetricFamily] {
        [
            MetricFamily(
                "banyan_parity_comparisons_total",
                .counter,
                "Sampled exchanges by route and what became of them.",
                samples: self.samples(
                    figures.outcomes,
                    "outcome",
                    ObservationOutcome.allCases.map { (Int($0.rawValue), $0.word) }
                )
            ),
            MetricFamily(
                "banyan_parity_differences_total",
                .counter,
                "Differences found, by route and class.",
                samples: self.samples(
                    figures.differences,
                    "class",
                    DifferenceClass.allCases.map { (Int($0.rawValue), $0.word) }
                )
            ),
            MetricFamily(
                "banyan_parity_unobserved_total",
                .counter,
                "Sampled exchanges that were not compared, by reason.",
                samples: UnobservedReason.allCases.filter { $0 != .none }.map { reason in
                    MetricSample(
                        labels: [MetricLabel("reason", reason.word)],
                        value: Double(figures.unobserved[Int(reason.rawValue)])
                    )
                }
            ),
            MetricFamily(
                "banyan_parity_noise_reads_total",
                .counter,
                "Second reads of legacy (A/A).",
                value: Double(figures.noiseReads)
            ),
            MetricFamily(
                "banyan_parity_noise_differed_total",
                .counter,
                "Second reads of legacy that differed from the first.",
                value: Double(figures.noiseDiffered)
            ),
            MetricFamily(
                "banyan_parity_failed_flushes_total",
                .counter,
                "Flushes that the parity store did not take; counts wait in memory meanwhile.",
                value: Double(figures.failedFlushes)
            ),
            MetricFamily(
                "banyan_parity_store_connected",
                .gauge,
                "Whether the parity store takes counts.",
                value: figures.storeProblem.isEmpty ? 1 : 0
            ),
            MetricFamily(
                "banyan_parity_waiting_rereads",
                .gauge,
                "Exchanges that wait for a second read of legacy.",
                value: Double(waitingRereads)
            ),
        ]
    }

    /// Families of each migration's epoch, from reports as of their reading.
    static func families(_ reports: [ParityReport]) -> [MetricFamily] {
        func samples(_ value: (ParityReport) -> Double) -> [MetricSample] {
            reports.prefix(1_000).map {
                MetricSample(labels: [MetricLabel("migration", $0.migration)], value: value($0))
            }
        }
        return [
            MetricFamily(
                "banyan_parity_upper_bound",
                .gauge,
                "Upper bound of the mismatch rate in the current epoch, at the gate's confidence.",
                samples: samples { report in
                    // Nothing is known: it may be all of them.
                    let bound = report.series.last?.upperBound ?? 1
                    return bound.isFinite ? bound : 1
                }
            ),
            MetricFamily(
                "banyan_parity_limit",
                .gauge,
                "Mismatch rate that the gate allows.",
                samples: samples { $0.mismatchLimit }
            ),
            MetricFamily(
                "banyan_parity_epoch",
                .gauge,
                "Number of the current epoch; counts start anew with each.",
                samples: samples { Double($0.epoch.number) }
            ),
            MetricFamily(
                "banyan_parity_epoch_comparisons",
                .gauge,
                "Comparisons in the current epoch.",
                samples: samples { Double($0.compared) }
            ),
            MetricFamily(
                "banyan_parity_zero_tolerance",
                .gauge,
                "Exchanges of the current epoch with a difference of which one is too many.",
                samples: samples { Double($0.all.zeroTolerance) }
            ),
            MetricFamily(
                "banyan_parity_verdict",
                .gauge,
                "The gate's verdict on the current epoch: 1 for the one that holds.",
                samples: reports.prefix(1_000).flatMap { report in
                    VerdictWord.allCases.map { word in
                        MetricSample(
                            labels: [
                                MetricLabel("migration", report.migration),
                                MetricLabel("verdict", word.rawValue),
                            ],
                            value: report.verdict.word == word.rawValue ? 1 : 0
                        )
                    }
                }
            ),
        ]
    }

    /// Every route with every word: a series is there before its first event.
    private static func samples(
        _ counts: [String: [UInt64]],
        _ label: String,
        _ words: [(index: Int, word: String)]
    ) -> [MetricSample] {
        counts.sorted { $0.key < $1.key }.flatMap { route, numbers in
            words.map { index, word in
                MetricSample(
                    labels: [MetricLabel("route", route), MetricLabel(label, word)],
                    value: Double(numbers[index])
                )
            }
        }
    }
}
