// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A rollback with the store in every kind of trouble, as an operator sees it.
@Suite("Rollback with an ill store")
struct StoreFaultTests {
    @Test func `locked by another process`() throws {
        let world = try StoreEdge()
        try world.moveToLive()
        let script = """
            import signal, sqlite3, sys
            other = sqlite3.connect(sys.argv[1], isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            print("locked")
            signal.pause()
            """
        let other = try ChildProcess("python3", ["-u", "-c", script, world.database])
        _ = try other.waitForOutput("^locked$")
        _ = try world.pressRedButton("locked")
        try world.flipIsRefused("locked")
        other.end()
        try world.auditCatchesUp("locked")
    }

    @Test func `deleted`() throws {
        let world = try StoreEdge()
        try world.moveToLive()
        for part in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: world.database + part)
        }
        _ = try world.pressRedButton("deleted")
        try world.auditCatchesUp("deleted")
    }

    @Test func `corrupt, also at the next start`() throws {
        let world = try StoreEdge()
        try world.moveToLive()
        try self.corrupt(world)
        _ = try world.pressRedButton("corrupt")
        world.edge.child.signal(SIGKILL)
        try world.edge.child.waitForEnd()
        try self.corrupt(world)
        try world.edge.restart()
        #expect(try world.answerer() == "legacy")
        try world.auditCatchesUp("corrupt")
    }

    private func corrupt(_ world: StoreEdge) throws {
        for part in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: world.database + part)
        }
        // In place: the edge has the same file open.
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: world.database))
        try file.write(contentsOf: Data(repeating: 0xa5, count: 200_000))
        try file.close()
    }

    @Test func `on a full disk, the journal beside it`() throws {
        guard let disk = try SmallDisk(mebibytes: 40) else { return }
        let world = try StoreEdge(disk: disk.path, keepsStateThere: true)
        try world.moveToLive()
        try disk.fill()
        // The write-ahead log may have room for some: go on until the store is really full.
        var isFull = false
        for _ in 0..<60 where !isFull {
            let answer = try world.pressRedButton("full")
            isFull = answer.contains("the store is behind")
        }
        #expect(isFull)
        try world.flipIsRefused("full")
        try disk.empty()
        try world.auditCatchesUp("full")
    }

    @Test func `read-only`() throws {
        guard let disk = try SmallDisk(mebibytes: 10) else { return }
        let world = try StoreEdge(disk: disk.path)
        try world.moveToLive()
        world.edge.child.end()
        guard try disk.remount("ro") else {
            print("skipped: a disk cannot be made read-only here")
            return
        }
        try world.edge.restart()
        #expect(try world.answerer() == "modern")
        _ = try world.pressRedButton("read-only")
        try world.flipIsRefused("read-only")
        #expect(try disk.remount("rw"))
        try world.auditCatchesUp("read-only")
    }

    @Test func `no sync succeeds anywhere: in force, NOT RECORDED, exit 6; a flip is refused`()
        throws
    {
        let world = try StoreEdge()
        try world.moveToLive()
        guard
            let trace = try SystemCallTrace(
                of: world.edge.child.id,
                ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"]
            )
        else { return }
        let answer = try world.pressRedButton(exit: 6, "no sync")
        #expect(answer.contains("\"isRecorded\": false") || answer.contains("NOT RECORDED"))
        try world.flipIsRefused("no sync")
        try trace.end()
        // SQLite has written what it could not sync. The flip that was refused must not come to
        // life by it, neither when the store is opened again nor at the next start.
        try waitUntil("the store takes acts again", seconds: 30) {
            let (status, body) = try world.door.call("GET", "/audit?lines=100")
            return status == 200 && number(body["waiting"]) == 0
        }
        try self.betaIsAtLegacy(world)
        world.edge.child.signal(SIGKILL)
        try world.edge.child.waitForEnd()
        try world.edge.restart()
        try self.betaIsAtLegacy(world)
        let verdict = try world.edge.banyan(["audit", "verify"])
        #expect(verdict.status == 0, "\(verdict.out)\(verdict.error)")
    }

    private func betaIsAtLegacy(_ world: StoreEdge) throws {
        #expect(try world.answerer("beta") == "legacy")
        let (status, body) = try world.door.call("GET", "/status?cell=beta/care")
        let rows = body["cells"] as? [[String: Any]] ?? []
        #expect(status == 200 && rows.first?["stage"] as? String == "legacy", "\(body)")
    }
}
