// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// Routes, tenants and flags as resolved: immutable flat memory with one owner.
///
/// Each worker keeps its own reference and reads through ``view``, a plain value.
public final class Snapshot: Sendable {
    private let memory: FlatMemory
    private let headerOffset: UInt32
    /// Keeps compiled patterns alive, whose addresses stand in the memory.
    private let retained: [any AnyObject & Sendable]
    /// Serial of this snapshot: grows with every build of this edge.
    public let serial: UInt64

    init(
        memory: FlatMemory,
        headerOffset: UInt32,
        retained: [any AnyObject & Sendable],
        serial: UInt64
    ) {
        self.memory = memory
        self.headerOffset = headerOffset
        self.retained = retained
        self.serial = serial
    }

    /// A plain view; valid while this snapshot lives.
    public var view: SnapshotView {
        SnapshotView(flat: self.memory.view, headerOffset: self.headerOffset)
    }

    /// Bytes of its flat memory.
    public var byteCount: Int { self.memory.count }
}

/// The content of a ``Snapshot`` without its reference.
public struct SnapshotView: BitwiseCopyable {
    let flat: FlatView
    let headerOffset: UInt32

    var header: SnapshotHeader { self.flat.load(SnapshotHeader.self, self.headerOffset) }

    /// The bytes of a text.
    public func window(_ text: FlatText) -> ByteWindow {
        self.flat.window(text.offset, Int(text.length))
    }

    func record<Record: BitwiseCopyable>(
        _ type: Record.Type,
        _ run: FlatRun,
        _ index: UInt32
    ) -> Record {
        precondition(index < run.count, "record \(index) of \(run.count)")
        return self.flat.load(Record.self, run.offset, Int(index))
    }

    /// Route `index`.
    public func route(_ index: UInt32) -> RouteRecord {
        self.record(RouteRecord.self, self.header.routes, index)
    }

    /// Routes in all.
    public var routeCount: UInt32 { self.header.routes.count }

    /// Upstream `index`.
    public func upstream(_ index: UInt32) -> UpstreamRecord {
        self.record(UpstreamRecord.self, self.header.upstreams, index)
    }

    /// Upstreams in all.
    public var upstreamCount: UInt32 { self.header.upstreams.count }

    /// Endpoint `index`.
    public func endpoint(_ index: UInt32) -> EndpointRecord {
        self.record(EndpointRecord.self, self.header.endpoints, index)
    }

    /// One side of a route.
    public func origin(_ route: UInt32, _ origin: Origin) -> OriginRecord {
        let record = self.route(route)
        return origin == .legacy ? record.legacy : record.modern
    }

    /// Index of a listener's default upstream, or `nil`.
    public func defaultUpstream(listener: Int) -> UInt32? {
        guard listener < Int(self.header.listeners.count) else { return nil }
        let record = self.record(ListenerRecord.self, self.header.listeners, UInt32(listener))
        return record.defaultUpstream == .max ? nil : record.defaultUpstream
    }

    /// Tenant sources of a listener.
    public func tenantSourceCount(listener: Int) -> Int {
        guard listener < Int(self.header.listeners.count) else { return 0 }
        return Int(
            self.record(ListenerRecord.self, self.header.listeners, UInt32(listener)).sources.count
        )
    }

    /// Tenant source `index` of a listener.
    public func tenantSource(listener: Int, _ index: Int) -> TenantSourceRecord {
        let record = self.record(ListenerRecord.self, self.header.listeners, UInt32(listener))
        return self.record(TenantSourceRecord.self, record.sources, UInt32(index))
    }

    // MARK: Tenants

    /// The tenant whose `hosts` hold this host (no port, any case).
    public func tenant(host: ByteWindow) -> UInt32? {
        self.find(self.header.tenantHosts, parent: 0, host, foldingCase: true)
    }

    /// The tenant with this id or alias.
    public func tenant(word: ByteWindow) -> UInt32? {
        self.find(self.header.tenantWords, parent: 0, word, foldingCase: false)
    }

    /// The id of a tenant's number; `*` for 0.
    public func tenantID(_ number: UInt32) -> ByteWindow {
        guard number < self.header.tenantIDs.count else { return self.window(FlatText()) }
        return self.window(self.record(FlatText.self, self.header.tenantIDs, number))
    }

    /// The name of a migration's number.
    public func migrationName(_ number: UInt32) -> ByteWindow {
        guard number < self.header.migrationNames.count else { return self.window(FlatText()) }
        return self.window(self.record(FlatText.self, self.header.migrationNames, number))
    }

    // MARK: Flags

    /// Where the stage flag puts a tenant, and how that is known.
    public func stageDefault(
        migration: UInt32,
        tenant: UInt32
    ) -> (stage: Stage, source: StandingSource) {
        guard migration < self.header.stageRows.count else { return (.legacy, .nothingKnown) }
        let byte = self.flag(
            self.record(FlagRow.self, self.header.stageRows, migration),
            tenant
        )
        guard let stage = Stage(rawValue: byte & 7), byte & 0x80 != 0 else {
            return (.legacy, .nothingKnown)
        }
        if byte & 0x10 != 0 { return (stage, .lastKnown) }
        return (stage, byte & 8 != 0 ? .flagTargeting : .flagDefault)
    }

    /// What a route's entitlement flag says for a tenant.
    public func entitlement(route: UInt32, tenant: UInt32) -> Entitlement {
        let row = self.route(route).entitlementRow
        guard row != .max else { return .notRequired }
        let byte = self.flag(self.record(FlagRow.self, self.header.entitlementRows, row), tenant)
        return Entitlement(rawValue: byte) ?? .unknown
    }

    private func flag(_ row: FlagRow, _ tenant: UInt32) -> UInt8 {
        if row.isUniform { return row.uniform }
        // A tenant that this snapshot does not know counts as `*`, which is number 0.
        let index = tenant < self.header.tenantCount ? tenant : 0
        return self.flat.load(UInt8.self, row.offset, Int(index))
    }

    // MARK: Tables

    /// Looks a text up in an open-addressing table.
    func find(
        _ table: FlatRun,
        parent: UInt32,
        _ text: ByteWindow,
        foldingCase: Bool
    ) -> UInt32? {
        guard table.count > 0 else { return nil }
        let hash = SnapshotView.hash(
            text,
            parent: parent,
            seed: self.header.seed,
            foldingCase: foldingCase
        )
        let mask = table.count &- 1
        var index = UInt32(truncatingIfNeeded: hash) & mask
        while true {
            let slot = self.record(TableSlot.self, table, index)
            if slot.value == .max { return nil }
            if slot.hash == hash, slot.parent == parent,
                self.equals(slot.text, text, foldingCase: foldingCase)
            {
                return slot.value
            }
            index = (index &+ 1) & mask
        }
    }

    private func equals(_ stored: FlatText, _ text: ByteWindow, foldingCase: Bool) -> Bool {
        guard Int(stored.length) == text.count else { return false }
        let window = self.window(stored)
        guard foldingCase else { return window.equals(text) }
        for index in 0..<text.count where window[index] != asciiLowercased(text[index]) {
            return false
        }
        return true
    }

    static func hash(
        _ text: ByteWindow,
        parent: UInt32,
        seed: UInt64,
        foldingCase: Bool
    ) -> UInt64 {
        byteHash(
            text,
            seed: seed &+ UInt64(parent) &* 0x9e37_79b9_7f4a_7c15,
            foldingCase: foldingCase
        )
    }
}
