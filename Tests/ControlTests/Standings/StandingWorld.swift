// SPDX-License-Identifier: Apache-2.0
import Control
import Foundation
import Migration
import Store
import Synchronization

/// Workers as a table in memory, with the rule of design.md 7.2 and a hook before they answer.
final class ModelWorkers: DataPlanePort {
    struct Cell: Sendable, Equatable {
        var standing: Standing?
        var isFrozen = false
        var generation: UInt64 = 0
    }

    let cells = Mutex<[CellNumber: Cell]>([:])
    let diverged = Mutex<Set<CellNumber>>([])
    let forgotten = Mutex<[CellNumber]>([])
    let beforeApply = Mutex<(@Sendable (Delta) -> Void)?>(nil)
    let silent = Mutex<[Int]>([])
    let workerCount = 2

    func apply(_ delta: Delta) -> Acknowledgement {
        self.beforeApply.withLock { $0 }?(delta)
        self.cells.withLock { cells in
            for change in delta.changes
            where delta.generation > cells[change.cell]?.generation ?? 0 {
                cells[change.cell] = Cell(
                    standing: change.standing,
                    isFrozen: change.isFrozen,
                    generation: delta.generation
                )
            }
        }
        var answer = Acknowledgement()
        answer.silent = self.silent.withLock { $0 }
        answer.confirmed = self.workerCount - answer.silent.count
        return answer
    }

    func forgetWriters(_ cells: [CellNumber]) { self.forgotten.withLock { $0 += cells } }

    func isDiverged(_ cell: CellNumber) -> Bool { self.diverged.withLock { $0.contains(cell) } }

    func setDiverged(_ isDiverged: Bool, _ cell: CellNumber) {
        self.diverged.withLock { cells in
            if isDiverged { cells.insert(cell) } else { cells.remove(cell) }
        }
    }
}

/// An edge's standings on a folder of their own, with model workers.
final class StandingWorld {
    static let stages: [Stage] = [.legacy, .shadow, .live, .modern, .redirect]
    let folder: String
    let workers = ModelWorkers()
    let standings: Standings
    private let removes: Bool

    init(
        folder: String? = nil,
        operations: FileOperations = .kernel,
        removes: Bool = true
    ) throws {
        self.folder = folder ?? StandingWorld.freshFolder()
        self.removes = removes
        let clock = Mutex<UInt64>(1_000)
        self.standings = try Standings(
            paths: StandingPaths(
                store: self.folder + "/banyan.db",
                state: self.folder + "/state"
            ),
            journalBytes: 65_536,
            operations: operations,
            now: {
                clock.withLock {
                    $0 += 1
                    return $0
                }
            }
        )
        self.standings.adopt(StandingWorld.guide)
        self.standings.attach(self.workers)
    }

    deinit {
        self.standings.stop()
        if self.removes { try? FileManager.default.removeItem(atPath: self.folder) }
    }

    static let guide = StandingGuide(
        migrations: [
            "care": MigrationGuide(stages: StandingWorld.stages),
            "portal": MigrationGuide(stages: [.legacy, .live, .modern]),
        ],
        tenants: ["acme", "beta", "early"],
        // Tenant `early` starts at live by its labels, the others at legacy.
        resolve: { $0.tenant == "early" && $0.migration == "care" ? .live : .legacy }
    )

    static func freshFolder() -> String {
        let folder = NSTemporaryDirectory() + "/banyan-standings-" + UUID().uuidString
        try? FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        return folder
    }

    static func copy(_ folder: String) -> String {
        let copy = NSTemporaryDirectory() + "/banyan-standings-" + UUID().uuidString
        try? FileManager.default.copyItem(atPath: folder, toPath: copy)
        return copy
    }

    var database: String { self.folder + "/banyan.db" }

    func flip(_ text: String, _ standing: String) throws(StandingError) -> StandingChange {
        try self.standings.flip(
            Self.pattern(text),
            to: Standing(text: standing) ?? Standing(.legacy),
            order: ActOrder(actor: "uid 7", reason: "test")
        )
    }

    func rollback(
        _ text: String,
        to standing: String = "legacy"
    ) throws(StandingError) -> StandingChange {
        try self.standings.rollback(
            Self.pattern(text),
            to: Standing(text: standing) ?? Standing(.legacy),
            order: ActOrder(actor: "uid 7")
        )
    }

    static func pattern(_ text: String) -> CellPattern { CellPattern(text: text) ?? .everything }

    func cell(_ text: String) -> CellName {
        let parts = text.split(separator: "/").map(String.init)
        return CellName(tenant: parts[0], migration: parts[1])
    }

    /// Where the cell stands, in words.
    func at(_ text: String) -> String { self.standings.book.effective(self.cell(text)).text }

    /// Whether the workers hold what the book holds, for every touched cell.
    var workersAgree: Bool {
        self.standings.book.records().allSatisfy { record in
            let number = self.standings.numbers.number(of: record.cell)
            let cell = self.workers.cells.withLock { $0[number] }
            return cell?.standing == record.standing && cell?.isFrozen == record.isFrozen
        }
    }

    /// Waits until the store has taken everything; `false` after ten seconds.
    func storeCaughtUp() -> Bool {
        for _ in 0..<500 {
            if self.standings.health.storeError == nil, self.standings.health.waitingActs == 0 {
                return true
            }
            usleep(20_000)
        }
        return false
    }

    func verify() throws -> AuditVerdict {
        try AuditReader(path: self.database).verify(known: self.standings.knownHeads)
    }

    func kinds() throws -> [String] {
        try AuditReader(path: self.database).tail(1_000).map { line in
            let text = String(decoding: line.entry, as: UTF8.self)
            let kind = text.components(separatedBy: "\"kind\":\"").dropFirst().first ?? ""
            return String(kind.prefix { $0 != "\"" })
        }
    }
}
