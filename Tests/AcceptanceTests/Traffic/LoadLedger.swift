// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Holds what clients saw, what the access log says and what was ordered against each other.
final class LoadLedger {
    /// A line of the access log.
    struct Record {
        var generation: UInt64
        var isModern: Bool
        var reason: Substring
        /// The origin that answered is the one that was decided.
        var isAsDecided: Bool
    }

    let cells: LoadCells
    let samples: [LoadSample]
    let acts: [LoadAct]
    /// `data: forward` by migration.
    let isForward: [Bool]
    private(set) var faults: [String: Int] = [:]
    private(set) var examples: [String] = []
    private var records: [Int64: Record] = [:]

    init(cells: LoadCells, samples: [LoadSample], acts: [LoadAct], isForward: [Bool]) {
        self.cells = cells
        self.samples = samples
        self.acts = acts
        self.isForward = isForward
    }

    private func fault(_ kind: String, _ what: @autoclosure () -> String) {
        self.faults[kind, default: 0] += 1
        if self.faults[kind] ?? 0 <= 5 { self.examples.append("\(kind): \(what())") }
    }

    private static func key(_ cell: Int, _ ordinal: Int) -> Int64 {
        Int64(cell) << 32 | Int64(ordinal)
    }

    private func mover(_ sample: LoadSample) -> Int32 {
        Int32(self.cells.mover(Int(sample.cell)))
    }

    // MARK: The access log

    /// Reads the log; every line must be one request's and every request must have one.
    func read(log: String) {
        var numbers: [Substring: Int] = [:]
        for (index, name) in self.cells.migrations.enumerated() { numbers[name[...]] = index }
        for line in log.split(separator: "\n") {
            guard let tenant = Self.value("banyan.tenant", line),
                let number = Int(tenant.dropFirst()),
                let route = Self.value("http.route", line), let migration = numbers[route],
                let size = Self.value("bytes.out", line), let ordinal = Int(size),
                let text = Self.value("banyan.generation", line), let generation = UInt64(text),
                let decided = Self.value("banyan.decided", line),
                let origin = Self.value("banyan.origin", line),
                let reason = Self.value("banyan.reason", line)
            else {
                self.fault("a line that is no forwarded request's", String(line))
                continue
            }
            let cell = number * self.cells.migrations.count + migration
            let record = Record(
                generation: generation,
                isModern: decided == "modern",
                reason: reason,
                isAsDecided: decided == origin
            )
            if self.records.updateValue(record, forKey: Self.key(cell, ordinal)) != nil {
                self.fault("two lines of one request", String(line))
            }
        }
        for sample in self.samples where self.record(sample) == nil {
            self.fault("no line of a request", "\(self.name(sample)), status \(sample.status)")
        }
    }

    private func record(_ sample: LoadSample) -> Record? {
        self.records[Self.key(Int(sample.cell), Int(sample.ordinal))]
    }

    private func name(_ sample: LoadSample) -> String {
        "\(self.cells.name(Int(sample.cell))) request \(sample.number)"
    }

    /// The value of a key of a flat JSON line, without its quotes.
    private static func value(_ key: String, _ line: Substring) -> Substring? {
        let bytes = line.utf8
        guard let at = line.range(of: "\"\(key)\":") else { return nil }
        var start = at.upperBound
        if bytes[start] == 0x22 { start = bytes.index(after: start) }
        let end = bytes[start...].firstIndex { $0 == 0x22 || $0 == 0x2c || $0 == 0x7d }
        return end.map { line[start..<$0] }
    }

    // MARK: The checks of issue 2, "Done when" 3

    /// No request failed.
    func checkAnswers() {
        for sample in self.samples where sample.status != 200 {
            self.fault("failed", "\(self.name(sample)): status \(sample.status)")
        }
    }

    /// Every answer came from the origin that its decision names, and no write went anywhere else.
    func checkOrigins(legacyWrites: [Int], modernWrites: [Int]) {
        var taken: [Int: [Bool]] = [:]
        for number in legacyWrites { taken[number, default: []].append(false) }
        for number in modernWrites { taken[number, default: []].append(true) }
        for sample in self.samples {
            guard let record = self.record(sample), sample.status == 200 else { continue }
            if sample.isModern != record.isModern || !record.isAsDecided {
                self.fault("another origin than decided", self.name(sample))
            }
            if sample.isWrite, taken[Int(sample.number)] != [record.isModern] {
                self.fault("a write at other origins than decided", self.name(sample))
            }
        }
    }

    /// Under `data: forward` writes of a cell that one generation decided went to one origin.
    func checkWritesMoveWhole() {
        var sides: [String: Bool] = [:]
        for sample in self.samples where sample.isWrite {
            guard let record = self.record(sample),
                self.isForward[Int(sample.cell) % self.cells.migrations.count]
            else { continue }
            let key = "\(sample.cell) \(record.generation)"
            if let side = sides[key], side != record.isModern {
                self.fault("writes of one generation at two origins", self.name(sample))
            }
            sides[key] = record.isModern
        }
    }

    /// A request sent after an act's return is not decided by what stood before it; one that was
    /// over before an act was called is not decided by it.
    func checkOrder() {
        var byCell: [Int32: [LoadAct]] = [:]
        for act in self.acts {
            for cell in act.cells { byCell[cell, default: []].append(act) }
        }
        for (cell, list) in byCell {
            byCell[cell] = list.sorted { $0.generation < $1.generation }
        }
        for sample in self.samples {
            guard let record = self.record(sample), let acts = byCell[self.mover(sample)] else {
                continue
            }
            let returned = acts.last { $0.returnNanoseconds < sample.startNanoseconds }
            if let returned, record.generation < returned.generation {
                self.fault(
                    "decided by the previous standing",
                    "\(self.name(sample)): \(record.generation) after \(returned.generation)"
                )
            }
            let coming = acts.first { $0.callNanoseconds > sample.endNanoseconds }
            if let coming, record.generation >= coming.generation {
                self.fault("decided by a later standing", self.name(sample))
            }
        }
    }

    /// What was decided follows from the standing that the record's generation made.
    func checkStandings() {
        var standings: [String: String] = [:]
        for act in self.acts {
            for (cell, standing) in zip(act.cells, act.standings) {
                standings["\(cell) \(act.generation)"] = standing
            }
        }
        var users: [String: Bool] = [:]
        for sample in self.samples {
            guard let record = self.record(sample), record.reason != "settle" else { continue }
            let isForward = self.isForward[Int(sample.cell) % self.cells.migrations.count]
            let standing =
                record.generation == 0
                ? "legacy" : standings["\(self.mover(sample)) \(record.generation)"]
            guard let standing else {
                self.fault(
                    "a generation that no act had",
                    "\(self.name(sample)) \(record.generation)"
                )
                continue
            }
            let isPartly = standing.hasPrefix("live=")
            let due = standing.hasPrefix("live") || standing.hasPrefix("modern")
            if !isPartly || sample.isWrite && isForward {
                if record.isModern != (due && !isPartly) {
                    self.fault(
                        "another origin than the standing's",
                        "\(self.name(sample)) \(standing)"
                    )
                }
                continue
            }
            let key = "\(sample.cell) \(record.generation) \(sample.user)"
            if let side = users[key], side != record.isModern {
                self.fault("a user at two origins under one generation", self.name(sample))
            }
            users[key] = record.isModern
        }
    }
}

/// The value below which `share` of the values lie; 0 of nothing.
func percentile(_ values: [UInt64], _ share: Double) -> UInt64 {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}
