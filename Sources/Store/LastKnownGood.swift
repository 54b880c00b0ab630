// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Everything the edge knows of standings, as one value: what survives without a store.
public struct SavedState: Hashable, Sendable {
    /// The highest generation that it covers.
    public var generation: UInt64
    /// Where the store's audit ended.
    public var head: AuditHead
    /// Touched cells.
    public var standings: [StandingRecord]
    /// Notes on diverged cells.
    public var divergences: [DivergenceRecord]
    /// Tenants added at run time.
    public var tenants: [StoredTenant]

    /// Nothing known.
    public init() {
        self.generation = 0
        self.head = .none
        self.standings = []
        self.divergences = []
        self.tenants = []
    }
}

/// The last known good state on disk: replaced as a whole, the one before it kept.
///
///     write tmp → fsync tmp → rename current to previous → rename tmp to current → fsync folder
///
/// A power cut at any arrow leaves a whole current or a whole previous.
public struct LastKnownGood: Sendable {
    private let folder: String
    private let operations: FileOperations
    private static let magic = Array("BANYANS1".utf8)

    /// The copy in `folder`, which the journal has made.
    public init(folder: String, operations: FileOperations = .kernel) {
        self.folder = folder
        self.operations = operations
    }

    private var current: String { self.folder + "/standings" }
    private var previous: String { self.folder + "/standings.previous" }

    /// Replaces the copy; on disk when this returns.
    public func save(_ state: SavedState) throws(StoreError) {
        let made = self.operations.makeFolder(self.folder)
        guard made == 0 else { throw .file(FileError(.makeFolder, -made)) }
        let body = LastKnownGood.encode(state)
        let temporary = self.current + ".tmp"
        let file = try StateFile(
            temporary,
            flags: O_WRONLY | O_CREAT | O_TRUNC,
            operations: self.operations
        )
        try file.write(LastKnownGood.magic + Digest(of: body).bytes + body, at: 0)
        try file.sync()
        let kept = self.operations.rename(self.current, self.previous)
        guard kept == 0 || kept == -ENOENT else { throw .file(FileError(.rename, -kept)) }
        let renamed = self.operations.rename(temporary, self.current)
        guard renamed == 0 else { throw .file(FileError(.rename, -renamed)) }
        try self.operations.syncFolder(self.folder)
    }

    /// What was loaded, and whether the current copy had to be passed over.
    public struct Loaded: Sendable {
        /// The newest copy that is whole; `nil`: there is none.
        public var state: SavedState?
        /// The current copy was there and damaged.
        public var isCurrentDamaged: Bool
    }

    /// The newest whole copy.
    public func load() -> Loaded {
        var loaded = Loaded(state: nil, isCurrentDamaged: false)
        for path in [self.current, self.previous] {
            do throws(StoreError) {
                loaded.state = try self.read(path)
                return loaded
            } catch {
                if case .file(let failure) = error, failure.number == ENOENT { continue }
                if path == self.current { loaded.isCurrentDamaged = true }
            }
        }
        return loaded
    }

    private func read(_ path: String) throws(StoreError) -> SavedState {
        let file = try StateFile(path, flags: O_RDONLY, operations: self.operations)
        let bytes = try file.read(at: 0, count: try file.size())
        guard bytes.count >= 40, Array(bytes[..<8]) == LastKnownGood.magic else { throw .damaged }
        let body = Array(bytes[40...])
        guard Digest(of: body).bytes == Array(bytes[8..<40]) else { throw .damaged }
        return try LastKnownGood.decode(body)
    }

    private static func encode(_ state: SavedState) -> [UInt8] {
        var writer = RecordWriter()
        writer.put(state.generation)
        writer.put(state.head)
        writer.put(UInt64(state.standings.count), count: 4)
        for record in state.standings { writer.put(record) }
        writer.put(UInt64(state.divergences.count), count: 4)
        for divergence in state.divergences { writer.put(divergence) }
        writer.put(UInt64(state.tenants.count), count: 4)
        for tenant in state.tenants { writer.put(tenant) }
        return writer.bytes
    }

    private static func decode(_ body: [UInt8]) throws(StoreError) -> SavedState {
        var reader = RecordReader(body)
        var state = SavedState()
        state.generation = try reader.number()
        state.head = try reader.head()
        for _ in 0..<(try reader.count()) { state.standings.append(try reader.record()) }
        for _ in 0..<(try reader.count()) { state.divergences.append(try reader.divergence()) }
        for _ in 0..<(try reader.count()) { state.tenants.append(try reader.tenant()) }
        guard reader.isAtEnd else { throw .damaged }
        return state
    }
}
