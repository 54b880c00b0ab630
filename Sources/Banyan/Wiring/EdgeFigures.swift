// SPDX-License-Identifier: Apache-2.0

import Control
import Proxy
import TLS
import Wire

/// The workers' counters as families of the metrics page (reference/experience.md D2 to D5).
///
/// Labels are words of the product and names from the route files: nothing that a client sends can
/// add a series.
struct EdgeFigures {
    let plane: DataPlane
    let routes: [UInt32: String]

    private static let classes = ["1xx", "2xx", "3xx", "4xx", "5xx", "aborted"]
    private static let answerers = ["legacy", "modern", "banyan"]

    var families: [MetricFamily] {
        self.globals + [self.requests, self.calls, self.durations, self.upstreamDurations]
    }

    private var rows: [Int] { [0] + self.routes.keys.sorted().map { Int($0) + 1 } }

    /// Row 0 is "no route", then one row for each route's number.
    private func rowName(_ row: Int) -> String {
        row == 0 ? "_none" : self.routes[UInt32(row - 1)] ?? "_gone"
    }

    private var requests: MetricFamily {
        var samples: [MetricSample] = []
        for row in self.rows {
            for (answerer, origin) in EdgeFigures.answerers.enumerated() {
                for (index, codeClass) in EdgeFigures.classes.enumerated() {
                    for method in MethodToken.allCases {
                        let value = self.plane.sum(
                            MetricsLayout.request(
                                row: row,
                                answerer: answerer,
                                statusClass: index,
                                method: Int(method.rawValue)
                            )
                        )
                        guard value > 0 else { continue }
                        let word = method == .other ? "_OTHER" : "\(method.word)"
                        samples.append(
                            MetricSample(
                                labels: [
                                    MetricLabel("route", self.rowName(row)),
                                    MetricLabel("origin", origin),
                                    MetricLabel("code_class", codeClass),
                                    MetricLabel("method", word),
                                ],
                                value: Double(value)
                            )
                        )
                    }
                }
            }
        }
        return MetricFamily(
            "banyan_http_requests_total",
            .counter,
            "Requests answered, by route, who answered, class of status and method.",
            samples: samples
        )
    }

    private var calls: MetricFamily {
        var samples: [MetricSample] = []
        for row in self.rows {
            for (index, origin) in ["legacy", "modern"].enumerated() {
                for status in GRPCStatus.all {
                    let word = MetricsLayout.call(row: row, origin: index, status: status)
                    let value = self.plane.sum(word)
                    guard value > 0 else { continue }
                    samples.append(
                        MetricSample(
                            labels: [
                                MetricLabel("route", self.rowName(row)),
                                MetricLabel("origin", origin),
                                MetricLabel("grpc_status", "\(status.word)"),
                            ],
                            value: Double(value)
                        )
                    )
                }
            }
        }
        return MetricFamily(
            "banyan_grpc_calls_total",
            .counter,
            "gRPC calls answered, by route, who answered and status.",
            samples: samples
        )
    }

    private var durations: MetricFamily {
        var rows: [HistogramRow] = []
        for row in self.rows {
            for (answerer, origin) in EdgeFigures.answerers.enumerated() {
                self.append(
                    MetricsLayout.duration(row: row, answerer: answerer),
                    row,
                    origin,
                    &rows
                )
            }
        }
        return .histogram(
            "banyan_http_request_duration_seconds",
            "From a request's head to the last byte of its answer, as the client sees it.",
            rows: rows
        )
    }

    private var upstreamDurations: MetricFamily {
        var rows: [HistogramRow] = []
        for row in self.rows {
            for (index, origin) in ["legacy", "modern"].enumerated() {
                self.append(
                    MetricsLayout.upstreamDuration(row: row, origin: index),
                    row,
                    origin,
                    &rows
                )
            }
        }
        return .histogram(
            "banyan_upstream_request_duration_seconds",
            "From a request's head sent to the head of the origin's answer.",
            rows: rows
        )
    }

    private func append(
        _ base: Int,
        _ row: Int,
        _ origin: String,
        _ rows: inout [HistogramRow]
    ) {
        let bounds = MetricsLayout.boundsMicroseconds
        let counts = (0...bounds.count).map { self.plane.sum(base + $0) }
        guard counts.contains(where: { $0 > 0 }) else { return }
        rows.append(
            HistogramRow(
                labels: [MetricLabel("route", self.rowName(row)), MetricLabel("origin", origin)],
                bounds: bounds.map { Double($0) / 1_000_000 },
                counts: counts,
                sum: Double(self.plane.sum(base + 15)) / 1_000_000
            )
        )
    }

    // MARK: Counters without a route

    private var globals: [MetricFamily] {
        let shed: [(String, WorkerCounter)] = [
            ("queue", .copiesShedQueue), ("body", .copiesShedBody),
            ("breaker", .copiesShedBreaker), ("aborted", .copiesShedAborted),
            ("diverged", .copiesBlind),
        ]
        let results: [(String, WorkerCounter)] = [
            ("answered", .copiesAnswered), ("failed", .copiesFailed),
            ("timed_out", .copiesTimedOut),
        ]
        return WorkerCounter.allCases.compactMap { self.single($0) } + self.tunnels + [
            MetricFamily(
                "banyan_shadow_requests_total",
                .counter,
                "Copies sent, by how they ended.",
                samples: results.map { self.sample("result", $0.0, $0.1) }
            ),
            MetricFamily(
                "banyan_shadow_dropped_total",
                .counter,
                "Copies not made, by reason.",
                samples: shed.map { self.sample("reason", $0.0, $0.1) }
            ),
        ] + self.protocolFamilies
    }

    private var tunnels: [MetricFamily] {
        let ends: [(String, WorkerCounter)] = [
            ("done", .tunnelsDone), ("idle", .tunnelsIdle), ("moved", .tunnelsMoved),
            ("draining", .tunnelsDrained), ("client_gone", .tunnelsClientGone),
            ("upstream_gone", .tunnelsUpstreamGone),
            ("out_of_resources", .tunnelsOutOfResources),
        ]
        return [
            MetricFamily(
                "banyan_tunnels_open",
                .gauge,
                "Tunnels (WebSockets) open now, by origin.",
                samples: [
                    self.gauge("origin", "legacy", .tunnelsOpenLegacy),
                    self.gauge("origin", "modern", .tunnelsOpenModern),
                ]
            ),
            MetricFamily(
                "banyan_tunnels_closed_total",
                .counter,
                "Tunnels that ended, by reason.",
                samples: ends.map { self.sample("reason", $0.0, $0.1) }
            ),
            MetricFamily(
                "banyan_tunnel_bytes_total",
                .counter,
                "Bytes relayed through tunnels, by direction.",
                samples: [
                    self.sample("direction", "up", .tunnelBytesUp),
                    self.sample("direction", "down", .tunnelBytesDown),
                ]
            ),
        ]
    }

    /// A gauge that goes down adds two's complement: read as signed.
    private func gauge(
        _ label: String,
        _ word: String,
        _ counter: WorkerCounter
    ) -> MetricSample {
        let value = Int64(bitPattern: self.plane.total(counter))
        return MetricSample(labels: [MetricLabel(label, word)], value: Double(max(value, 0)))
    }

    private func sample(
        _ label: String,
        _ word: String,
        _ counter: WorkerCounter
    ) -> MetricSample {
        MetricSample(
            labels: [MetricLabel(label, word)],
            value: Double(self.plane.total(counter))
        )
    }

    private func single(_ counter: WorkerCounter) -> MetricFamily? {
        guard let (name, kind, help) = EdgeFigures.texts(counter) else { return nil }
        // A gauge that goes down adds two's complement: read it as signed.
        let value = Int64(bitPattern: self.plane.total(counter))
        return MetricFamily(
            "banyan_" + name,
            kind,
            help,
            samples: [MetricSample(value: Double(max(value, 0)))]
        )
    }

    private static func texts(
        _ counter: WorkerCounter
    ) -> (String, MetricFamily.Kind, String)? {
        switch counter {
        case .connectionsAccepted:
            ("connections_accepted_total", .counter, "Connections taken from clients.")
        case .connectionsRefused:
            ("connections_refused_total", .counter, "Connections closed at once at a limit.")
        case .connectionsOpen:
            ("connections_open", .gauge, "Client connections open now.")
        case .upstreamConnects:
            ("upstream_connects_total", .counter, "Connections opened to origins.")
        case .upstreamConnectionsOpen:
            ("upstream_connections_open", .gauge, "Connections to origins open now.")
        case .requestsInFlight:
            ("http_requests_in_flight", .gauge, "Requests in work, copies left out.")
        case .requestsMalformed:
            ("http_requests_malformed_total", .counter, "Requests refused as malformed.")
        case .upgradesRemoved:
            ("upgrades_removed_total", .counter, "Upgrade fields removed.")
        case .switchesRefused:
            ("switches_refused_total", .counter, "Answers 101 that were not asked for or proper.")
        case .tunnelsOpened:
            ("tunnels_opened_total", .counter, "Tunnels (WebSockets) opened.")
        case .streamsMoved:
            ("streams_moved_total", .counter, "Event streams and downloads cut by a flip.")
        case .tunnelsShed:
            ("tunnels_shed_total", .counter, "Tunnels refused because the worker has too many.")
        case .encodedSlashRefused:
            ("encoded_slash_refused_total", .counter, "Requests refused for %2f in the path.")
        case .doubleSlashRefused:
            ("double_slash_refused_total", .counter, "Requests refused for // in the path.")
        case .tenantConflicts:
            ("tenant_conflicts_total", .counter, "Requests whose tenant sources disagree.")
        case .identityFieldsRemoved:
            ("identity_fields_removed_total", .counter, "Client identity fields removed.")
        case .retries:
            ("retries_total", .counter, "Second attempts after a lost connection race.")
        case .rescues:
            ("rescues_total", .counter, "Answers that legacy gave because modern failed.")
        case .entitlementUnknown:
            ("entitlement_unknown_total", .counter, "Requests forwarded without a licence word.")
        case .answersCutShort:
            ("answers_cut_short_total", .counter, "Answers cut after their head had gone out.")
        case .clientsGone:
            ("clients_gone_total", .counter, "Clients that left before their answer was whole.")
        case .clientsTooSlow:
            ("clients_too_slow_total", .counter, "Clients cut off for being too slow.")
        case .upstreamFailures:
            ("upstream_failures_total", .counter, "Requests Banyan answered for a failed origin.")
        case .copiesDue:
            ("shadow_due_total", .counter, "Copies that were due.")
        case .copiesServerError:
            ("shadow_server_errors_total", .counter, "Copies answered with a 5xx status.")
        case .logLinesDropped:
            ("access_log_dropped_total", .counter, "Access log lines dropped: the disk is slow.")
        case .writersEvicted:
            ("writers_evicted_total", .counter, "Recent writers that found no room.")
        case .deltas:
            ("deltas_total", .counter, "Deltas applied by workers.")
        case .snapshots:
            ("snapshots_total", .counter, "Snapshots taken over by workers.")
        case .blocksUsed:
            ("blocks_used", .gauge, "Blocks of 48 KiB that connections and requests hold now.")
        default: EdgeFigures.observationTexts(counter)
        }
    }

    private static func observationTexts(
        _ counter: WorkerCounter
    ) -> (String, MetricFamily.Kind, String)? {
        switch counter {
        case .agreedModern:
            ("dual_agreed_total", .counter, "Agreed answers that were modern's.")
        case .agreedLegacy:
            ("dual_differed_total", .counter, "Held answers served by legacy: the two differed.")
        case .agreedLate:
            ("dual_late_total", .counter, "Held answers served by legacy: modern was late.")
        case .observations:
            ("parity_observations_total", .counter, "Sampled exchanges handed to comparing.")
        case .observationsWithoutSlot:
            (
                "parity_observations_without_slot_total", .counter,
                "Sampled exchanges not observed because comparing is behind."
            )
        default: EdgeFigures.protocolTexts(counter)
        }
    }

    private static func protocolTexts(
        _ counter: WorkerCounter
    ) -> (String, MetricFamily.Kind, String)? {
        switch counter {
        case .tlsHandshakes:
            ("tls_handshakes_total", .counter, "TLS handshakes that clients completed.")
        case .h2Connections:
            ("http2_connections_total", .counter, "HTTP/2 connections taken from clients.")
        case .h2Streams:
            ("http2_streams_total", .counter, "Streams of HTTP/2 clients.")
        case .h2StreamsRefused:
            ("http2_streams_refused_total", .counter, "Streams refused for want of room.")
        case .h2StreamsReset:
            ("http2_streams_reset_total", .counter, "Streams that clients reset.")
        case .h2ConnectionErrors:
            (
                "http2_connection_errors_total", .counter,
                "HTTP/2 connections ended for a broken protocol or a budget."
            )
        default: nil
        }
    }

    /// HTTP/2 connections ended by a budget, and TLS handshakes that failed, on either side.
    private var protocolFamilies: [MetricFamily] {
        [
            MetricFamily(
                "banyan_http2_floods_total",
                .counter,
                "HTTP/2 connections ended because a client did too much of something.",
                samples: H2Flood.allCases.map {
                    self.sample("kind", "\($0.word)", WorkerCounter.flood($0))
                }
            ),
            MetricFamily(
                "banyan_tls_handshake_failures_total",
                .counter,
                "TLS handshakes of clients that failed, by reason.",
                samples: self.failureSamples(MetricsLayout.clientTLSFailure)
            ),
            MetricFamily(
                "banyan_upstream_tls_failures_total",
                .counter,
                "TLS handshakes with origins that failed, by reason.",
                samples: self.failureSamples(MetricsLayout.tlsFailure)
            ),
        ]
    }

    private func failureSamples(_ word: (UInt8) -> Int) -> [MetricSample] {
        TLSFailure.allCases.filter { $0 != .none }.map { failure in
            MetricSample(
                labels: [MetricLabel("reason", "\(failure.label)")],
                value: Double(self.plane.sum(word(failure.rawValue)))
            )
        }
    }
}
