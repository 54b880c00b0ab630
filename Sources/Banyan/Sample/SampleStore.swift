// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration
import Synchronization

/// Why the store does not take a record.
enum SampleStoreError: Error {
    case unknown
    case full
    case staleVersion
}

/// The records of every tenant, in memory: what the seed gives, and what clients have changed.
///
/// Only changes take memory, bounded by `Limits.sampleTenantsMax` and `Limits.sampleRecordsMax`.
final class SampleStore: Sendable {
    private let records: SampleRecords
    private let firstCreated: Int
    private let changes = Mutex<[String: [SampleKind: Changes]]>([:])

    private struct Changes {
        /// Written records by id; `nil`: deleted.
        var written: [String: DocumentValue?] = [:]
        /// What they were before their last change or deletion.
        var earlier: [String: DocumentValue] = [:]
        /// Ids that clients created, in order.
        var created: [String] = []
    }

    init(records: SampleRecords, origin: Origin) {
        self.records = records
        self.firstCreated = origin == .legacy ? 2_001 : 5_001
    }

    /// A record, or `nil`; `isStale`: as it was before its last change, like a cache that was not
    /// told of it.
    func record(
        _ id: String,
        of kind: SampleKind,
        tenant: String,
        isStale: Bool = false
    ) -> DocumentValue? {
        let (written, earlier) = self.changes.withLock { tenants in
            let changes = tenants[tenant]?[kind]
            return (changes?.written[id], isStale ? changes?.earlier[id] : nil)
        }
        if let earlier { return earlier }
        return written ?? self.records.record(id, of: kind, tenant: tenant)
    }

    /// All records of a tenant, in the order of their ids.
    func all(of kind: SampleKind, tenant: String, isStale: Bool = false) -> [DocumentValue] {
        let created = self.changes.withLock { $0[tenant]?[kind]?.created ?? [] }
        return (SampleRecords.ids(of: kind) + created).compactMap {
            self.record($0, of: kind, tenant: tenant, isStale: isStale)
        }
    }

    /// Keeps a new record under an id of its own; the record.
    func create(
        _ document: DocumentValue,
        of kind: SampleKind,
        tenant: String,
        at instant: String
    ) throws(SampleStoreError) -> DocumentValue {
        let result = self.changes.withLock { tenants -> Result<DocumentValue, SampleStoreError> in
            guard tenants[tenant] != nil || tenants.count < Limits.sampleTenantsMax else {
                return .failure(.full)
            }
            var changes = tenants[tenant]?[kind] ?? Changes()
            guard changes.created.count < Limits.sampleRecordsMax else { return .failure(.full) }
            let id = "\(kind.idPrefix)-\(self.firstCreated + changes.created.count)"
            let record = self.stamped(document, id: id, version: 1, at: instant)
            changes.written[id] = .some(record)
            changes.created.append(id)
            tenants[tenant, default: [:]][kind] = changes
            return .success(record)
        }
        return try result.get()
    }

    /// Puts a document in a record's place, or merges it in (RFC 7396, first level); the record.
    ///
    /// `version` is what the client has seen, `nil` when it does not care.
    func change(
        _ id: String,
        of kind: SampleKind,
        tenant: String,
        to document: DocumentValue,
        merges: Bool,
        version: String?,
        at instant: String
    ) throws(SampleStoreError) -> DocumentValue {
        guard let current = self.record(id, of: kind, tenant: tenant) else { throw .unknown }
        let seen = SampleStore.version(of: current)
        guard version == nil || version == String(seen) else { throw .staleVersion }
        var record = merges ? current : [:]
        for member in document.members ?? [] {
            if merges, member.node.value == .null {
                record = .object((record.members ?? []).filter { $0.key != member.key })
            } else {
                record.set(member.key, member.node.value)
            }
        }
        record = self.stamped(record, id: id, version: seen + 1, at: instant)
        try self.keep(record, id, kind, tenant, instead: current)
        return record
    }

    /// Deletes a record.
    func delete(_ id: String, of kind: SampleKind, tenant: String) throws(SampleStoreError) {
        guard let current = self.record(id, of: kind, tenant: tenant) else { throw .unknown }
        try self.keep(nil, id, kind, tenant, instead: current)
    }

    /// The number in `meta.versionId`; 1 when there is none.
    static func version(of record: DocumentValue) -> Int {
        record["meta"]?["versionId"]?.text.flatMap { Int($0) } ?? 1
    }

    private func keep(
        _ record: DocumentValue?,
        _ id: String,
        _ kind: SampleKind,
        _ tenant: String,
        instead earlier: DocumentValue
    ) throws(SampleStoreError) {
        let isKept = self.changes.withLock { tenants -> Bool in
            guard tenants[tenant] != nil || tenants.count < Limits.sampleTenantsMax else {
                return false
            }
            tenants[tenant, default: [:]][kind, default: Changes()].written[id] = .some(record)
            tenants[tenant]?[kind]?.earlier[id] = earlier
            return true
        }
        guard isKept else { throw .full }
    }

    private func stamped(
        _ document: DocumentValue,
        id: String,
        version: Int,
        at instant: String
    ) -> DocumentValue {
        var record: DocumentValue = ["id": .string(id)]
        for member in document.members ?? [] where member.key != "id" && member.key != "meta" {
            record.set(member.key, member.node.value)
        }
        record.set(
            "meta",
            ["versionId": .string(String(version)), "lastUpdated": .string(instant)]
        )
        return record
    }
}
