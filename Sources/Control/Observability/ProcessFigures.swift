// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// What the kernel says of this process, under the names that every Prometheus client uses.
///
/// Figures that cannot be read are left out.
public func processFigures() -> [MetricFamily] {
    var families: [MetricFamily] = []
    if let stat = text("/proc/self/stat"), let end = stat.lastIndex(of: ")") {
        // Fields behind the command's name, which may hold spaces: state is field 3 of proc(5).
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        func field(_ number: Int) -> Double? {
            fields.count > number - 3 ? Double(fields[number - 3]) : nil
        }
        if let user = field(14), let system = field(15) {
            families.append(
                MetricFamily(
                    "process_cpu_seconds_total",
                    .counter,
                    "User and system CPU time that this process has used.",
                    value: (user + system) / ticks
                )
            )
        }
        if let threads = field(20) {
            families.append(
                MetricFamily(
                    "process_threads",
                    .gauge,
                    "Threads of this process.",
                    value: threads
                )
            )
        }
        if let start = field(22), let boot = bootSeconds() {
            families.append(
                MetricFamily(
                    "process_start_time_seconds",
                    .gauge,
                    "Start of this process, in seconds since 1970.",
                    value: boot + start / ticks
                )
            )
        }
        if let bytes = field(23) {
            families.append(
                MetricFamily(
                    "process_virtual_memory_bytes",
                    .gauge,
                    "Address space in use.",
                    value: bytes
                )
            )
        }
        if let pages = field(24) {
            families.append(
                MetricFamily(
                    "process_resident_memory_bytes",
                    .gauge,
                    "Memory in use.",
                    value: pages * Double(sysconf(Int32(_SC_PAGESIZE)))
                )
            )
        }
    }
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
