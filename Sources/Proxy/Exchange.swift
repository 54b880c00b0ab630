// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import TLS
import Wire

/// What an exchange is for.
enum ExchangeKind: UInt8, BitwiseCopyable {
    /// A client waits for the answer.
    case client
    /// A copy for the other origin; nobody waits.
    case copy
}

/// How far an exchange's answer is.
///
///     waiting ──▶ streaming ──▶ complete
enum AnswerStep: UInt8, BitwiseCopyable {
    /// No final head yet: it may still be retried or rescued.
    case waiting
    /// The head went to the client: from here an error can only cut the answer short.
    case streaming
    /// All of it was taken from the upstream.
    case complete
}

/// How the body goes to the client.
enum AnswerFraming: UInt8, BitwiseCopyable {
    case none
    case length
    case chunked
    /// HTTP/1.0 clients: the end of the connection is the end of the body.
    case untilClose
}

/// Whether a request's body is kept for a copy or for rescue.
enum TeeStep: UInt8, BitwiseCopyable {
    case off
    case filling
    case full
    /// Longer than the limit: what was kept is given up.
    case overflowed
}

/// One request and its answer: a plain value in the worker's slab.
struct Exchange: BitwiseCopyable {
    var kind = ExchangeKind.client
    var downstream = Handle.none
    var upstream = Handle.none

    // The request
    var head = RequestHead()
    /// The block that holds the request's head, for as long as it may be sent again.
    var headBlock = BlockIndex.none
    /// Where the head begins in it.
    var headStart: Int32 = 0
    /// Bytes of the body still to come, when its length is known.
    var requestRemaining: UInt64 = 0
    var requestDecoder = ChunkedDecoder()
    /// The whole body has been taken from the client.
    var isRequestComplete = false
    /// Body bytes of the client's input block that go to the upstream without a copy.
    var requestDirect: Int32 = 0
    var tee = TeeStep.off
    var teeBlocks = InlineArray<2, BlockIndex>(repeating: .none)
    var teeCount: Int32 = 0
    /// Longest body that is kept.
    var teeLimit: Int32 = 0
    /// Bytes of the teed body that went to the current upstream.
    var teeSent: Int32 = 0
    /// The body comes from the tee, not from the client: a copy, a rescue or a second attempt.
    var sendsTee = false
    /// The upstream has stopped reading the body; its answer may still come.
    var isUpstreamDeaf = false
    /// The canonical path, when it is not the one in the head's block.
    var pathBlock = BlockIndex.none
    var pathCount: Int32 = 0
    var requestBytes: UInt64 = 0

    /// The client's address as text, without port: a copy outlives the connection.
    var peerText = InlineArray<46, UInt8>(repeating: 0)
    var peerTextCount: UInt8 = 0

    // The decision
    var snapshotSlot: UInt16 = 0
    var listener: UInt16 = 0
    var hit: RouteHit?
    var routeName = FlatText()
    var isTrusted = false
    /// The client came over TLS.
    var isSecure = false
    /// The client is a stream of an HTTP/2 connection.
    var isStream = false
    /// The route rewrites nothing but paths (``RouteRecord/isPlain``).
    var isPlain = false
    var tenant: UInt32 = 0
    var migration: UInt32 = 0
    var metricsRow: UInt32 = 0
    var decision = Decision(.forward, stage: .legacy, origin: .legacy, reason: .noRoute)
    var generation: UInt64 = 0
    /// Who is asked now: differs from the decision after a rescue.
    var origin = Origin.legacy
    /// Index of the upstream in the snapshot that is asked now.
    var upstreamIndex = UInt32.max
    var isSafe = false
    var isWrite: Bool { !self.isSafe }
    var isRescued = false
    var isRetried = false
    var isCounted = false
    var writerKey: UInt64 = 0
    var hasWriter = false
    var settleMilliseconds: UInt32 = 0
    var hasEncodedSlash = false
    var hasDoubleSlash = false
    var copyState = CopyState.none
    /// The pool that holds the breaker of this copy's upstream.
    var breaker = UInt32.max
    /// It is the one copy that tries an upstream whose breaker is open.
    var isProbe = false
    /// Blocks that this copy may hold, of the shadow's share.
    var copyBlocks: UInt8 = 0
    /// The observation that this exchange is a side of; `.max`: none.
    var observation = UInt32.max
    /// Whether its answer is held for comparing (`dual`, `answer: agreed`).
    var hold = HoldStep.none
    /// The slot from which it is, or may be, answered; `.max`: none.
    var heldSlot = UInt32.max
    /// Whose answer the slot serves.
    var served = Origin.legacy
    /// Bytes of that body that were put up for sending.
    var serveOffset: Int32 = 0
    /// How long a complete legacy answer waits, ms.
    var agreedBudget: UInt32 = 0
    /// When that is over (worker ms); 0: it has not begun.
    var holdDeadline: UInt64 = 0
    /// It stands in the queue of those that have not asked anybody yet (a dual read's second side).
    var isUnreached = false
    var failure: ExchangeError?
    /// What TLS with an upstream failed for.
    var tlsFailure = TLSFailure.none

    // The answer
    var answer = AnswerStep.waiting
    var status: UInt16 = 0
    var answerFraming = AnswerFraming.none
    var upstreamFraming = BodyFraming.none
    var answerRemaining: UInt64 = 0
    var answerDecoder = ChunkedDecoder()
    /// Body bytes of the upstream's input block that go to the client without a copy.
    var answerDirect: Int32 = 0
    /// Any byte of an answer came from the current upstream connection.
    var hasAnswerBytes = false
    var interimCount: UInt8 = 0
    var keepsUpstream = false
    var answerBytes: UInt64 = 0
    /// The answer cannot be finished properly: the client's connection is reset.
    var isAborted = false
    var answeredBy = AnsweredBy.banyan
    /// It is a gRPC call's: how the call went is told by its status, not by HTTP's.
    var isCall = false
    /// That status, as the origin that is asked now has told it.
    var callStatus = GRPCStatus.none
    /// A block with the trailer fields of the client's request, as lines.
    var requestTrailers = BlockIndex.none
    var requestTrailerCount: Int32 = 0
    /// A block with the trailer fields of the answer, as lines; when the answer is complete, with
    /// what is still to be sent of it.
    var answerTrailers = BlockIndex.none
    var answerTrailerCount: Int32 = 0

    // Time, in the worker's monotonic nanoseconds and milliseconds
    var startNanoseconds: UInt64 = 0
    var upstreamStartNanoseconds: UInt64 = 0
    var upstreamNanoseconds: UInt64 = 0
    var totalDeadline: UInt64 = 0
    var firstByteTimeout: UInt32 = 0
    var idleTimeout: UInt32 = 0
    var connectTimeout: UInt32 = 0

    /// How far its wish for another protocol is (`Tunnel/Upgrade.swift`).
    var upgrade = UpgradeStep.none
    /// The protocol is WebSocket.
    var isWebSocket = false
    /// The protocol asked for, in the head, when it is another.
    var upgradeToken = HeadRange(0, 0)
    /// A tunnel or an event stream: never copied, compared or held.
    var isLasting = false

    /// Its place among the worker's streams; `.max`: it is none.
    var streamPlace = UInt32.max
    /// Its cell has left the origin that it runs on.
    var isLeftBehind = false
    /// What its route wants then.
    var streamRule = StreamRule.pin
    var streamDrain: UInt32 = 0
    /// When it is cut for that (worker ms); 0: not.
    var cutsAt: UInt64 = 0

    /// Neighbour in a pool's queue of waiting exchanges.
    var nextWaiting = UInt32.max
    var isWaiting = false
    /// It stands in the queue of exchanges that gave way to others.
    var isResumed = false
    /// The pool that serves it, or in whose queue it waits.
    var pool = UInt32.max
    /// Index of the endpoint in the snapshot that is asked now.
    var endpoint: UInt32 = 0
    /// Endpoints of the upstream that have failed it (`turnBit`).
    var tried: UInt64 = 0
    /// The pool in which it counts as load; `.max`: none.
    var place = UInt32.max
    /// Further attempts made at this upstream.
    var attempts: UInt8 = 0
    /// It counts in the retry window of its upstream.
    var isBudgeted = false
    /// When the next attempt is made instead of waiting on (worker ms); 0: never.
    var tryDeadline: UInt64 = 0
}

/// Who made the answer that the client got.
enum AnsweredBy: UInt8, BitwiseCopyable {
    case legacy = 0
    case modern = 1
    case banyan = 2
}

/// What became of the copy that a decision asked for.
enum CopyState: UInt8, BitwiseCopyable {
    /// None was asked for.
    case none
    /// Due once the client has its answer.
    case due
    /// Handed to the shadow.
    case sent
    /// Given up, with the reason counted.
    case shed

    var word: StaticString {
        switch self {
        case .none: "none"
        case .due: "due"
        case .sent: "sent"
        case .shed: "shed"
        }
    }
}
