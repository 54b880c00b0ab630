// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the kernel is given descriptors of our own and no memory but one offset
// that lives through the call.

import CLinux
import Glibc
import Kernel

/// A whole answer in a file in memory: sent from the page cache, so that the origin of large
/// answers costs next to nothing.
struct BulkAnswer: ~Copyable {
    private let file: FileDescriptor
    /// Bytes of head and body.
    let count: Int

    init(head: [UInt8], body: [UInt8]) throws(Errno) {
        let bytes = head + body
        let number = banyan_memory_file()
        guard number >= 0 else { throw .last }
        let file = FileDescriptor(owning: number)
        var sent = 0
        while sent < bytes.count {
            // SAFETY: what is left of the array.
            let written = unsafe bytes.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return -1 }
                return unsafe write(number, base + sent, bytes.count - sent)
            }
            guard written > 0 else { throw .last }
            sent += written
        }
        self.file = file
        self.count = bytes.count
    }

    /// Sends what comes behind the first `offset` bytes.
    func send(_ fd: Int32, from offset: Int) -> IOResult {
        var position = off_t(offset)
        // SAFETY: the kernel reads and writes one offset.
        let sent = unsafe sendfile(fd, self.file.number, &position, self.count - offset)
        if sent > 0 { return .bytes(sent) }
        return errno == EAGAIN || errno == EINTR ? .wouldBlock : .failed(.last)
    }
}

/// Drops up to `count` received bytes without copying them (tcp(7), MSG_TRUNC).
func discard(_ fd: Int32, _ count: Int) -> IOResult {
    let dropped = recv(fd, nil, count, Int32(MSG_TRUNC))
    if dropped > 0 { return .bytes(dropped) }
    if dropped == 0 { return .end }
    return errno == EAGAIN || errno == EINTR ? .wouldBlock : .failed(.last)
}

/// Lets this process, and those it starts, have as many descriptors as it may.
func raiseDescriptorLimit() {
    var limit = rlimit()
    // SAFETY: one rlimit is filled and read.
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
