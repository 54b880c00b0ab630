// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4, "Done when" 2: clients that take their time are cut off, and cost others nothing.
@Suite("Slow clients", .serialized)
struct SlowClientTests {
    /// `Limits.blockBytes`.
    private static let blockKibibytes = 48
    /// Deadlines of a second, so that a test need not wait for ten.
    static let limits = "limits: { headTimeout: 1s, idleTimeout: 2s, rateWindow: 1s }"

    @Test func `500 slow clients of each kind are cut in time, and their memory is bounded`() throws
    {
        try Self.run(
            Places.isSoak ? ["head", "first", "body", "chunks", "read"] : ["head", "body", "read"]
        )
    }

    @Test func `500 slow clients of HTTP 2 and of TLS are cut in time as well`() throws {
        guard PeerProgram.python() != nil, let certificates = try Certificates.make() else {
            return
        }
        let short = ["h2-head", "h2-body", "h2-read", "h2-one", "handshake"]
        let long = ["h2-preface", "h2-frame", "h2-zero", "h2-deaf"]
        let origin = try PeerProgram.origin("big_origin.py")
        let world = try SecureEdge(
            certificates,
            [SecureEdge.Way(name: "charts", address: origin.address)],
            lines: [Self.limits],
            binary: Places.optimisedBinary() ?? Places.binary
        )
        for kind in short + (Places.isSoak ? long : []) {
            let secure = ["\(world.tlsPort)", kind, "500", certificates.authority]
            let clear = ["\(world.edge.port)", kind, "500"]
            for arguments in kind == "handshake"
                ? [secure] : Places.isSoak ? [clear, secure] : [clear]
            {
                let first = try Self.round(arguments, world.edge)
                let second = try Self.round(arguments, world.edge)
                // A session, and what its peer may send ahead; with TLS its buffers as well.
                if Sanitizer.leavesAlone("memory of slow clients, \(kind)") {
                    #expect(first.rise < 500 * 12 * 16, "\(kind): \(first.rise) KiB")
                    let more = second.peak - first.peak
                    #expect(more < 24 << 10, "\(kind) again: \(more) KiB")
                }
                print("slow clients, \(kind): \(first.text); again: \(second.text)")
            }
        }
        #expect(world.edge.child.isRunning)
    }

    /// Lets 500 clients of each kind loose on one edge, one kind after the other.
    static func run(_ kinds: [String]) throws {
        let origin = try PeerProgram.origin("big_origin.py")
        let migration = PlainMigration(
            name: "charts",
            legacy: origin.address,
            modern: origin.address
        )
        let edge = try EdgeUnderTest(
            files: PlainMigration.files([migration], tenants: ["acme"]),
            lines: ["drain: { timeout: 5s }", Self.limits],
            binary: Places.optimisedBinary() ?? Places.binary
        )
        for kind in kinds {
            // The first round pays for memory that is touched once and kept.
            let arguments = ["\(edge.port)", kind, "500"]
            let first = try Self.round(arguments, edge)
            let second = try Self.round(arguments, edge)
            // Two blocks each way, and as much again for the allocator and kernel structures.
            if Sanitizer.leavesAlone("memory of slow clients, \(kind)") {
                #expect(first.rise < 500 * 4 * 16, "\(kind): \(first.rise) KiB")
                let more = second.peak - first.peak
                #expect(more < 16 << 10, "\(kind) again: \(more) KiB")
            }
            // Those who do not read have a full block each; it goes back to the kernel when nobody
            // has needed it for seconds.
            if kind == "read", Sanitizer.leavesAlone("memory that returns") {
                let left = second.peak - 500 * Self.blockKibibytes / 2
                try waitUntil("memory returns to \(left) KiB") {
                    try edge.kilobytes("VmRSS") < left
                }
            }
            print("slow clients, \(kind): \(first.text); again: \(second.text)")
        }
        #expect(edge.child.isRunning)
    }

    private static func round(
        _ arguments: [String],
        _ edge: EdgeUnderTest
    ) throws -> (before: Int, peak: Int, rise: Int, text: String) {
        let kind = arguments[1]
        let before = try edge.kilobytes("VmRSS")
        // A handshake that is not finished has a counter of its own.
        let counter =
            kind == "handshake"
            ? "banyan_tls_handshake_failures_total{reason=\"timeout\"}"
            : "banyan_clients_too_slow_total"
        let slow = try edge.metric(counter)
        let rows = try PeerProgram.rows(
            "slow_clients.py",
            arguments,
            python: PeerProgram.python() ?? "python3"
        )
        #expect(rows.wrong == [], "\(kind)")
        #expect(rows["cut"] == 500, "\(kind)")
        // A second, and the rest of a window; far below the minute after which the program gives
        // up.
        #expect(rows["lasted"] < 30_000, "\(kind)")
        #expect(rows["failed"] == 0, "\(kind)")
        let cut = try edge.metric(counter) - slow
        #expect(cut >= 500, "\(kind): \(cut)")
        for gauge in ["http_requests_in_flight", "connections_open", "blocks_used"] {
            try waitUntil("banyan_\(gauge) is 0") { try edge.metric("banyan_\(gauge)") == 0 }
        }
        let peak = try edge.kilobytes("VmHWM")
        let rise = peak - before
        let times = "p99 \(rows["quiet"]) then \(rows["busy"]) us"
        let text = "cut in \(rows["lasted"]) ms, \(times), +\(rise) KiB"
        return (before, peak, rise, text)
    }
}
