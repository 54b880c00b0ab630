// SPDX-License-Identifier: Apache-2.0
import Foundation
import Kernel

/// One measured stretch of one proxy.
struct Measurement: Codable {
    var requestsPerSecond = 0.0
    var cpuMicroseconds = 0.0
    var userMicroseconds = 0.0
    var p50Microseconds = 0.0
    var p99Microseconds = 0.0
    var failures = 0
    /// Bytes of one idle connection: the process's own, and the kernel's for both of its ends.
    var processBytes = 0.0
    var kernelBytes = 0.0
}

/// How long and how much.
struct BenchSettings {
    var rounds = 5
    var seconds = 2.0
    var warmSeconds = 0.5
}

/// The passes over a running proxy.
///
/// All of them run the load on the calling thread.
enum Passes {
    /// CPU time, latency and rate over the settings' seconds, after a warm-up.
    static func measure(
        _ subject: Subject,
        _ load: inout LoadGenerator,
        _ settings: BenchSettings
    ) throws -> Measurement {
        try load.start(port: subject.place.port, clients: load.workload.clients)
        load.run(nanoseconds: UInt64(settings.warmSeconds * 1e9))
        // Handshakes on a busy machine take longer.
        if load.result.requests < load.workload.clients {
            load.run(nanoseconds: 5_000_000_000, requestsMax: load.workload.clients)
        }
        let warmFailures = load.result.failures
        let ticks = subject.probe.ticks
        let before = subject.probe.cpuNanoseconds
        load.run(nanoseconds: UInt64(settings.seconds * 1e9))
        let cpu = Double(subject.probe.cpuNanoseconds - before)
        let after = subject.probe.ticks
        let result = load.result
        load.stop()
        guard result.requests > 0 else {
            throw BenchError(description: "\(subject.program.name) answered nothing")
        }
        let requests = Double(result.requests)
        let user = after.user - ticks.user
        let all = user + after.system - ticks.system
        return Measurement(
            requestsPerSecond: requests / (Double(result.nanoseconds) / 1e9),
            cpuMicroseconds: cpu / requests / 1_000,
            userMicroseconds: all > 0 ? cpu / requests / 1_000 * user / all : 0,
            p50Microseconds: result.latencies.microseconds(atShare: 0.5),
            p99Microseconds: result.latencies.microseconds(atShare: 0.99),
            failures: result.failures + warmFailures
        )
    }

    /// System calls per request, by name, under strace; the tracer sees the load alone.
    static func systemCalls(
        _ subject: Subject,
        _ load: inout LoadGenerator
    ) throws -> [String: Double] {
        let output = subject.place.path("strace.txt")
        // Warm first: connections to the origins are made before the count. The tracer comes and
        // goes while nothing is asked, so that what it counts belongs to the requests counted here.
        try load.start(port: subject.place.port, clients: load.workload.clients)
        load.run(nanoseconds: 300_000_000)
        load.pause()
        let tracer = try trace(subject, output, &load)
        load.resume()
        load.run(nanoseconds: 1_500_000_000)
        var requests = load.result.requests
        // Large answers take their time under a tracer, more so on a busy machine.
        if requests < 100 {
            load.run(nanoseconds: 8_000_000_000, requestsMax: 100)
            requests += load.result.requests
        }
        load.run(nanoseconds: 0)
        load.pause()
        requests += load.result.requests
        tracer.interrupt()
        while tracer.isRunning { load.serve(milliseconds: 10) }
        load.stop()
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        return try perRequest(text, requests)
    }

    /// Calls by name of a `strace -c` table, per request.
    static func perRequest(_ text: String, _ requests: Int) throws -> [String: Double] {
        let calls = parseStrace(text)
        guard requests > 0, !calls.isEmpty else {
            throw BenchError(description: "strace says nothing (it needs ptrace):\n\(text)")
        }
        return calls.mapValues { Double($0) / Double(requests) }
    }

    /// Has strace count the calls of a proxy; returns when it has hold of every thread.
    static func trace(
        _ subject: Subject,
        _ output: String,
        _ load: inout LoadGenerator
    ) throws
        -> Process
    {
        let tracer = Process()
        let processes = subject.probe.processes.flatMap { ["-p", String($0)] }
        try launch(tracer, ["strace", "-c", "-f", "-q", "-o", output] + processes)
        let end = Date(timeIntervalSinceNow: 5)
        while !subject.probe.isTraced, tracer.isRunning, Date() < end {
            load.serve(milliseconds: 10)
        }
        return tracer
    }

    /// Calls by name of a `strace -c` table.
    static func parseStrace(_ text: String) -> [String: Int] {
        var calls: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            // % time, seconds, usecs/call, calls, [errors], name
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count >= 5, Double(fields[0]) != nil, let count = Int(fields[3]),
                let name = fields.last, name != "total"
            else { continue }
            calls[name] = count
        }
        return calls
    }

    /// Instructions in user mode per request, under callgrind, warm-up left out.
    static func instructions(
        _ program: any SubjectProgram,
        _ workload: Workload,
        _ place: SubjectPlace,
        _ load: inout LoadGenerator
    ) throws -> Double {
        let wrapper = [
            "taskset", "-c", "0", "valgrind", "--tool=callgrind", "-q",
            "--callgrind-out-file=\(place.path("callgrind.out"))",
        ]
        let subject = try Subject(program, workload, place, wrapper: wrapper, readySeconds: 60)
        defer { subject.stop() }
        try load.start(port: place.port, clients: 16)
        load.run(nanoseconds: 20_000_000_000, requestsMax: 4_000)
        load.pause()
        // A dump begins a new count in every thread; zeroing does so only in the one that runs.
        try control("-d", subject, &load)
        load.resume()
        load.run(nanoseconds: 20_000_000_000, requestsMax: 8_000)
        var requests = load.result.requests
        load.run(nanoseconds: 0)
        load.pause()
        requests += load.result.requests
        try control("-d", subject, &load)
        load.stop()
        let folder = try FileManager.default.contentsOfDirectory(atPath: place.folder.path)
        let dump = folder.filter { $0.hasPrefix("callgrind.out.") }.max()
        let text = try dump.map { try String(contentsOfFile: place.path($0), encoding: .utf8) }
        let line = text?.split(separator: "\n").first {
            $0.hasPrefix("totals:") || $0.hasPrefix("summary:")
        }
        guard let total = line?.split(separator: " ").last.flatMap({ Double($0) }), requests > 0
        else { throw BenchError(description: "callgrind says nothing about \(program.name)") }
        return total / Double(requests)
    }

    static func launch(_ process: Process, _ command: [String]) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Has callgrind zero or dump its counters while nothing is asked.
    private static func control(
        _ option: String,
        _ subject: Subject,
        _ load: inout LoadGenerator
    ) throws {
        let tool = Process()
        try launch(tool, ["callgrind_control", option, String(subject.probe.root)])
        let end = Date(timeIntervalSinceNow: 20)
        while tool.isRunning, Date() < end { load.serve(milliseconds: 20) }
        if tool.isRunning {
            tool.terminate()
            throw BenchError(description: "callgrind_control \(option) does not end")
        }
    }
}
