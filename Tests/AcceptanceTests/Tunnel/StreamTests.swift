// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: event streams and long downloads across flips, with curl as the client.
@Suite("Event streams and downloads", .serialized)
struct StreamTests {
    private static func edge(
        _ streams: String,
        _ legacy: String,
        _ modern: String
    ) throws
        -> EdgeUnderTest
    {
        var migration = PlainMigration(name: "feed", legacy: legacy, modern: modern)
        migration.route = ["streams: \(streams)"]
        return try EdgeUnderTest(
            files: PlainMigration.files([migration], tenants: ["acme"]),
            lines: ["limits: { rateWindow: 1s }", "drain: { timeout: 2s }"]
        )
    }

    private static func listen(_ edge: EdgeUnderTest, _ path: String) throws -> ChildProcess {
        try ChildProcess(
            "curl",
            ["-sSN", "--noproxy", "*", "-H", "X-Tenant-Id: acme", edge.url("/feed/\(path)")]
        )
    }

    private static func flip(_ edge: EdgeUnderTest, to stage: String) throws -> CommandResult {
        try edge.banyan(
            stage == "legacy"
                ? ["rollback", "acme/feed", "--reason", "test"]
                : ["flip", "acme/feed", stage, "--reason", "test"]
        )
    }

    @Test func `pin leaves event streams running, and status tells how many are left`() throws {
        let legacy = try PeerProgram.origin("stream_origin.py", ["legacy"])
        let modern = try PeerProgram.origin("stream_origin.py", ["modern"])
        let edge = try Self.edge("pin", legacy.address, modern.address)
        let listener = try Self.listen(edge, "events")
        _ = try listener.waitForOutput("^data: legacy 3$")
        let result = try Self.flip(edge, to: "modern")
        #expect(
            result.out.contains("still on the previous origin: 1 stream (`banyan status`"),
            "\(result.out)\(result.error)"
        )
        #expect(try edge.ask("/feed/plain", tenant: "acme").text == "modern")
        let seen = listener.out.split(separator: "\n").count
        _ = try listener.waitForOutput("^data: legacy \(seen + 20)$")
        let status = try edge.banyan(["status", "acme/feed"]).out
        #expect(status.contains("1 stream still on legacy (oldest "), "\(status)")
        let json = try edge.banyan(["status", "acme/feed", "-o", "json"]).out
        for member in ["\"kind\": \"events\"", "\"origin\": \"legacy\"", "\"isLeftBehind\": true"] {
            #expect(json.contains(member), "\(json)")
        }
        #expect(try !Self.flip(edge, to: "legacy").out.contains("still on the previous"))
        #expect(listener.process.isRunning)
    }

    @Test func `close cuts event streams and downloads, and curl can tell`() throws {
        let legacy = try PeerProgram.origin("stream_origin.py", ["legacy"])
        let edge = try Self.edge("close", legacy.address, legacy.address)
        let events = try Self.listen(edge, "events")
        let download = try Self.listen(edge, "download")
        _ = try events.waitForOutput("^data: legacy 3$")
        // Long enough to be a stream.
        try waitUntil("the download is a stream") {
            try edge.banyan(["status", "acme/feed", "-o", "json"]).out.contains("download")
        }
        let start = Date()
        _ = try Self.flip(edge, to: "modern")
        // 18: cut short; 56: reset. Never 0.
        #expect([18, 56].contains(try events.waitForEnd(seconds: 10)))
        #expect([18, 56].contains(try download.waitForEnd(seconds: 10)))
        if Sanitizer.leavesAlone("the time in which streams are cut") {
            #expect(Date().timeIntervalSince(start) < 2, "the flip's own time included")
        }
        #expect(try edge.metric("banyan_streams_moved_total") == 2)
        // Lines reach the file a moment after the answer.
        try waitUntil("both cuts are in the log") {
            try edge.accessLog().filter { $0["error.type"] as? String == "stream_moved" }.count == 2
        }
    }

    @Test func `shadow and dual never touch an event stream`() throws {
        let legacy = try PeerProgram.origin("stream_origin.py", ["legacy"])
        let modern = try PeerProgram.origin("stream_origin.py", ["modern"])
        let edge = try Self.edge("pin", legacy.address, modern.address)
        _ = try Self.flip(edge, to: "shadow")
        let listener = try Self.listen(edge, "events")
        _ = try listener.waitForOutput("^data: legacy 3$")
        listener.end()
        #expect(try edge.ask("/feed/plain", tenant: "acme").text == "legacy")
        try waitUntil("the plain request's copy has come") {
            modern.child.out.contains("asked /plain")
        }
        #expect(!modern.child.out.contains("events"), "\(modern.child.out)")
    }
}
