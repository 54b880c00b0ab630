// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Migration
import Parity
import Store
import Synchronization

/// Writes parity reports without a running edge: from its files, its saved standings and its parity
/// store, which is only read.
///
/// The same bytes as the edge would give after it has stopped in order.
public struct LocalReports: Sendable {
    private let desk: ReportDesk

    /// Opens what `files` name.
    ///
    /// - Throws: an `AdminProblem` when the files are invalid or the parity store cannot be read.
    public init(files: EdgeFiles) throws(AdminProblem) {
        let configuration = files.configuration
        let set: RouteSet
        do throws(FilesRefused) {
            set = try EdgeSet(files).set
        } catch {
            throw error.problem
        }
        let folder = URL(fileURLWithPath: configuration.storePath).deletingLastPathComponent().path
        // Without it the report would name a generation and an audit head that are none.
        guard let saved = LastKnownGood(folder: configuration.statePath).load().state else {
            throw AdminProblem(
                .storeUnavailable,
                "no saved standings in \(configuration.statePath)",
                hint: "start the edge: banyan serve"
            )
        }
        self.desk = try LocalReports.desk(
            ParityPaths(folder: folder).store,
            set,
            generation: saved.generation,
            auditHead: saved.head.hash.hex
        )
    }

    private static func desk(
        _ path: String,
        _ set: RouteSet,
        generation: UInt64,
        auditHead: String
    ) throws(AdminProblem) -> ReportDesk {
        do throws(StoreError) {
            var desk = ReportDesk(ledger: try StoredParity(path: path), set: set)
            desk.generation = generation
            desk.auditHead = auditHead
            return desk
        } catch {
            throw AdminProblem(
                .storeUnavailable,
                "the parity store cannot be read: \(error.text)",
                hint: "see Runbooks/store-unavailable.md"
            )
        }
    }

    /// What the admin API answers to `GET /parity/{migration}/report?QUERY`.
    public func report(migration: String, query: String) throws(AdminProblem) -> ControlResponse {
        let request = ControlRequest(method: "GET", target: "/report" + query)
        let call = AdminCall(request: request, bound: migration, actor: "")
        return try call.answer(try self.desk.report(try call.reportQuery()))
    }
}

/// A parity store that is only read.
private final class StoredParity: ParityReading {
    /// A store belongs to one thread at a time.
    private struct Owner: ~Copyable {
        var store: ParityStore
    }

    private let owner: Mutex<Owner>
    private let names: [String]

    init(path: String) throws(StoreError) {
        let store = try ParityStore(readingFrom: path)
        self.names = try store.migrations()
        self.owner = Mutex(Owner(store: store))
    }

    func migrations() -> [String] { self.names }

    func snapshot(
        migration: String,
        epoch: UInt64?,
        tenants: [String]
    ) throws(ParityLedgerError) -> ParitySnapshot? {
        let found = self.owner.withLock { owner -> Result<ParitySnapshot?, ParityLedgerError> in
            do throws(StoreError) {
                return .success(
                    try owner.store.snapshot(migration: migration, epoch: epoch, tenants: tenants)
                )
            } catch {
                return .failure(ParityLedgerError(text: error.text))
            }
        }
        return try found.get()
    }
}
