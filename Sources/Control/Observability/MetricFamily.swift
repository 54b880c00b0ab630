// SPDX-License-Identifier: Apache-2.0

/// A label of a sample.
public struct MetricLabel: Hashable, Sendable {
    /// Name: `[a-zA-Z_][a-zA-Z0-9_]*`.
    public var name: String
    /// Value; any text, escaped when it is written.
    public var value: String

    /// A label from its parts.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One number of a family.
public struct MetricSample: Hashable, Sendable {
    /// What follows the family's name: empty, or `_bucket`, `_sum`, `_count` of a histogram.
    public var suffix: String
    /// Labels in the order they are written.
    public var labels: [MetricLabel]
    /// The number.
    public var value: Double

    /// A sample from its parts.
    public init(suffix: String = "", labels: [MetricLabel] = [], value: Double) {
        self.suffix = suffix
        self.labels = labels
        self.value = value
    }
}

/// One row of a histogram: how often a value was at most each bound.
public struct HistogramRow: Hashable, Sendable {
    /// Labels that all its samples carry.
    public var labels: [MetricLabel]
    /// Upper bounds, growing, without the infinite one; in the family's unit.
    public var bounds: [Double]
    /// Observations between a bound and the one before; one more entry than `bounds`, for the rest.
    public var counts: [UInt64]
    /// Sum of all observed values, in the family's unit.
    public var sum: Double

    /// A row from its parts.
    public init(labels: [MetricLabel], bounds: [Double], counts: [UInt64], sum: Double) {
        precondition(counts.count == bounds.count + 1, "\(counts.count) of \(bounds.count)")
        self.labels = labels
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }
}

/// Numbers of one name on the metrics page.
public struct MetricFamily: Hashable, Sendable {
    /// How the numbers behave.
    public enum Kind: String, Sendable {
        /// Only grows; its name ends in `_total`.
        case counter
        /// Goes up and down.
        case gauge
        /// Observations sorted by size.
        case histogram
    }

    /// Name with its base unit last: `banyan_http_request_duration_seconds`.
    public var name: String
    /// One sentence for people.
    public var help: String
    /// How the numbers behave.
    public var kind: Kind
    /// The numbers; the family is left out when there are none.
    public var samples: [MetricSample]

    /// A family from its parts.
    public init(_ name: String, _ kind: Kind, _ help: String, samples: [MetricSample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A family with one number and no labels.
    public init(_ name: String, _ kind: Kind, _ help: String, value: Double) {
        self.init(name, kind, help, samples: [MetricSample(value: value)])
    }

    /// A histogram from its rows: cumulative buckets, sum and count.
    public static func histogram(
        _ name: String,
        _ help: String,
        rows: [HistogramRow]
    ) -> MetricFamily {
        var samples: [MetricSample] = []
        for row in rows {
            var total: UInt64 = 0
            for (index, count) in row.counts.enumerated() {
                total += count
                let bound = index < row.bounds.count ? metricNumber(row.bounds[index]) : "+Inf"
                samples.append(
                    MetricSample(
                        suffix: "_bucket",
                        labels: row.labels + [MetricLabel("le", bound)],
                        value: Double(total)
                    )
                )
            }
            samples.append(MetricSample(suffix: "_sum", labels: row.labels, value: row.sum))
            samples.append(
                MetricSample(suffix: "_count", labels: row.labels, value: Double(total))
            )
        }
        return MetricFamily(name, .histogram, help, samples: samples)
    }
}

/// A number as the exposition formats write it: whole ones without a point.
func metricNumber(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), abs(value) < 9e15 { return String(Int64(value)) }
    return "\(value)"
}
