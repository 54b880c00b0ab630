// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Control

/// What `promtool check metrics` says, or `nil` when it is not installed.
func promtoolFindings(_ page: String) throws -> String? {
    guard
        let tool = ["/usr/bin/promtool", "/usr/local/bin/promtool"]
            .first(where: { FileManager.default.isExecutableFile(atPath: $0) })
    else { return nil }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = ["check", "metrics"]
    let input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(page.utf8))
    try input.fileHandleForWriting.close()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: text, as: UTF8.self)
        + (process.terminationStatus == 0 ? "" : "exit \(process.terminationStatus)")
}

@Suite("Metrics page")
struct MetricsPageTests {
    private let families = [
        MetricFamily(
            "banyan_http_requests_total",
            .counter,
            "Requests by route, \\ and \"more\".\nTwo lines.",
            samples: [
                MetricSample(labels: [MetricLabel("route", "a\"b\\c\nd")], value: 7),
                MetricSample(labels: [MetricLabel("route", "é")], value: 0.5),
            ]
        ),
        MetricFamily("banyan_generation", .gauge, "Highest generation.", value: 1_841),
        MetricFamily.histogram(
            "banyan_http_request_duration_seconds",
            "Time to answer.",
            rows: [
                HistogramRow(
                    labels: [MetricLabel("origin", "modern")],
                    bounds: [0.005, 0.1, 1],
                    counts: [3, 2, 0, 1],
                    sum: 2.25
                )
            ]
        ),
        MetricFamily("banyan_empty_total", .counter, "Never.", samples: []),
    ]

    @Test func `families are written by name with help, type and escapes`() {
        #expect(
            metricsPage(self.families) == #"""
                # HELP banyan_generation Highest generation.
                # TYPE banyan_generation gauge
                banyan_generation 1841
                # HELP banyan_http_request_duration_seconds Time to answer.
                # TYPE banyan_http_request_duration_seconds histogram
                banyan_http_request_duration_seconds_bucket{origin="modern",le="0.005"} 3
                banyan_http_request_duration_seconds_bucket{origin="modern",le="0.1"} 5
                banyan_http_request_duration_seconds_bucket{origin="modern",le="1"} 5
                banyan_http_request_duration_seconds_bucket{origin="modern",le="+Inf"} 6
                banyan_http_request_duration_seconds_sum{origin="modern"} 2.25
                banyan_http_request_duration_seconds_count{origin="modern"} 6
                # HELP banyan_http_requests_total Requests by route, \\ and "more".\nTwo lines.
                # TYPE banyan_http_requests_total counter
                banyan_http_requests_total{route="a\"b\\c\nd"} 7
                banyan_http_requests_total{route="é"} 0.5

                """#
        )
    }

    @Test func `openmetrics drops total from family names and ends in EOF`() {
        let page = metricsPage(self.families, format: .openMetrics)
        #expect(page.contains("# TYPE banyan_http_requests counter\nbanyan_http_requests_total{"))
        #expect(page.hasSuffix("\n# EOF\n"))
    }

    @Test func `promtool has nothing to say about the page and the process figures`() throws {
        guard let findings = try promtoolFindings(metricsPage(self.families + processFigures()))
        else {
            print("skipped: promtool is not installed")
            return
        }
        #expect(findings == "")
        let bad = MetricFamily("banyan_requests", .counter, "No total.", value: 1)
        #expect(try promtoolFindings(metricsPage([bad])) != "")
    }

    @Test func `process figures are read from the kernel`() {
        let names = processFigures().map(\.name)
        #expect(
            names == [
                "process_cpu_seconds_total", "process_threads", "process_start_time_seconds",
                "process_virtual_memory_bytes", "process_resident_memory_bytes",
                "process_open_fds", "process_max_fds",
            ]
        )
        #expect(processFigures().allSatisfy { $0.samples.allSatisfy { $0.value > 0 } })
    }
}

@Suite("Health")
struct HealthTests {
    private func edge(_ checks: [HealthCheck]) -> ObservedEdge {
        ObservedEdge(checks: { checks }, figures: { [] })
    }

    private func get(_ target: String, _ edge: ObservedEdge) -> ControlResponse {
        edge.answer(ControlRequest(method: "GET", target: target))
    }

    @Test func `a degraded edge stays ready and a failed one does not`() {
        let degraded = self.edge([
            HealthCheck("config", .ok), HealthCheck("store", .degraded, "away"),
        ])
        #expect(self.get("/readyz", degraded).status == 200)
        #expect(self.get("/readyz", degraded).text == "ok\n")
        #expect(
            self.get("/readyz?verbose", degraded).text
                == "[+]config ok\n[!]store degraded: away\nreadyz ok\n"
        )
        let failed = self.edge([HealthCheck("draining", .failed, "SIGTERM")])
        #expect(self.get("/readyz", failed).status == 503)
        #expect(self.get("/readyz?exclude=draining", failed).status == 200)
        #expect(self.get("/livez", failed).status == 200)
        #expect(self.get("/readyz?verbose", failed).text.hasPrefix("[-]draining failed: SIGTERM\n"))
    }

    @Test func `other paths and methods are refused with a word of help`() {
        let edge = self.edge([])
        #expect(self.get("/", edge).status == 404)
        #expect(edge.answer(ControlRequest(method: "POST", target: "/metrics")).status == 405)
        #expect(
            self.get("/metrics", edge).contentType == "text/plain; version=0.0.4; charset=utf-8"
        )
    }
}
