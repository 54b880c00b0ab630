// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// An eventfd: wakes a poller from another thread.
public struct Wakeup: ~Copyable, Sendable {
    private let fd: FileDescriptor

    /// A fresh one.
    public init() throws(Errno) {
        let number = eventfd(0, 0x80000 | 0x800)
        guard number >= 0 else { throw .last }
        self.fd = FileDescriptor(owning: number)
    }

    /// For registration with a poller.
    public var number: Int32 { self.fd.number }

    /// Wakes the owner.
    ///
    /// Safe from any thread; many signals may arrive as one.
    public func signal() { _ = eventfd_write(self.fd.number, 1) }

    /// Wakes whoever waits for the eventfd `number`.
    ///
    /// For a hot path that knows only the number; the owner outlives it.
    public static func signal(_ number: Int32) { _ = eventfd_write(number, 1) }

    /// Takes the signal, so that the descriptor is quiet again.
    public func clear() {
        var value: eventfd_t = 0
        // SAFETY: the kernel writes eight bytes into `value`.
        _ = unsafe eventfd_read(self.fd.number, &value)
    }
}
