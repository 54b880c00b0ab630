// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The whole text of a file of the kernel.
///
/// `String(contentsOfFile:)` takes the first short read for the end: one page of a long table.
func kernelText(_ path: String) -> String {
    let bytes = try? FileHandle(forReadingAtPath: path)?.readToEnd()
    return bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
}

/// What the kernel has counted for a process, its threads and its children.
struct ProcessProbe {
    let root: Int32

    /// CPU time of all threads, in nanoseconds (first field of schedstat: exact, not sampled).
    var cpuNanoseconds: UInt64 {
        self.tasks.reduce(0) { sum, path in
            let text = (try? String(contentsOfFile: path + "/schedstat", encoding: .utf8)) ?? ""
            return sum + (UInt64(text.prefix { $0 != " " }) ?? 0)
        }
    }

    /// Clock ticks (10 ms) in user mode and in the kernel, for their ratio only.
    var ticks: (user: Double, system: Double) {
        var user = 0.0
        var system = 0.0
        for path in self.tasks {
            let text = (try? String(contentsOfFile: path + "/stat", encoding: .utf8)) ?? ""
            // Fields 14 and 15; the name before may hold spaces, so count from its closing bracket.
            let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 12 else { continue }
            user += Double(fields[11]) ?? 0
            system += Double(fields[12]) ?? 0
        }
        return (user, system)
    }

    /// Memory that only this process and its children have, in bytes (anonymous and written pages).
    var privateBytes: Int {
        self.processes.reduce(0) { sum, process in
            let path = "/proc/\(process)/smaps_rollup"
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").reduce(sum) { sum, line in
                guard line.hasPrefix("Pss_Anon:") || line.hasPrefix("Pss_Shmem:"),
                    let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }
                    )
                else { return sum }
                return sum + kibibytes * 1_024
            }
        }
    }

    /// Whether a tracer has hold of every thread.
    var isTraced: Bool {
        let tasks = self.tasks
        return !tasks.isEmpty
            && tasks.allSatisfy { path in
                let text = (try? String(contentsOfFile: path + "/status", encoding: .utf8)) ?? ""
                return text.contains("TracerPid:") && !text.contains("TracerPid:\t0\n")
            }
    }

    /// The process and its children.
    var processes: [Int32] {
        var found = [self.root]
        var index = 0
        while index < found.count {
            let path = "/proc/\(found[index])/task/\(found[index])/children"
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            found += text.split(separator: " ").compactMap { Int32($0) }
            index += 1
        }
        return found
    }

    private var tasks: [String] {
        self.processes.flatMap { process in
            let folder = "/proc/\(process)/task"
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.map { folder + "/" + $0 }
        }
    }
}
