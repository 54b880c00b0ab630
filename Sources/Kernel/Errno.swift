// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A system call's error number.
///
/// Bitwise, so that throwing it allocates nothing.
public struct Errno: Error, BitwiseCopyable, Sendable, Equatable {
    /// The number, as in `errno.h`.
    public let number: Int32

    /// An error from its number.
    public init(_ number: Int32) { self.number = number }

    /// What the last failed call of this thread left.
    public static var last: Errno { Errno(errno) }

    /// Try again later.
    public static let wouldBlock = Errno(EAGAIN)
    /// Interrupted by a signal.
    public static let interrupted = Errno(EINTR)
    /// The connection is gone.
    public static let connectionLost = Errno(EPIPE)
    /// A connect that goes on.
    public static let inProgress = Errno(EINPROGRESS)

    /// The message for people.
    public var text: String {
        // SAFETY: strerror returns a terminated static text for every number.
        unsafe String(cString: strerror(self.number))
    }
}
