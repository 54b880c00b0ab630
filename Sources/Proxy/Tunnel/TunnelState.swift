// SPDX-License-Identifier: Apache-2.0

import Wire

/// How far a request's wish for another protocol is.
///
///     none          asked ──(101)──▶ open
///                     └──(any other answer): an ordinary exchange
enum UpgradeStep: UInt8, BitwiseCopyable {
    /// It asks for none, or for none that may be had: `Upgrade` is not forwarded.
    case none
    /// `Upgrade` goes to the origin; no byte of the client's follows before its 101.
    case asked
    /// The origin has switched: bytes are relayed as they come, both ways.
    case open
}

/// Where one direction of a tunnel is.
enum TunnelStep: UInt8, BitwiseCopyable {
    /// Bytes go on as they come.
    case relaying
    /// Nothing is sent any more (a Close frame of ours was the last, or nobody reads): what still
    /// comes is dropped.
    case dropping
    /// The sender has ended, and the receiver was told so.
    case ended
}

/// Why a tunnel is over.
enum TunnelEnd: UInt8, BitwiseCopyable, CaseIterable {
    /// Both sides ended in order.
    case done
    /// No byte moved for the idle time.
    case idle
    /// Its cell has moved to the other origin (`streams: drain` or `close`).
    case moved
    /// The edge stops.
    case draining
    /// The client's connection broke.
    case clientGone
    /// The origin's connection broke.
    case upstreamGone
    /// The worker has no block left.
    case outOfResources

    /// The word of logs and metrics.
    var word: StaticString {
        switch self {
        case .done: "done"
        case .idle: "idle"
        case .moved: "moved"
        case .draining: "draining"
        case .clientGone: "client_gone"
        case .upstreamGone: "upstream_gone"
        case .outOfResources: "out_of_resources"
        }
    }

    /// The counter of tunnels that ended so.
    var counter: WorkerCounter {
        switch self {
        case .done: .tunnelsDone
        case .idle: .tunnelsIdle
        case .moved: .tunnelsMoved
        case .draining: .tunnelsDrained
        case .clientGone: .tunnelsClientGone
        case .upstreamGone: .tunnelsUpstreamGone
        case .outOfResources: .tunnelsOutOfResources
        }
    }
}

/// What an open tunnel needs besides its exchange; at the exchange's index.
///
/// All zero is valid: slots of the arena are written when a tunnel opens.
struct TunnelState: BitwiseCopyable {
    /// From the client to the origin.
    var up = TunnelStep.relaying
    /// From the origin to the client.
    var down = TunnelStep.relaying
    var upFrames = FrameTracker(isFromClient: true)
    var downFrames = FrameTracker(isFromClient: false)
    /// Its bytes are frames, so that it can be closed by one.
    var isWebSocket = false
    /// Why it is being closed; `nil`: it is not.
    var closing: TunnelEnd?
    /// Why it is over, for the log.
    var end: TunnelEnd?
    /// When a byte last moved (worker ms).
    var movedAt: UInt64 = 0
    /// When closing begins, by policy (worker ms); 0: never.
    var closesAt: UInt64 = 0

    init() {}
}
