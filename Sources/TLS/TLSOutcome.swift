// SPDX-License-Identifier: Apache-2.0

/// How far a step of a handshake came.
public enum TLSStep: BitwiseCopyable, Sendable, Equatable {
    /// The handshake is complete.
    case done
    /// Goes on when the socket can be read.
    case wantsRead
    /// Goes on when the socket can be written.
    case wantsWrite
    /// The peer closed the connection.
    case ended
    /// Refused by either side: ``TLSSessionTable/failure(_:)`` names the reason.
    case failed
}

/// What a read came to.
///
/// Edge-triggered: read again until `wantsRead`, one call gives at most one record.
public enum TLSRead: BitwiseCopyable, Sendable, Equatable {
    /// That many bytes, at least one.
    case bytes(Int)
    /// Not before the socket can be read.
    case wantsRead
    /// Not before the socket can be written.
    case wantsWrite
    /// The peer has ended its direction properly (close_notify).
    case ended
    /// The connection ended without close_notify: what was read may have been cut short.
    case cut
    /// The connection is broken: ``TLSSessionTable/failure(_:)`` names the reason.
    case failed
}

/// What a write came to.
public enum TLSWrite: BitwiseCopyable, Sendable, Equatable {
    /// That many bytes, at least one.
    ///
    /// Fewer than were given: the socket is full, an edge will come.
    case bytes(Int)
    /// Not before the socket can be read.
    case wantsRead
    /// Not before the socket can be written; the next write must begin with the same bytes.
    case wantsWrite
    /// The connection is broken: ``TLSSessionTable/failure(_:)`` names the reason.
    case failed
}
