// SPDX-License-Identifier: Apache-2.0

public import Bytes
internal import Documents
internal import Migration

/// The embedded store: standings, run-time tenants, diverged cells, audit, in one SQLite file.
///
/// One owner on one thread; everything here may block on the disk or on another process's lock
/// (`Limits.storeBusyMilliseconds`). What a function has returned from is on disk.
public struct StandingStore: ~Copyable {
    private let connection: SQLiteConnection

    /// Opens the store at `path`, making it when it is not there.
    ///
    /// - Throws: `sqlite`, or `schemaNewer` for a file that a later banyan wrote.
    public init(
        path: String,
        busyMilliseconds: Int = Limits.storeBusyMilliseconds
    ) throws(StoreError) {
        let connection = try SQLiteConnection.open(
            path: path,
            busyMilliseconds: Int32(busyMilliseconds)
        )
        try StoreSchema.prepare(connection)
        self.connection = connection
    }

    /// Looks for damage in the whole file; seconds for a big one.
    ///
    /// For the start.
    public func checkIntegrity() throws(StoreError) {
        let statement = try self.connection.prepare("PRAGMA quick_check(1)")
        guard try statement.step(), statement.text(0) == "ok" else {
            throw .sqlite(SQLiteError(code: 11))
        }
    }

    // MARK: Flips

    /// Writes an act whose cells must all be at the generations that it expects, with its entry.
    ///
    /// - Throws: `conflict` naming the first cell that is not; then nothing was written.
    public func commit(_ act: Act) throws(StoreError) -> AuditHead {
        try self.connection.transaction { () throws(StoreError) in
            let find = try self.connection.prepare(
                "SELECT generation FROM standings WHERE tenant = ?1 AND migration = ?2"
            )
            for cell in act.cells {
                defer { find.reset() }
                try find.bind(cell.before.cell.tenant, at: 1)
                try find.bind(cell.before.cell.migration, at: 2)
                let found = try find.step() ? UInt64(find.integer(0)) : 0
                guard found == cell.before.generation else {
                    throw .conflict(
                        CellConflict(
                            cell: cell.before.cell,
                            expected: cell.before.generation,
                            found: found
                        )
                    )
                }
            }
            return try self.write(act, isLate: false)
        }
    }

    /// Writes acts that have already happened, in order of arrival: newer cells win, an act that
    /// is in the audit is skipped, so the same acts may be given again.
    ///
    /// - Returns: the audit's end.
    public func absorb(_ acts: [Act], isLate: Bool) throws(StoreError) -> AuditHead {
        try self.connection.transaction { () throws(StoreError) in
            var head = try self.head()
            for act in acts where act.kind.isAudited {
                if try self.hasAudit(of: act.generation) { continue }
                head = try self.write(act, isLate: isLate)
            }
            return head
        }
    }

    /// Whether the audit has the act of this generation.
    public func hasAudit(of generation: UInt64) throws(StoreError) -> Bool {
        let find = try self.connection.prepare("SELECT 1 FROM audit WHERE generation = ?1")
        try find.bind(Int64(generation), at: 1)
        return try find.step()
    }

    private func write(_ act: Act, isLate: Bool) throws(StoreError) -> AuditHead {
        try self.put(act.cells.map { $0.after })
        try self.put(
            act.divergences.map {
                DivergenceRecord(
                    cell: $0,
                    isDiverged: act.kind == .diverged,
                    generation: act.generation,
                    sinceMilliseconds: act.timeMilliseconds
                )
            }
        )
        if let tenant = act.tenant {
            try self.put(
                tenant,
                generation: act.generation,
                isRemoved: act.kind == .tenantRemoved
            )
        }
        try self.raiseGeneration(to: act.generation)
        let head = try self.head()
        return try self.chain(
            AuditEntry.value(of: act, sequence: head.count + 1, isLate: isLate),
            generation: act.generation,
            after: head
        )
    }

    private func chain(
        _ value: DocumentValue,
        generation: UInt64,
        after head: AuditHead
    ) throws(StoreError) -> AuditHead {
        let entry = AuditEntry.bytes(of: value)
        let hash = AuditChain.hash(entry, after: head.hash)
        let insert = try self.connection.prepare("INSERT INTO audit VALUES (?1, ?2, ?3, ?4)")
        try insert.bind(Int64(head.count + 1), at: 1)
        try insert.bind(Int64(generation), at: 2)
        try insert.bind(String(decoding: entry, as: UTF8.self), at: 3)
        try insert.bind(hash.bytes, at: 4)
        try insert.run()
        return AuditHead(count: head.count + 1, hash: hash)
    }

    // MARK: Rows

    private func put(_ records: [StandingRecord]) throws(StoreError) {
        let upsert = try self.connection.prepare(
            """
            INSERT INTO standings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT DO UPDATE SET stage = excluded.stage,
                share_permyriad = excluded.share_permyriad, frozen = excluded.frozen,
                generation = excluded.generation, since_ms = excluded.since_ms,
                actor = excluded.actor, reason = excluded.reason, resume = excluded.resume,
                resume_permyriad = excluded.resume_permyriad
            WHERE excluded.generation > standings.generation
            """
        )
        for record in records {
            try upsert.bind(record.cell.tenant, at: 1)
            try upsert.bind(record.cell.migration, at: 2)
            try upsert.bind(record.standing?.stage.name, at: 3)
            try upsert.bind(record.standing.map { Int64($0.share.permyriad) }, at: 4)
            try upsert.bind(record.isFrozen ? 1 : 0, at: 5)
            try upsert.bind(Int64(record.generation), at: 6)
            try upsert.bind(Int64(record.sinceMilliseconds), at: 7)
            try upsert.bind(record.actor, at: 8)
            try upsert.bind(record.reason, at: 9)
            switch record.resume {
            case .none: try self.bind(upsert, resume: "none", share: nil)
            case .unstored: try self.bind(upsert, resume: "unstored", share: nil)
            case .standing(let standing):
                try self.bind(
                    upsert,
                    resume: standing.stage.name,
                    share: Int64(standing.share.permyriad)
                )
            }
            try upsert.run()
        }
    }

    private func bind(
        _ statement: borrowing SQLiteStatement,
        resume: String,
        share: Int64?
    ) throws(StoreError) {
        try statement.bind(resume, at: 10)
        try statement.bind(share, at: 11)
    }

    private func put(_ divergences: [DivergenceRecord]) throws(StoreError) {
        let upsert = try self.connection.prepare(
            """
            INSERT INTO divergences VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO UPDATE SET diverged = excluded.diverged,
                generation = excluded.generation, since_ms = excluded.since_ms
            WHERE excluded.generation > divergences.generation
            """
        )
        for divergence in divergences {
            try upsert.bind(divergence.cell.tenant, at: 1)
            try upsert.bind(divergence.cell.migration, at: 2)
            try upsert.bind(divergence.isDiverged ? 1 : 0, at: 3)
            try upsert.bind(Int64(divergence.generation), at: 4)
            try upsert.bind(Int64(divergence.sinceMilliseconds), at: 5)
            try upsert.run()
        }
    }

    private func put(
        _ tenant: StoredTenant,
        generation: UInt64,
        isRemoved: Bool
    ) throws(StoreError) {
        let upsert = try self.connection.prepare(
            """
            INSERT INTO tenants VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET labels = excluded.labels, hosts = excluded.hosts,
                aliases = excluded.aliases, generation = excluded.generation,
                removed = excluded.removed
            WHERE excluded.generation > tenants.generation
            """
        )
        let labels = tenant.labels.sorted { $0.key < $1.key }
        try upsert.bind(tenant.id, at: 1)
        try upsert.bind(
            DocumentValue.fields(labels.map { ($0.key, .string($0.value)) }).json,
            at: 2
        )
        try upsert.bind(DocumentValue.list(tenant.hosts).json, at: 3)
        try upsert.bind(DocumentValue.list(tenant.aliases).json, at: 4)
        try upsert.bind(Int64(generation), at: 5)
        try upsert.bind(isRemoved ? 1 : 0, at: 6)
        try upsert.run()
    }

    private func raiseGeneration(to generation: UInt64) throws(StoreError) {
        let update = try self.connection.prepare(
            "UPDATE meta SET number = max(number, ?1) WHERE name = 'last_generation'"
        )
        try update.bind(Int64(generation), at: 1)
        try update.run()
    }

    // MARK: Start and stop

    /// Writes a whole state into a store that has none of it: newer cells win.
    ///
    /// An empty store gets the copy's audit head as the start of its chain; the first entry, or in
    /// an older store the next one, says what happened.
    public func rebuild(
        from state: SavedState,
        generation: UInt64,
        timeMilliseconds: UInt64
    ) throws(StoreError) -> AuditHead {
        try self.connection.transaction { () throws(StoreError) in
            var head = try self.head()
            if head.count == 0 && state.head.count > 0 {
                let start = try self.connection.prepare(
                    "UPDATE meta SET number = ?1, hash = ?2 WHERE name = 'audit_start'"
                )
                try start.bind(Int64(state.head.count), at: 1)
                try start.bind(state.head.hash.bytes, at: 2)
                try start.run()
                head = state.head
            }
            try self.put(state.standings)
            try self.put(state.divergences)
            for tenant in state.tenants {
                try self.put(tenant, generation: state.generation, isRemoved: false)
            }
            try self.raiseGeneration(to: max(generation, state.generation))
            return try self.chain(
                AuditEntry.rebuilt(
                    from: state.head,
                    sequence: head.count + 1,
                    generation: generation,
                    timeMilliseconds: timeMilliseconds
                ),
                generation: generation,
                after: head
            )
        }
    }

    /// Whether the last edge stopped in order; `true` in a store that no edge has used.
    public func isCleanStop() throws(StoreError) -> Bool {
        let find = try self.connection.prepare("SELECT number FROM meta WHERE name = 'clean_stop'")
        return try find.step() && find.integer(0) == 1
    }

    /// Notes that an edge runs on this store, or that it has stopped in order.
    public func markCleanStop(_ isClean: Bool) throws(StoreError) {
        let update = try self.connection.prepare(
            "UPDATE meta SET number = ?1 WHERE name = 'clean_stop'"
        )
        try update.bind(isClean ? 1 : 0, at: 1)
        try update.run()
    }

    /// Folds the WAL into the file, so that one file can be copied.
    ///
    /// For an orderly stop.
    public func checkpoint() throws(StoreError) {
        try self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// Bounds the file, as a quota would: beyond, writes fail as on a full disk.
    func limitPages(to pages: Int) throws(StoreError) {
        try self.connection.execute("PRAGMA max_page_count = \(pages)")
    }

    /// The audit's end.
    public func head() throws(StoreError) -> AuditHead {
        let last = try self.connection.prepare(
            "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1"
        )
        if try last.step() {
            guard let hash = Digest(bytes: last.bytes(1)) else { throw .unreadable }
            return AuditHead(count: UInt64(last.integer(0)), hash: hash)
        }
        return try self.connection.auditStart()
    }

    /// Whether a head that was seen elsewhere lies on this store's chain (or before its start).
    public func contains(_ head: AuditHead) throws(StoreError) -> Bool {
        let start = try self.connection.auditStart()
        if head.count < start.count { return true }
        if head.count == start.count { return head.hash == start.hash }
        let find = try self.connection.prepare("SELECT hash FROM audit WHERE sequence = ?1")
        try find.bind(Int64(head.count), at: 1)
        return try find.step() && find.bytes(0) == head.hash.bytes
    }

    /// Everything that is kept, and the highest generation.
    public func state() throws(StoreError) -> SavedState {
        var state = SavedState()
        state.standings = try StoreRows.standings(self.connection)
        state.divergences = try StoreRows.divergences(self.connection)
        state.tenants = try StoreRows.tenants(self.connection)
        state.head = try self.head()
        let last = try self.connection.prepare(
            "SELECT number FROM meta WHERE name = 'last_generation'"
        )
        state.generation = try last.step() ? UInt64(last.integer(0)) : 0
        return state
    }
}
