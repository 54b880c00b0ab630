// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Wire

/// What a worker counts, whatever the route.
///
/// The case's raw value is its word in the worker's table.
public enum WorkerCounter: Int, CaseIterable, Sendable {
    /// Connections taken from clients.
    case connectionsAccepted
    /// Connections closed at once because a limit was reached.
    case connectionsRefused
    /// Client connections open now (a gauge).
    case connectionsOpen
    /// Upstream connections opened.
    case upstreamConnects
    /// Upstream connections open now (a gauge).
    case upstreamConnectionsOpen
    /// Exchanges in flight now, copies left out (a gauge).
    case requestsInFlight
    /// Requests refused: malformed, too long, too slow; also for their content's chunks.
    case requestsMalformed
    /// `Upgrade` fields that were removed.
    case upgradesRemoved
    /// Answers 101 that nobody asked for, or that were no proper ones.
    case switchesRefused
    /// Tunnels that were opened.
    case tunnelsOpened
    /// Requests for a tunnel beyond `Limits.tunnelsMax`.
    case tunnelsShed
    /// Tunnels to legacy that are open now (a gauge).
    case tunnelsOpenLegacy
    /// Tunnels to modern that are open now (a gauge).
    case tunnelsOpenModern
    /// Tunnels that both sides ended.
    case tunnelsDone
    /// Tunnels closed because nothing moved.
    case tunnelsIdle
    /// Tunnels closed because their cell has moved.
    case tunnelsMoved
    /// Tunnels closed because the edge stops.
    case tunnelsDrained
    /// Tunnels whose client broke off.
    case tunnelsClientGone
    /// Tunnels whose origin broke off.
    case tunnelsUpstreamGone
    /// Tunnels cut because the worker had no block left.
    case tunnelsOutOfResources
    /// Event streams and downloads cut because their cell has moved.
    case streamsMoved
    /// Bytes that clients sent through tunnels.
    case tunnelBytesUp
    /// Bytes that origins sent through tunnels.
    case tunnelBytesDown
    /// Requests with `%2f` in the path that were refused.
    case encodedSlashRefused
    /// Requests with `//` in the path that were refused.
    case doubleSlashRefused
    /// Requests refused because their tenant sources disagree.
    case tenantConflicts
    /// Client identity fields (`X-Tenant-Id` ...) that were removed.
    case identityFieldsRemoved
    /// Second attempts: on a fresh connection, or at another endpoint.
    case retries
    /// Answers that legacy gave because modern failed.
    case rescues
    /// Requests whose entitlement could not be read, and were forwarded.
    case entitlementUnknown
    /// Answers that were cut short after their head had gone out.
    case answersCutShort
    /// Clients that went away before their answer was complete.
    case clientsGone
    /// Clients cut off for being too slow.
    case clientsTooSlow
    /// Exchanges that Banyan answered because an upstream failed.
    case upstreamFailures
    /// Copies that were due.
    case copiesDue
    /// Copies that got a whole answer.
    case copiesAnswered
    /// Copies whose upstream failed.
    case copiesFailed
    /// Copies not made because the queue, blocks or slots were used up.
    case copiesShedQueue
    /// Copies not made because the body was longer than `shadow.maxBody`.
    case copiesShedBody
    /// Copies not made because the other origin has been failing (breaker open).
    case copiesShedBreaker
    /// Copies not made because the client's answer was aborted.
    case copiesShedAborted
    /// Copies dropped because their time was over.
    case copiesTimedOut
    /// Copies not made because the cell has diverged.
    case copiesBlind
    /// Copies of which the answer had a 5xx status (also counted as answered).
    case copiesServerError
    /// Agreed answers that were modern's.
    case agreedModern
    /// Agreed answers that were legacy's, because the two differed.
    case agreedLegacy
    /// Agreed answers that were legacy's, because modern's (or comparing) was late.
    case agreedLate
    /// Observations handed to the compare threads.
    case observations
    /// Sampled exchanges for which there was no slot: `unobserved(queue_full)`.
    case observationsWithoutSlot
    /// Access log lines that were dropped because the disk was too slow.
    case logLinesDropped
    /// Recent writers that did not fit into the shared table.
    case writersEvicted
    /// Deltas applied.
    case deltas
    /// Snapshots taken over.
    case snapshots
    /// TLS handshakes that clients completed.
    case tlsHandshakes
    /// TLS handshakes with origins that failed, certificates refused among them.
    case tlsUpstreamsFailed
    /// HTTP/2 connections taken from clients.
    case h2Connections
    /// Streams of HTTP/2 clients.
    case h2Streams
    /// Streams refused for want of room.
    case h2StreamsRefused
    /// Streams that clients reset.
    case h2StreamsReset
    /// HTTP/2 connections ended because the client broke the protocol or used up a budget.
    case h2ConnectionErrors
    /// Those ended by a budget, by what was too much (`H2Flood`).
    case h2FloodResets
    case h2FloodResetsSent
    case h2FloodContinuation
    case h2FloodPing
    case h2FloodSettings
    case h2FloodPriority
    case h2FloodEmptyData
    case h2FloodWindowUpdate
    case h2FloodSmallFrames
    case h2FloodHeaderBytes
    case h2FloodOtherFrames
    /// Blocks that connections and exchanges hold now (a gauge).
    case blocksUsed

    /// Bytes of the name in metrics come from the figures' owner; this is the count of words.
    public static var count: Int { self.allCases.count }
}

/// Where a route's numbers stand in a worker's table: plain index arithmetic, shared with the
/// reader.
public enum MetricsLayout {
    /// Methods counted apart: as `MethodToken` has them.
    public static let methods = 10
    /// 1xx to 5xx, and aborted.
    public static let classes = 6
    /// legacy, modern, banyan.
    public static let answerers = 3
    /// Upper bounds of the duration histogram, microseconds (OpenTelemetry's HTTP buckets).
    public static let boundsMicroseconds: [UInt64] = [
        5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000, 1_000_000,
        2_500_000, 5_000_000, 7_500_000, 10_000_000,
    ]
    /// Words of one histogram: one per bound, the rest, and the sum in microseconds.
    public static let histogramWords = 16

    /// Words before the first route's row.
    public static let globalWords = 256
    /// Words of one route's row.
    public static let rowWords =
        answerers * classes * methods + 5 * histogramWords + 2 * GRPCStatus.count + 1
    /// Rows: 0 is "no route", then one for each route number.
    public static let rows = Limits.routesMax + 1

    /// Words of a worker's whole table.
    public static var words: Int { self.wordsWithUpstreams }

    /// The word of failed TLS handshakes of clients, by `TLSFailure.rawValue`, below 32.
    public static func clientTLSFailure(_ number: UInt8) -> Int {
        self.globalWords &- 64 &+ Int(number)
    }

    /// The word of failed TLS handshakes with origins, by `TLSFailure.rawValue`, below 32.
    public static func tlsFailure(_ number: UInt8) -> Int { self.globalWords &- 32 &+ Int(number) }

    /// The word of one request counter.
    public static func request(row: Int, answerer: Int, statusClass: Int, method: Int) -> Int {
        self.globalWords &+ row &* self.rowWords
            &+ (answerer &* self.classes &+ statusClass) &* self.methods &+ method
    }

    /// First word of a client-side duration histogram of an answerer.
    public static func duration(row: Int, answerer: Int) -> Int {
        self.globalWords &+ row &* self.rowWords &+ self.answerers &* self.classes &* self.methods
            &+ answerer &* self.histogramWords
    }

    /// First word of an upstream duration histogram of an origin (0 legacy, 1 modern).
    public static func upstreamDuration(row: Int, origin: Int) -> Int {
        self.duration(row: row, answerer: self.answerers &+ origin)
    }

    /// The word of one status of gRPC calls that an origin (0 legacy, 1 modern) answered.
    public static func call(row: Int, origin: Int, status: GRPCStatus) -> Int {
        self.duration(row: row, answerer: 5) &+ origin &* GRPCStatus.count &+ Int(status.number)
    }

    /// The word of a route's sampled exchanges for which there was no slot.
    public static func unobserved(row: Int) -> Int {
        self.globalWords &+ row &* self.rowWords &+ self.rowWords &- 1
    }
}

extension SharedWordsView {
    /// One more of a global counter.
    func count(_ counter: WorkerCounter) { self.add(counter.rawValue, 1) }

    /// A gauge goes up.
    func raise(_ counter: WorkerCounter) { self.add(counter.rawValue, 1) }

    /// A gauge goes down.
    func lower(_ counter: WorkerCounter) { self.add(counter.rawValue, UInt64.max) }

    /// Puts a duration into the histogram that starts at `base`.
    func observe(_ base: Int, microseconds: UInt64) {
        var bucket = 0
        // Nearly all answers fall into the first bounds; a search would cost more.
        while bucket < 14, microseconds > durationBound(bucket) { bucket &+= 1 }
        self.add(base &+ bucket, 1)
        self.add(base &+ 15, microseconds)
    }
}

/// `MetricsLayout.boundsMicroseconds` without touching an array.
private func durationBound(_ index: Int) -> UInt64 {
    switch index {
    case 0: 5_000
    case 1: 10_000
    case 2: 25_000
    case 3: 50_000
    case 4: 75_000
    case 5: 100_000
    case 6: 250_000
    case 7: 500_000
    case 8: 750_000
    case 9: 1_000_000
    case 10: 2_500_000
    case 11: 5_000_000
    case 12: 7_500_000
    default: 10_000_000
    }
}

extension WorkerCounter {
    /// The counter of connections that were ended for a flood.
    public static func flood(_ flood: H2Flood) -> WorkerCounter {
        switch flood {
        case .resets: .h2FloodResets
        case .resetsSent: .h2FloodResetsSent
        case .continuation: .h2FloodContinuation
        case .ping: .h2FloodPing
        case .settings: .h2FloodSettings
        case .priority: .h2FloodPriority
        case .emptyData: .h2FloodEmptyData
        case .windowUpdate: .h2FloodWindowUpdate
        case .smallFrames: .h2FloodSmallFrames
        case .headerBytes: .h2FloodHeaderBytes
        case .otherFrames: .h2FloodOtherFrames
        }
    }
}
