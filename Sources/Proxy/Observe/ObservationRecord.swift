// SPDX-License-Identifier: Apache-2.0

import Migration
import Parity

/// One origin's side of an observation: where its bytes lie in the slot's area, and how it ended.
///
///     [request head][answer head][body]
struct ObservationPart: BitwiseCopyable {
    var end = AnswerEnd.notAsked
    var status: UInt16 = 0
    /// Offset of its first byte in the area.
    var start: Int32 = 0
    var requestCount: Int32 = 0
    var headCount: Int32 = 0
    var bodyCount: Int32 = 0
    /// Request sent to last byte.
    var microseconds: UInt32 = 0
    /// The sockaddr of the endpoint that was asked.
    var address = InlineArray<112, UInt8>(repeating: 0)
    var addressCount: UInt8 = 0

    /// One behind its last byte in the area.
    var limit: Int32 { self.start &+ self.requestCount &+ self.headCount &+ self.bodyCount }
    /// The address, for asking again.
    var addressBytes: [UInt8] { (0..<Int(self.addressCount)).map { self.address[$0] } }
    /// Offset of the body.
    var bodyStart: Int32 { self.start &+ self.requestCount &+ self.headCount }
}

/// What a worker knows of one sampled exchange besides the bytes: a plain value in its arena.
struct ObservationRecord: BitwiseCopyable {
    /// Tells a slot's observations apart.
    var serial: UInt32 = 0
    var source = ObservationSource.shadow
    var reason = UnobservedReason.none
    /// Answers that are still awaited.
    var outstanding: UInt8 = 0
    /// Legacy is to be read again, whatever the answers are (A/A).
    var readsAgain = false
    /// A client waits for the word of the compare threads (`dual`, `answer: agreed`).
    var isAgreed = false
    /// The request has a body: it cannot be asked again later.
    var hasRequestBody = false
    /// The slot is with the compare threads.
    var isPublished = false
    /// Names at the begin of the area: tenant, migration, route, operation.
    var tenantCount: UInt16 = 0
    var migrationCount: UInt16 = 0
    var routeCount: UInt16 = 0
    var operationCount: UInt16 = 0
    /// Longest body that this route has kept.
    var bodyLimit: Int32 = 0
    /// Bytes counted against `Limits.observedBytesMax`.
    var heldBytes: Int32 = 0
    var firstDigest: UInt64 = 0
    var secondDigest: UInt64 = 0
    var unixMilliseconds: UInt64 = 0
    var generation: UInt64 = 0
    var legacy = ObservationPart()
    var modern = ObservationPart()

    var nameCount: Int32 {
        Int32(self.tenantCount) &+ Int32(self.migrationCount) &+ Int32(self.routeCount)
            &+ Int32(self.operationCount)
    }

    subscript(origin: Origin) -> ObservationPart {
        get { origin == .legacy ? self.legacy : self.modern }
        set { if origin == .legacy { self.legacy = newValue } else { self.modern = newValue } }
    }
}
