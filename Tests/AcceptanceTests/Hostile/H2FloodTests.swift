// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: what costs a client little and a server much is bounded, counted, and ends.
@Suite("Floods of HTTP 2", .serialized)
struct H2FloodTests {
    /// A flood, and the word of its counter; empty: it breaks a rule before it is a flood.
    private static let floods: [(kind: String, word: String)] = [
        ("rapid-reset", "resets"), ("rst-closed", "resets"),
        ("made-you-reset-window", ""), ("made-you-reset-closed", ""),
        ("made-you-reset-overflow", "resets_sent"), ("made-you-reset-malformed", "resets_sent"),
        ("made-you-reset-length", "resets_sent"), ("made-you-reset-priority", ""),
        ("streams", "resets_sent"),
        ("continuation", "continuation"), ("continuation-empty", "continuation"),
        ("continuation-byte", ""), ("continuation-large", "continuation"),
        ("ping", "ping"), ("ping-deaf", "ping"), ("settings", "settings"),
        ("settings-deaf", "settings"), ("settings-window", "settings"),
        ("settings-table", "settings"), ("settings-ack", ""), ("priority", "priority"),
        ("priority-idle", "priority"), ("empty-data", "empty_data"),
        ("padded-data", "empty_data"), ("window-update", "window_update"),
        ("window-update-stream", "window_update"), ("unknown", "other_frames"),
        ("goaway", "other_frames"), ("empty-headers", "other_frames"),
    ]

    @Test func `every flood ends with GOAWAY and its counter, and an ordinary client sees none`()
        throws
    {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let origin = try PeerProgram.origin("big_origin.py")
        let world = try SecureEdge(
            certificates,
            [SecureEdge.Way(name: "charts", address: origin.address)],
            binary: Places.optimisedBinary() ?? Places.binary
        )
        let edge = world.edge
        // The ordinary client asks all the while, over one HTTP/2 connection.
        let ordinary = try PeerProgram.start(
            "steady_client.py",
            ["\(edge.port)", "h2"],
            python: python
        )
        let before = try edge.kilobytes("VmRSS")
        for (kind, word) in Self.floods {
            let counter = "banyan_http2_floods_total{kind=\"\(word)\"}"
            let errors = "banyan_http2_connection_errors_total"
            let counted = (try edge.metric(counter), try edge.metric(errors))
            let rows = try PeerProgram.rows("h2_floods.py", ["\(edge.port)", kind], python: python)
            #expect(rows["cut"] == 1, "\(kind): \(rows.counts)")
            // Who says goodbye and has no stream may be taken at its word before it is a flood.
            if kind == "goaway", rows["code"] < 0 { continue }
            // Whoever does not read need not see it.
            #expect(kind.hasSuffix("-deaf") || rows["code"] > 0, "\(kind): \(rows.counts)")
            #expect(try edge.metric(errors) == counted.1 + 1, "\(kind)")
            guard !word.isEmpty else { continue }
            #expect(try edge.metric(counter) == counted.0 + 1, "\(kind): \(rows.counts)")
        }
        // Frames that cost nothing may go on, or be refused; they must not hurt.
        _ = try PeerProgram.rows("h2_floods.py", ["\(edge.port)", "ping-ack"], python: python)
        let rise = try edge.kilobytes("VmHWM") - before
        if Sanitizer.leavesAlone("memory of floods") {
            #expect(rise < 32 << 10, "\(rise) KiB")
        }
        #expect(edge.child.isRunning)
        ordinary.signal(SIGTERM)
        #expect(try ordinary.waitForEnd() == 0, "\(ordinary.out)\(ordinary.error)")
        let rows = try #require(ordinary.out.split(separator: "\n").last)
        print("floods of HTTP/2: \(rows); +\(rise) KiB")
        #expect(rows.hasSuffix("failed 0"))
        for gauge in ["http_requests_in_flight", "connections_open", "blocks_used"] {
            try waitUntil("banyan_\(gauge) is 0") { try edge.metric("banyan_\(gauge)") == 0 }
        }
    }
}
