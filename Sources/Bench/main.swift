// SPDX-License-Identifier: Apache-2.0
import Foundation

let usage = """
    usage: banyan-bench compare [--banyan FILE] [--only NAME,...] [--keep]
           banyan-bench micro
    names: workloads (\(Workload.allCases.map(\.rawValue).joined(separator: " ")))
           and proxies (banyan nginx haproxy); those not named are left out
    environment: BENCH_ROUNDS (5), BENCH_SECONDS (2), BENCH_JSON (file for the figures)
    --keep leaves configurations, logs and callgrind's profiles and says where
    """

/// The value after an option.
func option(_ name: String) -> String? {
    guard let index = CommandLine.arguments.firstIndex(of: name) else { return nil }
    return CommandLine.arguments.dropFirst(index + 1).first
}

/// The same code; valgrind cannot read this compiler's debug information and gives up.
func withoutDebugInformation(_ path: String, _ copy: String) throws {
    let strip = Process()
    strip.executableURL = URL(filePath: "/usr/bin/env")
    strip.arguments = ["strip", "--strip-debug", "-o", copy, path]
    try strip.run()
    strip.waitUntilExit()
    guard strip.terminationStatus == 0 else {
        throw BenchError(description: "no program at \(path)")
    }
}

func compare() throws {
    let environment = ProcessInfo.processInfo.environment
    var settings = BenchSettings()
    settings.rounds = max(1, environment["BENCH_ROUNDS"].flatMap { Int($0) } ?? settings.rounds)
    settings.seconds = environment["BENCH_SECONDS"].flatMap { Double($0) } ?? settings.seconds
    var programs: [any SubjectProgram] = [NginxProgram(), HAProxyProgram()]
    let folder = FileManager.default.temporaryDirectory
        .appending(path: "banyan-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let keeps = CommandLine.arguments.contains("--keep")
    if keeps { say("kept: \(folder.path)") }
    defer { if !keeps { try? FileManager.default.removeItem(at: folder) } }
    if let path = option("--banyan") {
        let copy = folder.appending(path: "banyan").path
        try withoutDebugInformation(path, copy)
        programs.insert(BanyanProgram(executable: copy), at: 0)
    }
    let only = option("--only")?.split(separator: ",").map(String.init) ?? []
    let known = programs.map(\.name) + Workload.allCases.map(\.rawValue)
    if let name = only.first(where: { !known.contains($0) }) {
        throw BenchError(description: "nothing is called \(name)\n\(usage)")
    }
    if programs.contains(where: { only.contains($0.name) }) {
        programs = programs.filter { only.contains($0.name) }
    }
    var workloads = Workload.allCases
    if workloads.contains(where: { only.contains($0.rawValue) }) {
        workloads = workloads.filter { only.contains($0.rawValue) }
    }
    try Comparison(
        programs: programs,
        workloads: workloads,
        settings: settings,
        folder: folder,
        jsonPath: environment["BENCH_JSON"]
    ).run()
}

do {
    switch CommandLine.arguments.dropFirst().first {
    case _ where !Set(CommandLine.arguments).isDisjoint(with: ["--help", "-h", "help"]): say(usage)
    case "compare": try compare()
    case "micro": try MicroBench.run()
    default:
        say(usage)
        exit(2)
    }
} catch {
    say("bench: \(error)")
    exit(1)
}
