// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What h2load has said of a run.
struct H2LoadResult {
    var requests = 0
    var failures = 0
    var requestsPerSecond = 0.0
    /// Protocol and cipher, as negotiated.
    var negotiated = ""
}

extension Passes {
    /// CPU time per request while h2load asks; the calling thread is the origin meanwhile.
    static func h2load(
        _ subject: Subject,
        _ load: inout LoadGenerator,
        _ settings: BenchSettings
    ) throws -> Measurement {
        // As many as take the time that is asked for, by what a short run says.
        let trial = try h2load(subject.place.port, requests: 5_000, &load)
        let wanted = max(5_000, Int(trial.requestsPerSecond * settings.seconds))
        let ticks = subject.probe.ticks
        let before = subject.probe.cpuNanoseconds
        let result = try h2load(subject.place.port, requests: wanted, &load)
        let cpu = Double(subject.probe.cpuNanoseconds - before)
        let after = subject.probe.ticks
        guard result.requests > 0 else {
            throw BenchError(description: "\(subject.program.name) answered nothing")
        }
        let each = cpu / Double(result.requests) / 1_000
        let user = after.user - ticks.user
        let all = user + after.system - ticks.system
        return Measurement(
            requestsPerSecond: result.requestsPerSecond,
            cpuMicroseconds: each,
            userMicroseconds: all > 0 ? each * user / all : 0,
            failures: result.failures + trial.failures
        )
    }

    /// System calls per request, the ten handshakes among them.
    static func h2loadSystemCalls(
        _ subject: Subject,
        _ load: inout LoadGenerator
    ) throws
        -> [String: Double]
    {
        let output = subject.place.path("strace.txt")
        let tracer = try trace(subject, output, &load)
        let result = try h2load(subject.place.port, requests: 20_000, &load)
        tracer.interrupt()
        while tracer.isRunning { load.serve(milliseconds: 10) }
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        return try perRequest(text, result.requests)
    }

    /// Asks that often over 10 connections with 32 streams each.
    static func h2load(
        _ port: Int,
        requests: Int,
        _ load: inout LoadGenerator
    ) throws
        -> H2LoadResult
    {
        let tool = Process()
        tool.executableURL = URL(filePath: "/usr/bin/env")
        let fields = BenchRequest.fields.flatMap { ["-H", $0] }
        tool.arguments =
            [
                "taskset", "-c", "1", "h2load", "-n", String(requests), "-c", "10", "-m", "32",
                "--tls13-ciphers", TLSClients.cipher, "--groups", TLSClients.group,
                "--connect-to", "127.0.0.1:\(port)",
            ] + fields + ["https://edge.care.example/m0/items/81"]
        tool.standardInput = FileHandle.nullDevice
        let output = Pipe()
        tool.standardOutput = output
        tool.standardError = output
        try tool.run()
        let end = Date(timeIntervalSinceNow: 60)
        // It says a few lines: they fit the pipe, which is read when it has ended.
        while tool.isRunning, Date() < end { load.serve(milliseconds: 10) }
        if tool.isRunning { tool.terminate() }
        tool.waitUntilExit()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        let result = parseH2Load(text)
        guard result.requests > 0 else {
            throw BenchError(description: "h2load has no answer:\n\(text.suffix(600))")
        }
        return result
    }

    static func parseH2Load(_ text: String) -> H2LoadResult {
        var result = H2LoadResult()
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init)
            if line.hasPrefix("finished in"), words.count > 4 {
                result.requestsPerSecond = Double(words[3]) ?? 0
            } else if line.hasPrefix("requests:"), words.count > 11 {
                // requests: 100 total, 100 started, 100 done, 100 succeeded, 0 failed, ...
                result.requests = Int(words[7]) ?? 0
                result.failures = (Int(words[1]) ?? 0) - result.requests
            } else if line.hasPrefix("status codes:"), words.count > 2 {
                // Any status but 2xx is a failure.
                result.failures += result.requests - (Int(words[2]) ?? 0)
            } else if line.hasPrefix("Application protocol:") || line.hasPrefix("Cipher:") {
                result.negotiated += (words.last ?? "") + " "
            }
        }
        return result
    }
}
