// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Numbers that one edge gives to names for its whole life.
public struct SnapshotNumbers: Sendable {
    /// Tenants; 0 is `*`.
    public var tenants = NumberBook(first: "*")
    /// Migrations.
    public var migrations = NumberBook()
    /// Routes, for metrics.
    public var routes = NumberBook()
    /// Endpoints: `upstream host:port`, `upstream unix:path`.
    public var endpoints = NumberBook()
    /// Upstreams.
    public var upstreams = NumberBook()

    /// No numbers given yet.
    public init() {}
}

/// A compiled regular expression: its address in memory, and what keeps it there.
public struct CompiledPattern: Sendable {
    /// What ``PatternMatcher/matches(_:_:)`` is given; not 0.
    public var address: UInt
    /// Keeps it alive.
    public var owner: any AnyObject & Sendable

    /// A pattern from its parts.
    public init(address: UInt, owner: any AnyObject & Sendable) {
        self.address = address
        self.owner = owner
    }
}

/// Everything that a snapshot is built from.
///
/// Validated: the compiler only refuses what needs the whole.
public struct SnapshotInput: Sendable {
    /// Upstreams, routes, tenants.
    public var set = RouteSet()
    /// Listeners, in the order of the configuration.
    public var listeners: [ListenerModel] = []
    /// By migration: one resolution per tenant of `set.tenants`, then one for `*`.
    public var stages: [String: [StageResolution]] = [:]
    /// By entitlement flag: one per tenant of `set.tenants`, then one for `*`.
    public var entitlements: [String: [Entitlement]] = [:]
    /// The sockaddr of each endpoint; empty: its name has none now.
    public var addresses: [EndpointModel: [UInt8]] = [:]
    /// Compiles a regular expression, anchored at both ends.
    public var compilePattern: @Sendable (String) throws -> CompiledPattern
    /// Serial of the snapshot.
    public var serial: UInt64 = 0
    /// Keys the tables against chosen names.
    public var seed: UInt64 = 0

    /// An empty input.
    public init(compilePattern: @escaping @Sendable (String) throws -> CompiledPattern) {
        self.compilePattern = compilePattern
    }
}

/// Why a validated set cannot be compiled.
public enum SnapshotError: Error, Sendable, Equatable {
    /// Two routes match the same requests with the same rank.
    case equalRank(first: ModelSource, second: ModelSource, path: String)
    /// A regular expression that does not compile.
    case badPattern(ModelSource, String)
    /// A template that does not fit its match.
    case badTemplate(ModelSource, PathTemplateError)
    /// An upstream that no document defines.
    case unknownUpstream(ModelSource, String)
    /// An endpoint without an address.
    case noAddress(ModelSource, EndpointModel)
    /// More names than `Limits` has room for.
    case tooMany(String, limit: Int)
}

/// Compiles a validated set into a snapshot's flat memory.
///
/// Pure: no files, no clock, no resolver.
public struct SnapshotCompiler {
    let input: SnapshotInput
    var numbers: SnapshotNumbers
    var flat = FlatBuilder()
    var header = SnapshotHeader()
    var texts: [String: FlatText] = [:]
    var retained: [any AnyObject & Sendable] = []
    var upstreamIndex: [String: UInt32] = [:]
    var entitlementRows: [String: UInt32] = [:]
    var flagRows: [FlagRow] = []
    var trie = TrieBuilder()
    var matches: [MatchRecord] = []

    private init(_ input: SnapshotInput, numbers: SnapshotNumbers) {
        self.input = input
        self.numbers = numbers
    }

    /// Builds a snapshot; `numbers` grows by the names that are new.
    ///
    /// On error nothing changes.
    public static func compile(
        _ input: SnapshotInput,
        numbers: inout SnapshotNumbers
    ) throws(SnapshotError) -> Snapshot {
        var compiler = SnapshotCompiler(input, numbers: numbers)
        let snapshot = try compiler.build()
        numbers = compiler.numbers
        return snapshot
    }

    private mutating func build() throws(SnapshotError) -> Snapshot {
        self.header.serial = self.input.serial
        self.header.seed = self.input.seed
        try self.addTenants()
        try self.addUpstreams()
        try self.addStages()
        self.addEntitlements()
        try self.addRoutes()
        try self.addListeners()
        let offset = self.flat.append([self.header])
        return Snapshot(
            memory: FlatMemory(self.flat),
            headerOffset: offset,
            retained: self.retained,
            serial: self.input.serial
        )
    }

    // MARK: Pieces

    /// A text's place; equal texts share one.
    mutating func text(_ string: String) -> FlatText {
        if let known = self.texts[string] { return known }
        var text = FlatText()
        let bytes = Array(string.utf8)
        text.length = UInt32(bytes.count)
        text.offset = self.flat.append(bytes)
        self.texts[string] = text
        return text
    }

    mutating func run<Record: BitwiseCopyable>(_ records: [Record]) -> FlatRun {
        var run = FlatRun()
        run.count = UInt32(records.count)
        run.offset = self.flat.append(records)
        return run
    }

    /// An open-addressing table, at most half full.
    mutating func table(
        _ entries: [(text: String, parent: UInt32, value: UInt32)],
        foldingCase: Bool
    ) -> FlatRun {
        guard !entries.isEmpty else { return FlatRun() }
        var capacity = 4
        while capacity < entries.count * 2 { capacity *= 2 }
        var slots = Array(repeating: TableSlot(), count: capacity)
        for entry in entries {
            let stored = foldingCase ? entry.text.lowercased() : entry.text
            var slot = TableSlot()
            slot.hash = withWindow(Array(stored.utf8)) {
                SnapshotView.hash(
                    $0,
                    parent: entry.parent,
                    seed: self.input.seed,
                    foldingCase: foldingCase
                )
            }
            slot.text = self.text(stored)
            slot.parent = entry.parent
            slot.value = entry.value
            var index = Int(truncatingIfNeeded: slot.hash) & (capacity - 1)
            while slots[index].value != .max { index = (index + 1) & (capacity - 1) }
            slots[index] = slot
        }
        return self.run(slots)
    }

    private mutating func addTenants() throws(SnapshotError) {
        var hosts: [(text: String, parent: UInt32, value: UInt32)] = []
        var words: [(text: String, parent: UInt32, value: UInt32)] = []
        for tenant in self.input.set.tenants {
            let number = self.numbers.tenants.number(of: tenant.id)
            guard Int(number) < Limits.tenantsMax else {
                throw .tooMany("tenants", limit: Limits.tenantsMax)
            }
            for host in tenant.hosts { hosts.append((host, 0, number)) }
            words.append((tenant.id, 0, number))
            for alias in tenant.aliases { words.append((alias, 0, number)) }
        }
        self.header.tenantHosts = self.table(hosts, foldingCase: true)
        self.header.tenantWords = self.table(words, foldingCase: false)
        var ids: [FlatText] = []
        for number in 0..<self.numbers.tenants.count {
            ids.append(self.text(self.numbers.tenants.name(UInt32(number)) ?? ""))
        }
        self.header.tenantIDs = self.run(ids)
        self.header.tenantCount = UInt32(ids.count)
    }

    private mutating func addUpstreams() throws(SnapshotError) {
        var upstreams: [UpstreamRecord] = []
        var endpoints: [EndpointRecord] = []
        for model in self.input.set.upstreams {
            var record = UpstreamRecord()
            var names: [String] = []
            record.name = self.text(model.name)
            record.number = self.numbers.upstreams.number(of: model.name)
            guard Int(record.number) < Limits.upstreamsMax else {
                throw .tooMany("upstreams", limit: Limits.upstreamsMax)
            }
            record.firstEndpoint = UInt32(endpoints.count)
            record.endpointCount = UInt32(model.endpoints.count)
            record.connectionsMax = UInt32(model.connectionsMax)
            for endpoint in model.endpoints {
                endpoints.append(try self.endpoint(endpoint, model))
                names.append(endpoint.key)
            }
            record.policy = self.policy(model, names: names)
            self.upstreamIndex[model.name] = UInt32(upstreams.count)
            upstreams.append(record)
        }
        self.header.upstreams = self.run(upstreams)
        self.header.endpoints = self.run(endpoints)
    }

    private mutating func endpoint(
        _ endpoint: EndpointModel,
        _ model: UpstreamModel
    ) throws(SnapshotError) -> EndpointRecord {
        // A name without an address now may have one later: its entry is there, and empty.
        guard let address = self.input.addresses[endpoint],
            address.count <= Limits.sockaddrBytesMax
        else { throw .noAddress(model.source, endpoint) }
        var record = EndpointRecord()
        record.number = self.numbers.endpoints.number(of: "\(model.name) \(endpoint.key)")
        guard Int(record.number) < Limits.endpointsMax else {
            throw .tooMany("endpoints", limit: Limits.endpointsMax)
        }
        record.key = withWindow(Array(endpoint.key.utf8)) { SnapshotView.keyHash($0) }
        record.hostHeader = self.text(endpoint.authority)
        record.address.length = UInt32(address.count)
        record.address.offset = self.flat.append(address)
        return record
    }

    private mutating func addStages() throws(SnapshotError) {
        for route in self.input.set.routes {
            let number = self.numbers.migrations.number(of: route.migration)
            guard Int(number) < Limits.migrationsMax else {
                throw .tooMany("migrations", limit: Limits.migrationsMax)
            }
        }
        var names: [FlatText] = []
        var rows: [FlagRow] = []
        for number in 0..<self.numbers.migrations.count {
            let name = self.numbers.migrations.name(UInt32(number)) ?? ""
            names.append(self.text(name))
            rows.append(
                self.flagRow(self.input.stages[name] ?? []) { resolution in
                    guard let stage = resolution.stage else { return 0 }
                    return 0x80 | stage.rawValue | (resolution.isTargeted ? 8 : 0)
                        | (resolution.isLastKnown ? 0x10 : 0)
                }
            )
        }
        self.header.migrationNames = self.run(names)
        self.header.stageRows = self.run(rows)
    }

    private mutating func addEntitlements() {
        var rows: [FlagRow] = []
        for flag in Set(self.input.set.routes.compactMap { $0.entitlement?.flag }).sorted() {
            self.entitlementRows[flag] = UInt32(rows.count)
            rows.append(
                self.flagRow(self.input.entitlements[flag] ?? []) { $0.rawValue }
            )
        }
        self.header.entitlementRows = self.run(rows)
    }

    /// One byte per tenant number; a row that says the same for all is one byte in all.
    ///
    /// Nothing known (an empty list, a tenant that is gone) is 0 for stages and "unknown"
    /// otherwise.
    private mutating func flagRow<Value>(
        _ values: [Value],
        _ byte: (Value) -> UInt8
    ) -> FlagRow {
        var row = FlagRow()
        guard let last = values.last else {
            row.uniform = Value.self == Entitlement.self ? Entitlement.unknown.rawValue : 0
            return row
        }
        let everyone = byte(last)
        var bytes = Array(repeating: everyone, count: self.numbers.tenants.count)
        for (tenant, value) in zip(self.input.set.tenants, values) {
            guard let number = self.numbers.tenants.known(tenant.id) else { continue }
            bytes[Int(number)] = byte(value)
        }
        if bytes.allSatisfy({ $0 == everyone }) {
            row.uniform = everyone
            return row
        }
        row.isUniform = false
        row.offset = self.flat.append(bytes)
        return row
    }

    private mutating func addListeners() throws(SnapshotError) {
        var records: [ListenerRecord] = []
        for listener in self.input.listeners {
            var record = ListenerRecord()
            var sources: [TenantSourceRecord] = []
            for source in listener.tenantSources {
                var entry = TenantSourceRecord()
                switch source {
                case .host: entry.kind = .host
                case .pathSegment(let index):
                    entry.kind = .pathSegment
                    entry.segment = UInt32(index)
                case .trustedHeader(let name):
                    entry.kind = .trustedHeader
                    entry.text = self.text(name.lowercased())
                case .certificate(let prefix):
                    entry.kind = .certificate
                    entry.text = self.text(prefix)
                }
                sources.append(entry)
            }
            record.sources = self.run(sources)
            if let name = listener.defaultUpstream {
                guard let index = self.upstreamIndex[name] else {
                    throw .unknownUpstream(listener.source, name)
                }
                record.defaultUpstream = index
            }
            records.append(record)
        }
        self.header.listeners = self.run(records)
    }
}
