// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

@testable import Store

/// A folder of its own for one test; removed when it goes.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        self.path = NSTemporaryDirectory() + "/banyan-store-" + UUID().uuidString
        try? FileManager.default.createDirectory(
            atPath: self.path,
            withIntermediateDirectories: true
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    func file(_ name: String) -> String { self.path + "/" + name }
}

/// File calls that fail from the n-th changing call on, like a disk or a power supply giving up.
final class FaultPlan: Sendable {
    enum Fault: Sendable {
        /// From this changing call on everything fails, as after a power cut.
        case dead(after: Int)
        /// Syncs fail with EIO while it is on.
        case syncs
        /// Writes that would grow a file fail with ENOSPC.
        case full
    }

    let fault = Mutex<Fault?>(nil)
    let calls = Mutex(0)

    func isDead() -> Bool {
        let calls = self.calls.withLock { calls in
            calls += 1
            return calls
        }
        guard case .dead(let after) = self.fault.withLock({ $0 }) else { return false }
        return calls > after
    }

    var isFull: Bool { if case .full = self.fault.withLock({ $0 }) { true } else { false } }
    var failsSyncs: Bool { if case .syncs = self.fault.withLock({ $0 }) { true } else { false } }

    var operations: FileOperations {
        let real = FileOperations.kernel
        var operations = real
        operations.write = { fd, bytes, offset in
            if self.isDead() {
                // A power cut in the middle: half of the bytes arrive.
                _ = real.write(fd, bytes.prefix(bytes.count / 2), offset)
                return Int(-EIO)
            }
            if self.isFull, offset + bytes.count > real.size(fd) { return Int(-ENOSPC) }
            return real.write(fd, bytes, offset)
        }
        operations.syncData = { self.isDead() || self.failsSyncs ? -EIO : real.syncData($0) }
        operations.sync = { self.isDead() || self.failsSyncs ? -EIO : real.sync($0) }
        operations.rename = { self.isDead() ? -EIO : real.rename($0, $1) }
        return operations
    }
}
