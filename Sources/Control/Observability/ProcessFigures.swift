// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// What the kernel says of this process, under the names that every Prometheus client uses.
///
/// Figures that cannot be read are left out.
public func processFigures() -> [MetricFamily] {
    var families = statFigures()
    if let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
        families.append(
            MetricFamily(
                "process_open_fds",
                .gauge,
                "Open file descriptors.",
                value: Double(entries.count)
            )
        )
    }
    if let limit = maximumDescriptors() {
        families.append(
            MetricFamily(
                "process_max_fds",
                .gauge,
                "Most file descriptors allowed.",
                value: limit
            )
        )
    }
    return families
}

/// What /proc/self/stat says: CPU time, threads, start, memory.
private func statFigures() -> [MetricFamily] {
    guard let stat = text("/proc/self/stat"), let end = stat.lastIndex(of: ")") else { return [] }
    // Fields behind the command's name, which may hold spaces: state is field 3 of proc(5).
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    func field(_ number: Int) -> Double? {
        fields.count > number - 3 ? Double(fields[number - 3]) : nil
    }
    var families: [MetricFamily] = []
    func add(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: Double?) {
        guard let value else { return }
        families.append(MetricFamily(name, kind, help, value: value))
    }
    let cpu = field(14).flatMap { user in field(15).map { (user + $0) / ticks } }
    add(
        "process_cpu_seconds_total",
        .counter,
        "User and system CPU time that this process has used.",
        cpu
    )
    add("process_threads", .gauge, "Threads of this process.", field(20))
    let start = field(22).flatMap { start in bootSeconds().map { $0 + start / ticks } }
    add(
        "process_start_time_seconds",
        .gauge,
        "Start of this process, in seconds since 1970.",
        start
    )
    add("process_virtual_memory_bytes", .gauge, "Address space in use.", field(23))
    add(
        "process_resident_memory_bytes",
        .gauge,
        "Memory in use.",
        field(24).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
    )
    return families
}

private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

private func bootSeconds() -> Double? {
    let line = text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
    return line.flatMap { Double($0.dropFirst(6)) }
}

private func maximumDescriptors() -> Double? {
    let line = text("/proc/self/limits")?.split(separator: "\n")
        .first { $0.hasPrefix("Max open files") }
    return line?.split(separator: " ").compactMap { Double($0) }.first
}
