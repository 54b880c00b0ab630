// SPDX-License-Identifier: Apache-2.0

import Migration

extension UpstreamWatch {
    /// Families of `/metrics`: a few series per upstream, whatever its names resolve to.
    var figures: [MetricFamily] {
        let counts = self.counts
        var byState: [String: [EndpointStatus.State: Int]] = [:]
        for row in self.status { byState[row.upstream, default: [:]][row.state, default: 0] += 1 }
        let states: [EndpointStatus.State] = [
            .healthy, .unhealthy, .unknown, .unchecked, .unresolved,
        ]
        let endpoints = byState.sorted { $0.key < $1.key }.flatMap { upstream, found in
            states.map { state in
                MetricSample(
                    labels: [
                        MetricLabel("upstream", upstream), MetricLabel("state", state.rawValue),
                    ],
                    value: Double(found[state] ?? 0)
                )
            }
        }
        let checks = counts.checks.sorted { $0.key < $1.key }.flatMap { upstream, count in
            [("passed", count.passed), ("failed", count.failed)].map { result, value in
                MetricSample(
                    labels: [MetricLabel("upstream", upstream), MetricLabel("result", result)],
                    value: Double(value)
                )
            }
        }
        return [
            MetricFamily(
                "banyan_upstream_endpoints",
                .gauge,
                "Endpoints of an upstream, by what active checks and DNS say of them.",
                samples: endpoints
            ),
            MetricFamily(
                "banyan_upstream_checks_total",
                .counter,
                "Active checks of an upstream's endpoints.",
                samples: checks
            ),
            MetricFamily(
                "banyan_upstream_moves_total",
                .counter,
                "Addresses of endpoints that DNS has changed.",
                value: Double(counts.moves)
            ),
            MetricFamily(
                "banyan_name_lookups_total",
                .counter,
                "Names of endpoints that were asked for.",
                value: Double(counts.lookups)
            ),
            MetricFamily(
                "banyan_name_lookup_failures_total",
                .counter,
                "Names of endpoints that had no answer; the last good one stays.",
                value: Double(counts.lookupFailures)
            ),
        ]
    }

    /// The line of `/readyz`: an edge stays ready, since it cannot mend its origins.
    var check: HealthCheck {
        let rows = self.status
        let bad = rows.filter { $0.state == .unhealthy || $0.state == .unresolved }
        guard let first = bad.first else { return HealthCheck("endpoints", .ok) }
        let example = "\(first.upstream) \(first.endpoint) is \(first.state.rawValue)"
        return HealthCheck(
            "endpoints",
            .degraded,
            "\(bad.count) of \(rows.count): \(example)" + (first.reason.map { ": \($0)" } ?? "")
        )
    }
}
