// SPDX-License-Identifier: Apache-2.0

internal import Migration

/// Writes the values of journal and saved copies: little-endian numbers, texts with their length.
struct RecordWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ value: UInt64, count: Int = 8) {
        for i in 0..<count { self.bytes.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
    }

    mutating func put(_ text: String) {
        self.put(UInt64(text.utf8.count), count: 4)
        self.bytes += Array(text.utf8)
    }

    mutating func put(_ text: String?) {
        self.put(text == nil ? 0 : 1, count: 1)
        if let text { self.put(text) }
    }

    mutating func put(_ texts: [String]) {
        self.put(UInt64(texts.count), count: 4)
        for text in texts { self.put(text) }
    }

    mutating func put(_ digest: Digest) { self.bytes += digest.bytes }

    mutating func put(_ cell: CellName) {
        self.put(cell.tenant)
        self.put(cell.migration)
    }

    /// 0: nothing; else stage + 1 and the share.
    mutating func put(_ standing: Standing?) {
        guard let standing else { return self.put(0, count: 1) }
        self.put(UInt64(standing.stage.rawValue) + 1, count: 1)
        self.put(UInt64(standing.share.permyriad), count: 2)
    }

    mutating func put(_ record: StandingRecord) {
        self.put(record.cell)
        self.put(record.standing)
        self.put(record.isFrozen ? 1 : 0, count: 1)
        self.put(record.generation)
        self.put(record.sinceMilliseconds)
        self.put(record.actor)
        self.put(record.reason)
        switch record.resume {
        case .none: self.put(0, count: 1)
        case .unstored: self.put(1, count: 1)
        case .standing(let standing):
            self.put(2, count: 1)
            self.put(standing)
        }
    }

    mutating func put(_ divergence: DivergenceRecord) {
        self.put(divergence.cell)
        self.put(divergence.isDiverged ? 1 : 0, count: 1)
        self.put(divergence.generation)
        self.put(divergence.sinceMilliseconds)
    }

    mutating func put(_ tenant: StoredTenant) {
        self.put(tenant.id)
        self.put(tenant.labels.keys.sorted())
        self.put(tenant.labels.keys.sorted().map { tenant.labels[$0] ?? "" })
        self.put(tenant.hosts)
        self.put(tenant.aliases)
    }

    mutating func put(_ head: AuditHead) {
        self.put(head.count)
        self.put(head.hash)
    }

    mutating func put(_ act: Act) {
        self.put(UInt64(act.kind.rawValue), count: 1)
        self.put(act.generation)
        self.put(act.timeMilliseconds)
        self.put(act.actor)
        self.put(act.reason)
        self.put(act.isUngated ? 1 : 0, count: 1)
        self.put(act.overtakes ?? 0)
        self.put(UInt64(act.cells.count), count: 4)
        for cell in act.cells {
            self.put(cell.before)
            self.put(cell.after)
        }
        self.put(UInt64(act.divergences.count), count: 4)
        for cell in act.divergences { self.put(cell) }
        self.put(act.tenant == nil ? 0 : 1, count: 1)
        if let tenant = act.tenant { self.put(tenant) }
    }
}

/// Reads what `RecordWriter` wrote; every length is checked, so hostile bytes give an error only.
struct RecordReader {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        self.position = 0
    }

    var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func raw(_ count: Int) throws(StoreError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= self.bytes.count - self.position else { throw .damaged }
        defer { self.position += count }
        return self.bytes[self.position..<self.position + count]
    }

    mutating func number(_ count: Int = 8) throws(StoreError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        for byte in try self.raw(count) {
            value |= UInt64(byte) << shift
            shift += 8
        }
        return value
    }

    mutating func flag() throws(StoreError) -> Bool {
        switch try self.number(1) {
        case 0: false
        case 1: true
        default: throw .damaged
        }
    }

    /// A count of things of at least one byte each, so that it cannot exceed what is left.
    mutating func count() throws(StoreError) -> Int {
        let count = Int(try self.number(4))
        guard count <= self.bytes.count - self.position else { throw .damaged }
        return count
    }

    mutating func text() throws(StoreError) -> String {
        let length = try self.count()
        guard let text = String(validating: try self.raw(length), as: UTF8.self) else {
            throw .damaged
        }
        return text
    }

    mutating func optionalText() throws(StoreError) -> String? {
        try self.flag() ? try self.text() : nil
    }

    mutating func texts() throws(StoreError) -> [String] {
        var texts: [String] = []
        for _ in 0..<(try self.count()) { texts.append(try self.text()) }
        return texts
    }

    mutating func digest() throws(StoreError) -> Digest {
        guard let digest = Digest(bytes: Array(try self.raw(32))) else { throw .damaged }
        return digest
    }

    mutating func cell() throws(StoreError) -> CellName {
        let tenant = try self.text()
        return CellName(tenant: tenant, migration: try self.text())
    }

    mutating func standing() throws(StoreError) -> Standing? {
        let word = try self.number(1)
        if word == 0 { return nil }
        guard let stage = Stage(rawValue: UInt8(word - 1)),
            let share = Share(permyriad: Int(try self.number(2)))
        else { throw .damaged }
        return Standing(stage, share: share)
    }

    mutating func record() throws(StoreError) -> StandingRecord {
        var record = StandingRecord(cell: try self.cell())
        record.standing = try self.standing()
        record.isFrozen = try self.flag()
        record.generation = try self.number()
        record.sinceMilliseconds = try self.number()
        record.actor = try self.text()
        record.reason = try self.optionalText()
        switch try self.number(1) {
        case 0: record.resume = .none
        case 1: record.resume = .unstored
        case 2:
            guard let standing = try self.standing() else { throw .damaged }
            record.resume = .standing(standing)
        default: throw .damaged
        }
        return record
    }

    mutating func divergence() throws(StoreError) -> DivergenceRecord {
        let cell = try self.cell()
        let isDiverged = try self.flag()
        let generation = try self.number()
        return DivergenceRecord(
            cell: cell,
            isDiverged: isDiverged,
            generation: generation,
            sinceMilliseconds: try self.number()
        )
    }

    mutating func tenant() throws(StoreError) -> StoredTenant {
        let id = try self.text()
        let keys = try self.texts()
        let values = try self.texts()
        guard keys.count == values.count, Set(keys).count == keys.count else { throw .damaged }
        let hosts = try self.texts()
        return StoredTenant(
            id: id,
            labels: Dictionary(uniqueKeysWithValues: zip(keys, values)),
            hosts: hosts,
            aliases: try self.texts()
        )
    }

    mutating func head() throws(StoreError) -> AuditHead {
        let count = try self.number()
        return AuditHead(count: count, hash: try self.digest())
    }

    mutating func act() throws(StoreError) -> Act {
        guard let kind = ActKind(rawValue: UInt8(try self.number(1))) else { throw .damaged }
        let generation = try self.number()
        let time = try self.number()
        let actor = try self.text()
        var act = Act(
            kind,
            generation: generation,
            timeMilliseconds: time,
            actor: actor,
            reason: try self.optionalText()
        )
        act.isUngated = try self.flag()
        let overtakes = try self.number()
        act.overtakes = overtakes == 0 ? nil : overtakes
        for _ in 0..<(try self.count()) {
            let before = try self.record()
            act.cells.append(CellAct(before: before, after: try self.record()))
        }
        for _ in 0..<(try self.count()) { act.divergences.append(try self.cell()) }
        if try self.flag() { act.tenant = try self.tenant() }
        return act
    }
}
