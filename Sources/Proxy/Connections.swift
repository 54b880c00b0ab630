// SPDX-License-Identifier: Apache-2.0

import Bytes
import TLS
import Wire

/// A part of a pooled block that holds bytes still to be read or sent.
struct BlockCursor: BitwiseCopyable {
    /// The block, or none.
    var block = BlockIndex.none
    /// First byte that counts.
    var start: Int32 = 0
    /// One behind the last byte that counts.
    var end: Int32 = 0

    /// Bytes that count.
    var count: Int { Int(self.end &- self.start) }
    /// Whether nothing is left.
    var isEmpty: Bool { self.start == self.end }
}

/// Where a client's connection is.
///
///     handshake ──▶ idle, carrier
///     idle ──▶ head ──▶ exchange ──▶ idle
///       └────────┴─────────┴──▶ linger ──▶ closed
enum DownstreamStep: UInt8, BitwiseCopyable {
    /// Kept open without a byte of a request.
    case idle
    /// Some bytes of a head are there.
    case head
    /// One request is in work; later ones wait in the buffer.
    case exchange
    /// TLS is being agreed on; not a byte of a request yet.
    case handshake
    /// An HTTP/2 connection: its requests are slots of their own.
    case carrier
    /// The answer is sent, the connection closes: what still comes in is read and dropped, so that
    /// the client is not reset before it has read the answer (RFC 9112 9.6).
    case linger
}

/// One client's connection: a plain value in the worker's slab.
struct DownstreamConnection: BitwiseCopyable {
    var fd: Int32
    var step = DownstreamStep.idle
    var transport = Transport.plain
    var listener: UInt16
    /// The peer is in the listener's `trustedPeers`.
    var isTrusted = false
    /// It came over TLS.
    var isSecure = false
    /// Names of its certificate are kept (``ClientNames``).
    var hasNames = false
    /// It closes by a reset.
    var isCut = false
    /// The socket may have bytes (edge-triggered: until a read says otherwise).
    var canRead = true
    /// The socket may take bytes.
    var canWrite = true
    /// The client has ended its direction.
    var isPeerEnded = false
    /// No further request after this one.
    var closesAfterAnswer = false
    /// It stands in the queue of connections to look at again.
    var isResumed = false
    /// Bytes received and not yet taken.
    var input = BlockCursor()
    /// How far the head was searched for its end.
    var scanned: Int32 = 0
    /// Bytes to send.
    var output = BlockCursor()
    var exchange = Handle.none
    var requests: UInt32 = 0
    /// When the current wait is over, ms of the worker's clock; 0: no wait.
    var deadline: UInt64 = 0
    /// Deadline of its wheel entry; entries are re-armed lazily.
    var armed: UInt64 = 0
    /// Bytes moved in the current rate window.
    var windowBytes: UInt64 = 0
    /// Bytes dropped while lingering.
    var lingerBytes: Int32 = 0
    /// The client's address as text, without port.
    var peerText = InlineArray<46, UInt8>(repeating: 0)
    var peerTextCount: UInt8 = 0
}

/// Where an upstream connection is.
///
///     connecting ──▶ handshake ──▶ busy, carrier
///          └──▶ busy ──▶ idle ──▶ busy …
///          └───────────┴────────┴──▶ closed
enum UpstreamStep: UInt8, BitwiseCopyable {
    case connecting
    /// TLS is being agreed on.
    case handshake
    case busy
    case idle
    /// An HTTP/2 connection: its exchanges are slots of their own.
    case carrier
}

/// One connection to an endpoint: a plain value in the worker's slab.
struct UpstreamConnection: BitwiseCopyable {
    var fd: Int32
    var step = UpstreamStep.connecting
    var transport = Transport.plain
    /// Which pool it belongs to.
    var pool: UInt32
    /// Which of the pool's addresses it goes to.
    var addressSerial: UInt32 = 0
    var exchange = Handle.none
    var canRead = false
    var canWrite = false
    var isPeerEnded = false
    /// It goes over TLS.
    var isSecure = false
    /// It is, or becomes, an HTTP/2 connection.
    var isCarrier = false
    /// What TLS failed for, for those that wait for it.
    var tlsFailure = TLSFailure.none
    /// It stands in the queue of connections to look at again.
    var isResumed = false
    /// It carries a tunnel, and no longer counts among its pool's connections.
    var hasLeftPool = false
    /// It has carried an earlier exchange: a failure before the answer may be a lost race.
    var isReused = false
    var input = BlockCursor()
    var scanned: Int32 = 0
    var output = BlockCursor()
    var requests: UInt32 = 0
    var deadline: UInt64 = 0
    var armed: UInt64 = 0
    /// Neighbours in the pool's list of idle connections.
    var nextIdle = UInt32.max
    var previousIdle = UInt32.max
}
