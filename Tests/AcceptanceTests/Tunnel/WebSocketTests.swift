// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: WebSockets of a library that is not ours, across flips, reloads and the edge's end.
@Suite("WebSockets", .serialized)
struct WebSocketTests {
    private static func edge(
        _ streams: String,
        _ legacy: String,
        _ modern: String
    ) throws
        -> EdgeUnderTest
    {
        var migration = PlainMigration(name: "chat", legacy: legacy, modern: modern)
        migration.route = ["streams: \(streams)"]
        return try EdgeUnderTest(files: PlainMigration.files([migration], tenants: ["acme"]))
    }

    private static func move(_ door: AdminDoor, to stage: String) throws -> [String: Any] {
        let isBack = stage == "legacy"
        let (status, body) = try door.call(
            "POST",
            isBack ? "/rollback" : "/flip",
            ["cells": "acme/chat", "to": stage, "reason": "test"]
        )
        guard status == 200 else { throw AcceptanceError("\(status) \(body)") }
        return body
    }

    /// The last line of `websocket_hold.py` as figures.
    private static func figures(_ child: ChildProcess) -> [String: Int] {
        let words = (child.out.split(separator: "\n").last ?? "").split(separator: " ")
        var counts: [String: Int] = [:]
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            counts[String(words[index])] = Int(words[index + 1])
        }
        return counts
    }

    @Test func `text, binary, fragments, pings, codes and refusals arrive as they were sent`()
        throws
    {
        guard let python = PeerProgram.python() else { return }
        let origin = try PeerProgram.origin("websocket_origin.py", ["legacy"], python: python)
        let edge = try Self.edge("pin", origin.address, origin.address)
        let url = "ws://127.0.0.1:\(edge.port)/chat"
        let rows = try PeerProgram.rows("websocket_rows.py", [url], python: python)
        #expect(rows.wrong == [])
        #expect(rows["rows"] >= 38)
        // One line of the log for each, at its end.
        try waitUntil("the log is written") {
            try edge.accessLog().filter { $0["banyan.tunnel"] != nil }.count == 3
        }
        let lines = try edge.accessLog().filter { $0["banyan.tunnel"] != nil }
        #expect(lines.allSatisfy { $0["banyan.tunnel"] as? String == "done" })
        #expect(lines.allSatisfy { $0["http.response.status_code"] as? Int == 101 })
        #expect(lines.contains { ($0["bytes.in"] as? Int ?? 0) > 1_200_000 })
        #expect(try edge.metric("banyan_tunnels_opened_total") == 3)
    }

    private static func tenant(_ id: String) -> String {
        """
        apiVersion: banyan.dev/v1
        kind: Tenant
        metadata: { name: \(id), labels: { wave: "1" } }
        spec: { hosts: [\(id).care.example] }

        """
    }

    @Test func `no byte of any frame is changed, added or lost`() throws {
        let origin = try PeerProgram.origin("websocket_raw.py", ["origin"])
        let edge = try Self.edge("pin", origin.address, origin.address)
        let count = Places.isSoak ? 1_000 : 50
        let rows = try PeerProgram.rows(
            "websocket_raw.py",
            ["client", "\(edge.port)", "/chat/raw", "\(count)"]
        )
        #expect(rows.wrong == [])
        #expect(rows["rows"] == count && rows["fragments"] > 0 && rows["pings"] > 0)
        let told = origin.child.out.split(separator: "\n").filter { $0.hasPrefix("seed ") }
        #expect(told.count == count && told.allSatisfy { $0.hasSuffix(" right") }, "\(told)")
        print("raw frames: \(rows.counts)")
    }

    @Test func `pinned connections outlive reloads and flips without a drop`() throws {
        guard let python = PeerProgram.python() else { return }
        let (count, reloads, flips) = Places.isSoak ? (1_000, 100, 1_000) : (200, 10, 50)
        let legacy = try PeerProgram.origin("websocket_origin.py", ["legacy"], python: python)
        let modern = try PeerProgram.origin("websocket_origin.py", ["modern"], python: python)
        let edge = try Self.edge("pin", legacy.address, modern.address)
        let holder = try PeerProgram.start(
            "websocket_hold.py",
            ["ws://127.0.0.1:\(edge.port)/chat/echo", "\(count)", "\(count)"],
            python: python
        )
        _ = try holder.waitForOutput("^open (\(count))$", seconds: 120)
        let door = AdminDoor(socket: edge.folder.path("admin.sock"))
        let start = Date()
        for flip in 1...flips {
            let body = try Self.move(door, to: flip % 2 == 1 ? "modern" : "legacy")
            let left = (body["leftBehind"] as? [String: Any])?["tunnels"] as? Int
            #expect(left == (flip % 2 == 1 ? count : 0), "flip \(flip)")
            if flip % (flips / reloads) == 0 {
                // Other files each time: nothing is reloaded that has not changed.
                try edge.folder.write("Routes/more.yaml", Self.tenant("tenant-\(flip)"))
                let (status, answer) = try door.call("POST", "/reload")
                #expect(status == 200, "\(answer)")
            }
            if flip == 1 {
                let status = try edge.banyan(["status", "acme/chat"]).out
                #expect(status.contains("\(count) tunnels still on legacy (oldest "), "\(status)")
            }
        }
        // Everybody is heard once more with every kind of frame, after the last flip.
        let before = Date()
        holder.signal(SIGTERM)
        #expect(try holder.waitForEnd(seconds: 120) == 0, "\(holder.error)")
        let figures = Self.figures(holder)
        #expect(figures["dropped"] == 0 && figures["wrong"] == 0, "\(holder.out)")
        #expect(!holder.out.contains("wrong:"), "\(holder.out)")
        for kind in ["text", "binary", "fragments", "pings"] {
            #expect(figures[kind, default: 0] >= count, "\(kind): \(holder.out)")
        }
        print(
            """
            pinned: \(count) WebSockets, \(flips) flips, \(reloads) reloads in \
            \(Int(before.timeIntervalSince(start))) s: \(figures)
            """
        )
    }

    @Test func `close gives everybody 1012 within the second`() throws {
        guard let python = PeerProgram.python() else { return }
        let count = Places.isSoak ? 1_000 : 100
        let legacy = try PeerProgram.origin("websocket_origin.py", ["legacy"], python: python)
        let edge = try Self.edge("close", legacy.address, legacy.address)
        let holder = try PeerProgram.start(
            "websocket_hold.py",
            ["ws://127.0.0.1:\(edge.port)/chat/echo", "\(count)", "50"],
            python: python
        )
        _ = try holder.waitForOutput("^open (\(count))$", seconds: 120)
        let door = AdminDoor(socket: edge.folder.path("admin.sock"))
        let start = Date().timeIntervalSince1970 * 1_000
        _ = try Self.move(door, to: "modern")
        let last = try holder.waitForOutput("^closed \(count) last ([0-9]+)$", seconds: 20)[1]
        let took = (Double(last) ?? .infinity) - start
        if Sanitizer.leavesAlone("the second in which all are told") {
            #expect(took < 1_000, "the last heard of it after \(took) ms")
        }
        #expect(try holder.waitForEnd(seconds: 20) == 0)
        #expect(Self.figures(holder)["code1012"] == count, "\(holder.out)")
        // The origin was told, too.
        try waitUntil("the origin has heard from all") {
            let told = legacy.child.out.split(separator: "\n").filter { $0 == "closed 1001" }
            return told.count == count
        }
        print("close: \(count) WebSockets, the last after \(Int(took)) ms")
    }

    @Test func `drain closes after its time, and an edge that stops says 1001`() throws {
        guard let python = PeerProgram.python() else { return }
        let legacy = try PeerProgram.origin("websocket_origin.py", ["legacy"], python: python)
        let edge = try Self.edge("{ drain: 1500ms }", legacy.address, legacy.address)
        let url = "ws://127.0.0.1:\(edge.port)/chat/echo"
        let door = AdminDoor(socket: edge.folder.path("admin.sock"))
        let first = try PeerProgram.start("websocket_hold.py", [url, "20", "50"], python: python)
        _ = try first.waitForOutput("^open (20)$", seconds: 60)
        let start = Date().timeIntervalSince1970 * 1_000
        _ = try Self.move(door, to: "modern")
        let last = try first.waitForOutput("^closed 20 last ([0-9]+)$", seconds: 20)[1]
        let took = (Double(last) ?? 0) - start
        #expect(took >= 1_450, "\(took) ms")
        #expect(try first.waitForEnd(seconds: 20) == 0)
        #expect(Self.figures(first)["code1012"] == 20, "\(first.out)")

        let second = try PeerProgram.start("websocket_hold.py", [url, "20", "50"], python: python)
        _ = try second.waitForOutput("^open (20)$", seconds: 60)
        edge.child.signal(SIGTERM)
        #expect(try edge.child.waitForEnd(seconds: 20) == 0, "\(edge.child.error)")
        #expect(try second.waitForEnd(seconds: 20) == 0)
        #expect(Self.figures(second)["code1001"] == 20, "\(second.out)")
        #expect(!edge.child.error.contains("was cut"), "\(edge.child.error)")
    }
}
