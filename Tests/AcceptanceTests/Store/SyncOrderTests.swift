// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 2, "Done when" 7: the disk has an act before its caller hears of it.
@Suite("Sync before the reply")
struct SyncOrderTests {
    @Test func `the store is synced before a flip's reply, the journal before a rollback's`() throws
    {
        let world = try StoreEdge()
        try world.moveToLive()
        guard
            let trace = try SystemCallTrace(
                of: world.edge.child.id,
                [
                    "-e",
                    "trace=fsync,fdatasync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg",
                ]
            )
        else { return }
        let body: [String: any Sendable] = ["cells": "acme/care", "reason": "CHG-4"]
        let flip = try world.door.call(
            "POST",
            "/flip",
            body.merging(["to": "modern"]) { $1 }
        )
        #expect(flip.status == 200, "\(flip.body)")
        let rollback = try world.door.call("POST", "/rollback", body)
        #expect(rollback.status == 200, "\(rollback.body)")
        let lines = try trace.end()
        let order = try SyncOrder(lines: lines)
        #expect(order.replies.count == 2, "\(lines.joined(separator: "\n"))")
        for (path, file) in [("flip", "banyan.db"), ("rollback", "/state/")] {
            let synced = order.filesSynced(before: path)
            #expect(
                synced.contains { $0.contains(file) },
                "\(path): \(synced)\n\(lines.joined(separator: "\n"))"
            )
        }
    }

    @Test func `a sync after the reply, or one that failed, is not taken for one before it`() throws
    {
        let late = try SyncOrder(lines: [
            #"7 recvfrom(9<socket:[1]>, "POST /admin/v1/flip HTTP/1.1\r\n"..., 16384) = 80"#,
            #"8 fdatasync(5</tmp/banyan.db>) = -1 EIO (Input/output error)"#,
            #"7 sendto(9<socket:[1]>, "HTTP/1.1 200 OK\r\n"..., 300) = 300"#,
            #"8 fdatasync(5</tmp/banyan.db>) = 0"#,
        ])
        #expect(late.replies == ["flip"] && late.filesSynced(before: "flip").isEmpty)
        let due = try SyncOrder(lines: [
            #"7 recvfrom(9<socket:[1]>, "POST /admin/v1/flip HTTP/1.1\r\n"..., 16384) = 80"#,
            #"8 fdatasync(5</tmp/banyan.db> <unfinished ...>"#,
            #"8 <... fdatasync resumed>) = 0"#,
            #"7 sendto(9<socket:[1]>, "HTTP/1.1 200 OK\r\n"..., 300) = 300"#,
        ])
        #expect(due.filesSynced(before: "flip") == ["/tmp/banyan.db"])
    }
}

/// What was synced between an act's request and its reply, read from strace's lines.
private struct SyncOrder {
    /// Acts that were answered with 200, in order.
    private(set) var replies: [String] = []
    private var synced: [String: [String]] = [:]

    init(lines: [String]) throws {
        let call = try NSRegularExpression(
            pattern: #"^(\d+) +(?:(\w+)\((\d+)<([^>]*)>(.*)|<\.\.\. (\w+) resumed>(.*))$"#
        )
        /// Files of syncs that have begun, by thread.
        var begun: [String: String] = [:]
        /// The act whose request was read and whose reply is due.
        var act: String?
        var files: [String] = []
        for line in lines {
            guard let groups = line.groups(of: call) else { continue }
            let name = groups[2].isEmpty ? groups[6] : groups[2]
            let rest = groups[2].isEmpty ? groups[7] : groups[5]
            if name == "fsync" || name == "fdatasync" {
                if !groups[2].isEmpty { begun[groups[1]] = groups[4] }
                if rest.hasSuffix("= 0"), let file = begun[groups[1]] { files.append(file) }
            } else if rest.contains("HTTP/1.1 200"), let done = act {
                self.replies.append(done)
                self.synced[done] = files
                act = nil
            }
            for path in ["flip", "rollback"] where rest.contains("POST /admin/v1/\(path) ") {
                act = path
                files = []
            }
        }
    }

    /// Files that were on disk before the reply.
    func filesSynced(before act: String) -> [String] { self.synced[act] ?? [] }
}
