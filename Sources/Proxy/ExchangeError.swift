// SPDX-License-Identifier: Apache-2.0

/// What ended an exchange before its answer was complete: where, and whose side it was.
///
/// Leaves report one of these; only `Rescue.swift` turns it into a retry, a rescue or an answer.
enum ExchangeError: UInt8, BitwiseCopyable, CaseIterable {
    /// The upstream refused the connection, or cannot be reached.
    case connectFailed
    /// The endpoint's name has no address yet.
    case noAddress
    /// The upstream did not take the connection in time.
    case connectTimedOut
    /// TLS with the upstream failed; a certificate that was refused is named in the log.
    case tlsFailed
    /// Every connection is taken and the queue is full.
    case poolExhausted
    /// The upstream has as many requests, waiting ones or connections as its breaker allows.
    case breakerOpen
    /// The worker has no slot, descriptor or block left.
    case outOfResources
    /// The upstream closed or reset the connection before the answer's head was complete.
    case closedBeforeHead
    /// The answer's head is no HTTP.
    case badHead
    /// No head in time.
    case firstByteTimedOut
    /// The exchange took longer than its total deadline.
    case totalTimedOut
    /// The answer broke off, was malformed or stalled after its head had been forwarded.
    case cutShort
    /// The client went away or sent less than it announced.
    case clientGone
    /// The client's body is malformed.
    case clientBadBody
    /// The client is too slow.
    case clientTooSlow
    /// The rewritten head does not fit.
    case headTooLong
    /// A stream whose cell has moved, or whose edge stops.
    case streamMoved

    /// The word of logs and metrics.
    var word: StaticString {
        switch self {
        case .connectFailed: "connect_failed"
        case .noAddress: "no_address"
        case .connectTimedOut: "connect_timed_out"
        case .tlsFailed: "tls_failed"
        case .poolExhausted: "pool_exhausted"
        case .breakerOpen: "breaker_open"
        case .outOfResources: "out_of_resources"
        case .closedBeforeHead: "closed_before_head"
        case .badHead: "bad_head"
        case .firstByteTimedOut: "first_byte_timed_out"
        case .totalTimedOut: "total_timed_out"
        case .cutShort: "cut_short"
        case .clientGone: "client_gone"
        case .clientBadBody: "client_bad_body"
        case .clientTooSlow: "client_too_slow"
        case .headTooLong: "head_too_long"
        case .streamMoved: "stream_moved"
        }
    }

    /// A reused connection that died is worth one fresh attempt; nothing else is.
    var mayBeLostRace: Bool { self == .closedBeforeHead }

    /// Nothing of the request was sent: any endpoint may be tried with it.
    var isBeforeRequest: Bool {
        self == .connectFailed || self == .noAddress || self == .connectTimedOut
            || self == .tlsFailed
    }

    /// The upstream is to blame, so another origin may do better.
    var isUpstreamFault: Bool {
        switch self {
        case .connectFailed, .noAddress, .connectTimedOut, .tlsFailed, .poolExhausted, .breakerOpen,
            .closedBeforeHead, .badHead, .firstByteTimedOut:
            true
        case .outOfResources, .totalTimedOut, .cutShort, .clientGone, .clientBadBody,
            .clientTooSlow, .headTooLong, .streamMoved:
            false
        }
    }

    /// The status of Banyan's own answer (RFC 9110 15.6).
    var status: UInt16 {
        switch self {
        case .connectFailed, .tlsFailed, .closedBeforeHead, .badHead, .cutShort: 502
        case .connectTimedOut, .firstByteTimedOut, .totalTimedOut: 504
        case .noAddress, .poolExhausted, .breakerOpen, .outOfResources, .streamMoved: 503
        case .clientGone, .clientBadBody: 400
        case .clientTooSlow: 408
        case .headTooLong: 431
        }
    }

    /// The stable code of Banyan's own answer.
    var code: StaticString {
        self == .breakerOpen ? "BREAKER_OPEN" : problemCode(of: self.status)
    }
}
