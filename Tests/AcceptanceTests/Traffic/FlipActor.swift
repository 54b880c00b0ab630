// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// An act that the edge has acknowledged.
struct LoadAct {
    var cells: [Int32]
    var generation: UInt64
    /// Where the cells stand after it: `live=25%`; `nil` where each cell has its own.
    var standings: [String]
    /// Before the call.
    var callNanoseconds: UInt64
    /// After its return.
    var returnNanoseconds: UInt64
    var isRollback: Bool
    /// Memory: from the post to the last worker's answer.
    var memoryNanoseconds: UInt64
    /// From the call to the return inside the edge, disk included.
    var durableNanoseconds: UInt64
}

/// Asks the admin API over the Unix socket, one connection per call.
struct AdminDoor: Sendable {
    var socket: String

    /// The status and the answer's members; status 0 when there was no answer.
    func call(
        _ method: String,
        _ path: String,
        _ body: [String: any Sendable]? = nil
    ) throws -> (status: Int, body: [String: Any]) {
        let content = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
        let head = """
            \(method) /admin/v1\(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r
            Content-Type: application/json\r\nContent-Length: \(content.count)\r\n\r\n
            """
        let connection = try BlockingConnection(path: self.socket)
        guard connection.send(Array(head.utf8) + Array(content)), let answer = connection.receive()
        else { return (0, [:]) }
        let object = try JSONSerialization.jsonObject(with: Data(answer.body))
        return (Int(answer.secondWord) ?? 0, object as? [String: Any] ?? [:])
    }
}

/// Moves the cells of its own tenants, or those of all others at once, forth and back.
///
/// Nobody else moves these cells, so it knows where they stand.
final class FlipActor: Sendable {
    /// The order in which a cell goes forward; shares are flips too.
    static let ladder = [
        "legacy", "shadow", "live=10%", "live=25%", "live=60%", "live", "modern=30%", "modern",
    ]

    private let door: AdminDoor
    private let cells: LoadCells
    /// `nil`: this one moves ``LoadCells/everyone``.
    private let tenants: Range<Int>?
    private let acts: Int
    private let seed: UInt64
    private let results = Mutex(Results())

    struct Results {
        var acts: [LoadAct] = []
        /// Round trips of an empty delta through the same workers.
        var roundTripNanoseconds: [UInt64] = []
        var faults: [String] = []
    }

    init(door: AdminDoor, cells: LoadCells, tenants: Range<Int>?, acts: Int, seed: UInt64) {
        self.door = door
        self.cells = cells
        self.tenants = tenants
        self.acts = acts
        self.seed = seed
    }

    var outcome: Results { self.results.withLock { $0 } }

    /// Does its acts.
    func run() {
        var random = SplitMix(state: self.seed)
        var state = State()
        var results = Results()
        while results.acts.count < self.acts, results.faults.count < 20 {
            let cell = self.pick(&random)
            do {
                try self.act(cell, &state, &random, &results)
                let (status, body) = try self.door.call("GET", "/workers")
                if status == 200, let time = number(body["elapsedNanoseconds"]) {
                    results.roundTripNanoseconds.append(time)
                } else {
                    results.faults.append("round trip: \(status) \(body)")
                }
            } catch {
                results.faults.append("\(error)")
            }
        }
        self.results.withLock { $0 = results }
    }

    private func pick(_ random: inout SplitMix) -> Int {
        guard let tenants = self.tenants else { return LoadCells.everyone }
        let count = self.cells.migrations.count
        return (tenants.lowerBound + random.next(below: tenants.count)) * count
            + random.next(below: count - 1)
    }

    /// Where this actor's cells stand, by their place on the ladder.
    private struct State {
        var rung: [Int: Int] = [:]
        /// Where it stood before its last rollback, while nothing came after.
        var resume: [Int: Int] = [:]
    }

    private func act(
        _ cell: Int,
        _ state: inout State,
        _ random: inout SplitMix,
        _ results: inout Results
    ) throws {
        let rung = state.rung[cell, default: 0]
        let choice = random.next(below: 100)
        if let before = state.resume[cell], choice < 50 {
            let body: [String: any Sendable] = [
                "cells": self.cells.name(cell), "resume": true, "reason": "load",
            ]
            if try self.send("/flip", body, [cell], [Self.ladder[before]], &results) {
                state.rung[cell] = before
                state.resume[cell] = nil
            }
        } else if rung > 0, choice < 35 || rung == Self.ladder.count - 1 {
            let target = choice < 10 && rung > 1 ? 1 : 0
            let body: [String: any Sendable] = [
                "cells": self.cells.name(cell), "to": Self.ladder[target], "reason": "load",
            ]
            if try self.send("/rollback", body, [cell], [Self.ladder[target]], &results) {
                state.rung[cell] = target
                state.resume[cell] = rung
            }
        } else {
            let body: [String: any Sendable] = [
                "cells": self.cells.name(cell), "to": Self.ladder[rung + 1], "reason": "load",
            ]
            if try self.send("/flip", body, [cell], [Self.ladder[rung + 1]], &results) {
                state.rung[cell] = rung + 1
                state.resume[cell] = nil
            }
        }
    }

    private func send(
        _ path: String,
        _ body: [String: any Sendable],
        _ cells: [Int],
        _ standings: [String],
        _ results: inout Results
    ) throws -> Bool {
        let start = monotonicNanoseconds()
        let (status, answer) = try self.door.call("POST", path, body)
        let end = monotonicNanoseconds()
        let silent = (answer["workers"] as? [String: Any])?["silent"] as? [Any]
        guard status == 200, let generation = number(answer["generation"]),
            let memory = number(answer["elapsedNanoseconds"]),
            let durable = number(answer["durableNanoseconds"]),
            answer["isRecorded"] as? Bool == true, silent?.isEmpty == true
        else {
            results.faults.append("\(path) \(body): \(status) \(answer)")
            return false
        }
        results.acts.append(
            LoadAct(
                cells: cells.map { Int32($0) },
                generation: generation,
                standings: standings,
                callNanoseconds: start,
                returnNanoseconds: end,
                isRollback: path == "/rollback",
                memoryNanoseconds: memory,
                durableNanoseconds: durable
            )
        )
        return true
    }
}

/// A number of a JSON answer.
func number(_ value: Any?) -> UInt64? { (value as? NSNumber)?.uint64Value }
