// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// An edge with one migration `care` and its store where a test wants it, seen from outside.
final class StoreEdge {
    let edge: EdgeUnderTest
    let door: AdminDoor
    let database: String
    private let origins: [LoadOrigin]

    /// - Parameter disk: the folder of the database; `nil`: the edge's own.
    /// - Parameter keepsStateThere: the journal lies on that disk too.
    init(
        disk: String? = nil,
        keepsStateThere: Bool = false,
        tenants: [String] = ["acme", "beta"],
        workers: Int = 2
    ) throws {
        let legacy = try LoadOrigin(name: "legacy")
        let modern = try LoadOrigin(name: "modern")
        self.origins = [legacy, modern]
        let care = PlainMigration(name: "care", legacy: legacy.address, modern: modern.address)
        let database = disk.map { "\($0)/banyan.db" } ?? "banyan.db"
        let state = keepsStateThere ? disk.map { "\($0)/state" } ?? "state" : "state"
        self.edge = try EdgeUnderTest(files: PlainMigration.files([care], tenants: tenants)) {
            """
            listeners:
              - name: web
                address: "127.0.0.1:\($0.edge)"
                tenant: { sources: [{ header: X-Tenant-Id }] }
                trustedPeers: ["127.0.0.0/8"]
            admin: { socket: admin.sock, listen: "127.0.0.1:\($0.observe)" }
            store: { path: "\(database)", state: "\(state)" }
            workers: \(workers)
            drain: { timeout: 5s }

            """
        }
        self.database = disk == nil ? self.edge.folder.path("banyan.db") : database
        self.door = AdminDoor(socket: self.edge.folder.path("admin.sock"))
    }

    /// Who answers `acme`.
    func answerer(_ tenant: String = "acme") throws -> String {
        try self.edge.ask("/care/x", tenant: tenant).field("Origin-Name") ?? "nobody"
    }

    /// Takes acme to live, recorded.
    func moveToLive() throws {
        let result = try self.edge.banyan(["flip", "acme/care", "live", "--reason", "CHG-1"])
        #expect(result.status == 0, "\(result.out)\(result.error)")
        #expect(try self.answerer() == "modern")
    }

    /// The red button with an ill store: prompt, in force for the next request, exit code `status`.
    func pressRedButton(exit status: Int32 = 0, _ comment: Comment) throws -> String {
        let result = try self.edge.banyan(["rollback", "acme/care", "-o", "json"])
        #expect(result.status == status, "\(comment): \(result.out)\(result.error)")
        #expect(try self.answerer() == "legacy", comment)
        let object = try JSONSerialization.jsonObject(with: Data(result.out.utf8))
        let time = number((object as? [String: Any])?["durableNanoseconds"]) ?? .max
        #expect(time < 1_000_000_000, "\(comment): \(time) ns")
        return result.out + result.error
    }

    /// A flip while the store is ill is refused, and nothing moves.
    func flipIsRefused(_ comment: Comment) throws {
        let result = try self.edge.banyan(["flip", "beta/care", "live", "--reason", "CHG-2"])
        #expect(result.status == 69, "\(comment): \(result.status) \(result.out)\(result.error)")
        #expect(try self.answerer("beta") == "legacy", comment)
    }

    /// Nothing waits for the store any more, the rollback is in the audit, and the chain holds.
    func auditCatchesUp(_ comment: Comment) throws {
        try waitUntil("the audit has caught up: \(comment)", seconds: 30) {
            let (status, body) = try self.door.call("GET", "/audit?lines=100")
            guard status == 200, number(body["waiting"]) == 0 else { return false }
            let entries = body["entries"] as? [[String: Any]] ?? []
            return entries.contains { $0["act"] as? String == "rollback" }
        }
        let verdict = try self.edge.banyan(["audit", "verify"])
        #expect(verdict.status == 0, "\(comment): \(verdict.out)\(verdict.error)")
        let result = try self.edge.banyan(["flip", "beta/care", "shadow", "--reason", "CHG-3"])
        #expect(result.status == 0, "\(comment): \(result.out)\(result.error)")
    }
}

/// A file system of its own; `nil`, and a line that says so, where mounting is not allowed.
final class SmallDisk {
    let folder: TemporaryFolder
    var path: String { self.folder.path }

    init?(mebibytes: Int) throws {
        self.folder = try TemporaryFolder()
        let mount = try runCommand(
            "mount",
            ["-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", self.folder.path]
        )
        guard mount.status == 0 else {
            print("skipped: a small disk cannot be mounted here")
            return nil
        }
    }

    deinit { _ = try? runCommand("umount", ["-l", self.folder.path]) }

    func remount(_ mode: String) throws -> Bool {
        try runCommand("mount", ["-o", "remount,\(mode)", self.folder.path]).status == 0
    }

    /// Takes every free byte.
    func fill() throws {
        let path = self.folder.path("fill")
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        for size in [1 << 20, 65_536, 4_096, 1] {
            while (try? file.write(contentsOf: Data(repeating: 1, count: size))) != nil {}
        }
    }

    /// Gives them back.
    func empty() throws { try FileManager.default.removeItem(atPath: self.folder.path("fill")) }
}
