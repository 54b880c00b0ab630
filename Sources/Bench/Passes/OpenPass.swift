// SPDX-License-Identifier: Apache-2.0
import Foundation

extension Passes {
    /// Latency from when each request was due, at a fixed rate; `subject` is absent when the port
    /// is the origin's own.
    static func open(
        _ port: Int,
        _ subject: Subject?,
        _ load: inout LoadGenerator,
        _ settings: BenchSettings,
        requestsPerSecond rate: Int = Workload.openRequestsPerSecond
    ) throws -> Measurement {
        try load.start(port: port, clients: load.workload.clients)
        load.pause()
        try load.runOpen(
            requestsPerSecond: rate,
            nanoseconds: UInt64(settings.warmSeconds * 1e9)
        )
        let warmFailures = load.result.failures
        let before = subject?.probe.cpuNanoseconds ?? 0
        try load.runOpen(requestsPerSecond: rate, nanoseconds: UInt64(settings.seconds * 1e9))
        let cpu = Double((subject?.probe.cpuNanoseconds ?? 0) - before)
        let result = load.result
        load.stop()
        guard result.requests > 0 else {
            throw BenchError(description: "port \(port) answered nothing")
        }
        return Measurement(
            requestsPerSecond: Double(result.requests) / (Double(result.nanoseconds) / 1e9),
            cpuMicroseconds: cpu / Double(result.requests) / 1_000,
            p50Microseconds: result.latencies.microseconds(atShare: 0.5),
            p99Microseconds: result.latencies.microseconds(atShare: 0.99),
            failures: result.failures + warmFailures
        )
    }
}
