// SPDX-License-Identifier: Apache-2.0
import Control
import Foundation
import Migration
import Store
import Testing

/// A real file system of 2 MiB of its own; `nil` where mounting is not allowed.
private final class SmallDisk {
    let path: String

    init?() {
        self.path = StandingWorld.freshFolder()
        guard SmallDisk.run("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", self.path]) else {
            try? FileManager.default.removeItem(atPath: self.path)
            return nil
        }
    }

    deinit {
        _ = SmallDisk.run("umount", ["-l", self.path])
        try? FileManager.default.removeItem(atPath: self.path)
    }

    func remount(_ mode: String) -> Bool {
        SmallDisk.run("mount", ["-o", "remount,\(mode)", self.path])
    }

    private static func run(_ tool: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/" + tool)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

@Suite("Standings on a real small disk")
struct StandingDiskTests {
    @Test func `a rollback is journalled on a disk without a free byte, and stored when there is`()
        throws
    {
        guard let disk = SmallDisk() else {
            print("skipped: a small disk cannot be mounted here")
            return
        }
        let world = try StandingWorld(folder: disk.path, removes: false)
        _ = try world.flip("acme/care", "live")
        let fill = disk.path + "/fill"
        #expect(FileManager.default.createFile(atPath: fill, contents: nil))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: fill))
        for size in [65_536, 4_096] {
            while (try? handle.write(contentsOf: Data(repeating: 1, count: size))) != nil {}
        }
        var last = Recorded.store
        for _ in 0..<40 { last = try world.rollback("acme/care").recorded }
        #expect(last == .journal)
        #expect(world.at("acme/care") == "legacy" && world.workersAgree)
        #expect(throws: (any Error).self) { _ = try world.flip("acme/care", "shadow") }
        try handle.close()
        try FileManager.default.removeItem(atPath: fill)
        #expect(world.storeCaughtUp())
        #expect(try world.verify().isIntact)
        #expect(try world.kinds().filter { $0 == "rollback" }.count == 40)
        _ = try world.flip("acme/care", "shadow")
    }

    @Test func `an edge starts and rolls back with its store on a read-only disk`()
        throws
    {
        guard let disk = SmallDisk() else {
            print("skipped: a small disk cannot be mounted here")
            return
        }
        let state = StandingWorld.freshFolder()
        defer { try? FileManager.default.removeItem(atPath: state) }
        // Only the store is on the disk that fails; the journal's disk is well.
        try FileManager.default.createSymbolicLink(
            atPath: disk.path + "/state",
            withDestinationPath: state
        )
        do {
            let world = try StandingWorld(folder: disk.path, removes: false)
            _ = try world.flip("acme/care", "live")
        }
        #expect(disk.remount("ro"))
        let world = try StandingWorld(folder: disk.path, removes: false)
        #expect(world.at("acme/care") == "live")
        #expect(throws: (any Error).self) { _ = try world.flip("acme/care", "modern") }
        let change = try world.rollback("acme/care")
        #expect(change.recorded == .journal && change.exitCode == 0)
        #expect(world.at("acme/care") == "legacy")
        #expect(disk.remount("rw"))
        #expect(world.storeCaughtUp())
        #expect(try world.verify().isIntact)
    }

    @Test func `a flip over ten thousand tenants touches what is stored only`() throws {
        let world = try StandingWorld()
        let tenants = (0..<10_000).map { "t\($0)" }
        world.standings.adopt(
            StandingGuide(
                migrations: ["care": MigrationGuide(stages: StandingWorld.stages)],
                tenants: tenants,
                resolve: { _ in .legacy }
            )
        )
        var flips: [UInt64] = []
        var rollbacks: [UInt64] = []
        for index in 0..<60 {
            flips.append(try world.flip("t\(index)/care", "live").elapsedNanoseconds)
            rollbacks.append(try world.rollback("t\(index)/care").elapsedNanoseconds)
        }
        let all = try world.rollback("*/care")
        #expect(all.steps.count == 61)
        func middle(_ times: [UInt64]) -> UInt64 { times.sorted()[times.count / 2] / 1_000 }
        print(
            "durable flip p50 \(middle(flips)) us, durable rollback p50 \(middle(rollbacks)) us,",
            "rollback of everybody \(all.elapsedNanoseconds / 1_000) us"
        )
    }
}
