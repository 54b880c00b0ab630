// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open descriptor with one owner; closes when it goes.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number, for calls.
    ///
    /// Valid while the owner lives.
    public let number: Int32

    /// Takes ownership of an open descriptor.
    public init(owning number: Int32) {
        precondition(number >= 0, "descriptor \(number)")
        self.number = number
    }

    deinit { _ = Glibc.close(self.number) }

    /// Gives ownership away: the caller closes.
    public consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }
}

/// Closes a descriptor whose owner is a slab slot.
public func closeDescriptor(_ number: Int32) {
    precondition(Glibc.close(number) == 0 || errno != EBADF, "closed twice: descriptor \(number)")
}
