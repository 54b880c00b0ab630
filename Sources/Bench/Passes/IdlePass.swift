// SPDX-License-Identifier: Apache-2.0
import Foundation

extension Passes {
    /// What 5,000 kept connections cost in memory; on a fresh process, whose free memory is not yet
    /// scattered.
    static func idle(_ subject: Subject, _ load: inout LoadGenerator) throws -> Measurement {
        // What is set aside with the first requests is not a connection's.
        try load.start(port: subject.place.port, clients: 32)
        load.run(nanoseconds: 300_000_000)
        load.stop()
        let process = subject.probe.privateBytes
        let kernel = KernelMemory.now
        let cpu = subject.probe.cpuNanoseconds
        let count = Workload.idleConnections
        try load.openIdle(port: subject.place.port, count: count)
        let spent = Double(subject.probe.cpuNanoseconds - cpu)
        load.serve(milliseconds: 1_000)
        let failures = load.result.failures
        let grown = Double(subject.probe.privateBytes - process)
        let kernelGrown = Double(KernelMemory.now - kernel)
        load.stop()
        return Measurement(
            cpuMicroseconds: spent / Double(count) / 1_000,
            failures: failures,
            processBytes: grown / Double(count),
            kernelBytes: kernelGrown / Double(count)
        )
    }
}

/// The kernel's memory for sockets of the whole machine: what others do at the same time shows, so
/// only large differences mean something.
enum KernelMemory {
    /// Bytes of sockets, their files and epoll entries, and of data in their queues.
    static var now: Int { self.objects + self.queues }

    private static let caches: Set<String> = [
        "TCP", "TCPv6", "sock_inode_cache", "filp", "eventpoll_epi", "eventpoll_pwq",
        "request_sock_TCP", "tw_sock_TCP",
    ]

    private static var objects: Int {
        let table = kernelText("/proc/slabinfo")
        return table.split(separator: "\n").reduce(0) { sum, line in
            // name, active objects, all objects, bytes of an object
            let fields = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: true)
            guard fields.count > 3, self.caches.contains(String(fields[0])),
                let active = Int(fields[1]), let bytes = Int(fields[3])
            else { return sum }
            return sum + active * bytes
        }
    }

    private static var queues: Int {
        let table = kernelText("/proc/net/sockstat")
        guard let line = table.split(separator: "\n").first(where: { $0.hasPrefix("TCP:") }),
            let pages = line.split(separator: " ").last.flatMap({ Int($0) })
        else { return 0 }
        return pages * Int(getpagesize())
    }
}
