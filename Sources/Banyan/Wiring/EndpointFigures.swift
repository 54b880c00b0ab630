// SPDX-License-Identifier: Apache-2.0

import Bytes
import Control
import Migration
import Proxy

/// An upstream of the snapshot in force, by the numbers under which workers count.
struct CountedUpstream: Sendable {
    var name: String
    var number: UInt32
    /// Numbers of its endpoints, in the order of the file.
    var endpoints: [UInt32]

    /// The upstreams of a snapshot.
    static func all(of view: SnapshotView) -> [CountedUpstream] {
        (0..<view.upstreamCount).map { index in
            let record = view.upstream(index)
            return CountedUpstream(
                name: view.window(record.name).text,
                number: record.number,
                endpoints: (0..<record.endpointCount).map {
                    view.endpoint(record.firstEndpoint + $0).number
                }
            )
        }
    }
}

/// What workers count of upstreams and their endpoints, as families of the metrics page.
///
/// Endpoints are told by their place in the file. Beyond `Limits.endpointSeriesMax` endpoints the
/// rest has no series, which one of the families says.
struct EndpointFigures {
    let plane: DataPlane
    let upstreams: [CountedUpstream]

    var families: [MetricFamily] { self.upstreamFamilies + self.endpointFamilies }

    private var upstreamFamilies: [MetricFamily] {
        let rows: [(UpstreamCounter, String, String)] = [
            (.retries, "retries", "Further attempts at another endpoint of the upstream."),
            (
                .budgetExhausted, "retry_budget_exhausted",
                "Failures that were not retried because the budget was used up."
            ),
            (.breakerOpen, "breaker_open", "Requests refused because the breaker was open."),
            (.panics, "panics", "Requests for which no endpoint was fit, and any was used."),
        ]
        return rows.map { counter, name, help in
            MetricFamily(
                "banyan_upstream_\(name)_total",
                .counter,
                help,
                samples: self.upstreams.map { upstream in
                    MetricSample(
                        labels: [MetricLabel("upstream", upstream.name)],
                        value: Double(
                            self.plane.sum(MetricsLayout.upstream(upstream.number, counter))
                        )
                    )
                }
            )
        }
    }

    private var endpointFamilies: [MetricFamily] {
        let all = self.upstreams.flatMap { upstream in
            upstream.endpoints.enumerated().map { (upstream.name, $0.offset, $0.element) }
        }
        let shown = all.prefix(Limits.endpointSeriesMax)
        func family(
            _ name: String,
            _ kind: MetricFamily.Kind,
            _ help: String,
            _ value: (UInt32) -> Double
        ) -> MetricFamily {
            MetricFamily(
                "banyan_upstream_endpoint_\(name)",
                kind,
                help,
                samples: shown.map { upstream, index, number in
                    MetricSample(
                        labels: [
                            MetricLabel("upstream", upstream), MetricLabel("endpoint", "\(index)"),
                        ],
                        value: value(number)
                    )
                }
            )
        }
        func sum(_ counter: EndpointCounter) -> (UInt32) -> Double {
            { Double(self.plane.sum(MetricsLayout.endpoint($0, counter))) }
        }
        return [
            family("requests_total", .counter, "Requests sent to it.", sum(.requests)),
            family(
                "failures_total",
                .counter,
                "Requests that failed there: no connection, no answer, too late, 5xx.",
                sum(.failures)
            ),
            family("ejections_total", .counter, "Ejections by workers.", sum(.ejections)),
            family("pending", .gauge, "Requests that wait for a connection to it.", sum(.pending)),
            family("ejected_workers", .gauge, "Workers that have it ejected now.") {
                Double(self.plane.ejectedWorkers(endpoint: $0))
            },
            family("usable", .gauge, "1: it has an address and no check finds it ill.") {
                self.plane.health(endpoint: $0) == .healthy ? 1 : 0
            },
            MetricFamily(
                "banyan_upstream_endpoints_without_series",
                .gauge,
                "Endpoints that have no series because there are too many.",
                value: Double(all.count - shown.count)
            ),
        ]
    }
}
