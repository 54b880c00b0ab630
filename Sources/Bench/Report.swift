// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Medians, and medians of ratios within a round: a machine that slows down slows all of a round.
enum Report {
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    static func line(_ name: String, _ measured: Measurement) -> String {
        let numbers = [
            number(measured.cpuMicroseconds, 2) + " us CPU",
            number(measured.userMicroseconds, 2) + " user",
            number(measured.requestsPerSecond, 0) + " rps",
            number(measured.p50Microseconds, 0) + " p50",
            number(measured.p99Microseconds, 0) + " p99",
            "\(measured.failures) failed",
        ]
        return padded(name, 14) + numbers.joined(separator: "  ")
    }

    static func idleLine(_ name: String, _ measured: Measurement) -> String {
        padded(name, 14) + number(measured.processBytes, 0) + " bytes of the process  "
            + number(measured.kernelBytes, 0) + " of the kernel  \(measured.failures) failed"
    }

    static func text(_ rows: [Comparison.Row]) -> String {
        let idle = rows.filter { Workload(rawValue: $0.workload)?.pass == .idle }
        let open = rows.filter { Workload(rawValue: $0.workload)?.pass == .open }
        let busy = rows.filter { Workload(rawValue: $0.workload)?.pass != .idle }
        var lines: [String] = []
        if !busy.isEmpty { lines += figures(busy) + ratios(busy) }
        if !open.isEmpty { lines += added(open) }
        if !idle.isEmpty { lines += memory(idle) }
        return (lines + calls(rows.filter { !$0.systemCalls.isEmpty })).joined(separator: "\n")
    }

    private static func figures(_ rows: [Comparison.Row]) -> [String] {
        let titles = [
            "workload", "proxy", "CPU", "user", "calls", "instr", "rps", "p50", "p99", "failed",
        ]
        return ["", "medians; CPU, user, p50 and p99 in us per request", "", columns(titles)]
            + rows.map { row in
                func of(_ field: KeyPath<Measurement, Double>, _ digits: Int) -> String {
                    number(median(row.rounds.map { $0[keyPath: field] }), digits)
                }
                let calls = row.systemCalls.values.reduce(0, +)
                return columns([
                    row.workload, row.proxy, of(\.cpuMicroseconds, 2), of(\.userMicroseconds, 2),
                    calls > 0 ? number(calls, 2) : "-",
                    row.instructions.map { number($0, 0) } ?? "-", of(\.requestsPerSecond, 0),
                    of(\.p50Microseconds, 0), of(\.p99Microseconds, 0),
                    String(row.rounds.reduce(0) { $0 + $1.failures }),
                ])
            }
    }

    /// CPU of Banyan over that of each other row of its workload, round by round.
    private static func ratios(_ rows: [Comparison.Row]) -> [String] {
        var lines = [
            "", "CPU per request, Banyan over the other, median of the rounds' ratios", "",
        ]
        for own in rows where own.proxy == "banyan" {
            for other in rows where other.workload == own.workload && other.proxy != own.proxy {
                if other.proxy == Comparison.direct { continue }
                let ratios = zip(own.rounds, other.rounds).map {
                    $0.cpuMicroseconds / $1.cpuMicroseconds
                }
                let spread = "\(number(ratios.min() ?? 0, 2)) to \(number(ratios.max() ?? 0, 2))"
                lines.append(
                    columns([own.workload, other.proxy, number(median(ratios), 3), spread])
                )
            }
        }
        return lines
    }

    /// What each proxy adds to the way to the origin, round by round.
    private static func added(_ rows: [Comparison.Row]) -> [String] {
        guard let direct = rows.first(where: { $0.proxy == Comparison.direct }) else { return [] }
        let title = "added to the direct way at \(Workload.openRequestsPerSecond) requests/s, us"
        return ["", title + ", median of the rounds' differences", ""]
            + [columns(["workload", "proxy", "p50", "p99"])]
            + rows.filter { $0.proxy != Comparison.direct }.map { row in
                func more(_ field: KeyPath<Measurement, Double>) -> String {
                    let differences = zip(row.rounds, direct.rounds).map {
                        $0[keyPath: field] - $1[keyPath: field]
                    }
                    return number(median(differences), 0)
                }
                return columns([
                    row.workload, row.proxy, more(\.p50Microseconds), more(\.p99Microseconds),
                ])
            }
    }

    private static func memory(_ rows: [Comparison.Row]) -> [String] {
        let title = "bytes per idle connection of \(Workload.idleConnections)"
        return ["", title + "; the kernel's are those of both ends", ""]
            + [columns(["workload", "proxy", "process", "kernel", "us to open", "failed"])]
            + rows.map { row in
                columns([
                    row.workload, row.proxy,
                    number(median(row.rounds.map(\.processBytes)), 0),
                    number(median(row.rounds.map(\.kernelBytes)), 0),
                    number(median(row.rounds.map(\.cpuMicroseconds)), 1),
                    String(row.rounds.reduce(0) { $0 + $1.failures }),
                ])
            }
    }

    private static func calls(_ rows: [Comparison.Row]) -> [String] {
        guard !rows.isEmpty else { return [] }
        return ["", "system calls per request", ""]
            + rows.map { row in
                let sorted = row.systemCalls.sorted { $0.value > $1.value }
                let named = sorted.prefix(7).map { "\($0.key) \(number($0.value, 3))" }
                return columns([row.workload, row.proxy]) + named.joined(separator: "  ")
            }
    }

    private static func columns(_ fields: [String]) -> String {
        let widths = [11, 15, 9, 9, 11, 9, 9, 9, 9, 9]
        return zip(fields, widths).map { padded($0, $1) }.joined()
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    static func number(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}

/// A line for whoever watches, at once (`print` keeps lines back when its output is a file).
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}
