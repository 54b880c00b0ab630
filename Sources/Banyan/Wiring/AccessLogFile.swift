// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Synchronization

/// The access log's file: lines come from the workers' rings, written by one thread.
///
/// A full or failing disk costs lines, never requests: the rings fill, and workers count what they
/// drop. `reopen` after a rotation takes effect between two lines.
final class AccessLogFile: Sendable {
    private let path: String
    private let descriptor: Atomic<Int>
    private let isStopping = Atomic<Bool>(false)
    private let wantsReopen = Atomic<Bool>(false)

    /// Opens `path` for appending; `-` is standard output.
    init(path: String) throws {
        self.path = path
        self.descriptor = Atomic(Int(try AccessLogFile.open(path)))
    }

    private static func open(_ path: String) throws -> Int32 {
        if path == "-" { return 1 }
        // 0o640: the log says which tenants exist.
        let fd = openForAppending(path, mode: 0o640)
        guard fd >= 0 else { throw Errno.last }
        return fd
    }

    /// Has the file opened anew before the next lines are written.
    func reopen() { self.wantsReopen.store(true, ordering: .releasing) }

    /// Ends ``run(_:)`` after a last look.
    func stop() { self.isStopping.store(true, ordering: .releasing) }

    /// Writes what comes until stopped.
    ///
    /// Blocks; the log's own thread.
    func run(_ drain: () -> Void) {
        while true {
            let isLast = self.isStopping.load(ordering: .acquiring)
            if self.wantsReopen.exchange(false, ordering: .acquiringAndReleasing) {
                self.takeNewFile()
            }
            drain()
            if isLast { return }
            sleepThread(milliseconds: 50)
        }
    }

    private func takeNewFile() {
        guard self.path != "-", let fd = try? AccessLogFile.open(self.path) else { return }
        let earlier = self.descriptor.exchange(Int(fd), ordering: .acquiringAndReleasing)
        closeDescriptor(Int32(earlier))
    }

    /// Writes bytes; how many were taken.
    ///
    /// On a full disk what waits is given up, and the loss shows in the log itself by the missing
    /// lines and in the rings' counters once they fill.
    func write(_ bytes: ByteWindow) -> Int {
        writeOnce(Int32(self.descriptor.load(ordering: .acquiring)), bytes)
    }
}
