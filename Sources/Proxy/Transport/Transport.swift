// SPDX-License-Identifier: Apache-2.0

/// What carries the bytes of a connection slot.
///
/// The steps of a request read and write slots; only the files of this folder know descriptors.
enum Transport: UInt8, BitwiseCopyable {
    /// A socket in clear text.
    case plain
    /// TLS on a socket (RFC 8446).
    case tls
    /// A stream of an HTTP/2 connection, which is a slot of its own; no socket.
    case stream
}
