// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Cells under load: tenants by number, the first ``hotTenants`` of which get most requests and are
/// moved one by one; the others are asked for one migration only, whose cells move all together.
struct LoadCells: Sendable {
    /// The last one is that of the others: ``everyone``.
    var migrations: [String]
    var tenants: Int
    var hotTenants: Int

    /// Stands for the cells of all tenants that nobody moves one by one.
    static let everyone = -1

    var count: Int { self.tenants * self.migrations.count }
    /// `t00042`.
    func tenant(_ cell: Int) -> String { Self.tenant(number: cell / self.migrations.count) }
    func migration(_ cell: Int) -> String { self.migrations[cell % self.migrations.count] }
    /// As an act names it.
    func name(_ cell: Int) -> String {
        if cell == Self.everyone { return "*/\(self.migrations[self.migrations.count - 1])" }
        return "\(self.tenant(cell))/\(self.migration(cell))"
    }
    /// The cell whose acts move this one.
    func mover(_ cell: Int) -> Int {
        cell / self.migrations.count < self.hotTenants ? cell : Self.everyone
    }
    /// A cell to ask for.
    func pick(_ random: inout SplitMix) -> Int {
        let count = self.migrations.count
        if random.next(below: 10) < 8 {
            return random.next(below: self.hotTenants) * count + random.next(below: count - 1)
        }
        let tenant = self.hotTenants + random.next(below: self.tenants - self.hotTenants)
        return tenant * count + count - 1
    }
    static func tenant(number: Int) -> String {
        let digits = String(number)
        return "t" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}

/// One request as its client saw it.
struct LoadSample {
    var cell: Int32
    /// Its number within the cell, which is also the size of the answer's body: the key by which
    /// the access log, which holds nothing of the request, is joined.
    var ordinal: Int32
    /// Its number among all.
    var number: Int32
    var user: Int16
    var isWrite: Bool
    /// Before its first byte was sent.
    var startNanoseconds: UInt64
    /// After its answer's last byte was read.
    var endNanoseconds: UInt64
    /// 0: none came.
    var status: Int16
    /// `Origin-Name` was `modern`.
    var isModern: Bool
}

/// What all clients share.
final class LoadPlan: Sendable {
    let cells: LoadCells
    let port: Int
    private let ordinals: Mutex<[Int32]>
    private let numbers = Atomic<Int>(0)
    private let isOver = Atomic<Bool>(false)

    init(cells: LoadCells, port: Int) {
        self.cells = cells
        self.port = port
        self.ordinals = Mutex([Int32](repeating: 0, count: cells.count))
    }

    func nextOrdinal(_ cell: Int) -> Int32 {
        self.ordinals.withLock {
            $0[cell] += 1
            return $0[cell]
        }
    }

    func nextNumber() -> Int {
        self.numbers.wrappingAdd(1, ordering: .relaxed).newValue
    }

    var requests: Int { self.numbers.load(ordering: .relaxed) }
    var mayGoOn: Bool { !self.isOver.load(ordering: .relaxed) }
    func stop() { self.isOver.store(true, ordering: .relaxed) }
}

/// One client: a kept connection, one request after the other, a thread of its own.
final class LoadClient: Sendable {
    private let plan: LoadPlan
    private let results = Mutex<[LoadSample]>([])
    private let seed: UInt64

    init(plan: LoadPlan, seed: UInt64) {
        self.plan = plan
        self.seed = seed
    }

    var samples: [LoadSample] { self.results.withLock { $0 } }

    /// Sends until the plan is over; the samples are there when it returns.
    func run() {
        var random = SplitMix(state: self.seed)
        var samples: [LoadSample] = []
        var connection: BlockingConnection?
        var used = 0
        while self.plan.mayGoOn {
            // Most requests on kept connections, some on fresh ones.
            if connection == nil || used >= 500 {
                connection = try? BlockingConnection(port: self.plan.port)
                used = 0
            }
            used += 1
            let sample = self.ask(connection, &random)
            samples.append(sample)
            if sample.status == 0 { connection = nil }
            // A short think time: the edge is loaded, the machine is not starved.
            usleep(300)
        }
        self.results.withLock { $0 = samples }
    }

    private func ask(_ connection: BlockingConnection?, _ random: inout SplitMix) -> LoadSample {
        let cells = self.plan.cells
        let cell = cells.pick(&random)
        let isWrite = random.next(below: 10) < 3
        let user = random.next(below: 6)
        let ordinal = self.plan.nextOrdinal(cell)
        let number = self.plan.nextNumber()
        var text = """
            \(isWrite ? "POST" : "GET") /\(cells.migration(cell))/items/\(number) HTTP/1.1\r
            Host: edge.example\r
            X-Tenant-Id: \(cells.tenant(cell))\r
            Cookie: site_user=u\(user)\r
            Want-Bytes: \(ordinal)\r
            Request-Number: \(number)\r\n
            """
        if isWrite { text += "Content-Length: 5\r\n\r\nhello" } else { text += "\r\n" }
        let bytes = Array(text.utf8)
        var sample = LoadSample(
            cell: Int32(cell),
            ordinal: ordinal,
            number: Int32(number),
            user: Int16(user),
            isWrite: isWrite,
            startNanoseconds: monotonicNanoseconds(),
            endNanoseconds: 0,
            status: 0,
            isModern: false
        )
        defer { sample.endNanoseconds = monotonicNanoseconds() }
        guard let connection, connection.send(bytes), let answer = connection.receive() else {
            return sample
        }
        sample.endNanoseconds = monotonicNanoseconds()
        sample.isModern = answer.field("origin-name:") == "modern"
        // An answer that is not this request's is as bad as none.
        guard answer.field("request-number:") == "\(number)", answer.bodyCount == Int(ordinal)
        else {
            sample.status = -(Int16(answer.secondWord) ?? 1)
            return sample
        }
        sample.status = Int16(answer.secondWord) ?? 0
        return sample
    }
}

/// A seeded source of numbers.
struct SplitMix {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ (word >> 31)) % UInt64(bound))
    }
}
