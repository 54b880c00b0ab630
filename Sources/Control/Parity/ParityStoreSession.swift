// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Parity
import Store

/// The writer thread's own: the parity store when it can be had.
///
/// A damaged file is put aside under another name and begun anew: counts are evidence, not
/// standings, and a fresh epoch is honest where a repaired file would not be.
struct ParityStoreSession: ~Copyable {
    /// What a session is made from.
    struct State: Sendable {
        var path: String
    }

    private let path: String
    private var store: ParityStore?
    private var compactedUnixMilliseconds: Int64 = 0
    /// Why the store does not take anything now; empty: it does.
    private(set) var problem = ""

    init(_ state: State) { self.path = state.path }

    private mutating func open() throws(StoreError) {
        guard self.store == nil else { return }
        do throws(StoreError) {
            self.store = try ParityStore(path: self.path)
        } catch {
            guard case .sqlite(let cause) = error, cause.kind == .corrupt else { throw error }
            self.putAside()
            self.store = try ParityStore(path: self.path)
        }
    }

    private func putAside() {
        var number = 1
        while FileManager.default.fileExists(atPath: "\(self.path).damaged-\(number)") {
            number += 1
        }
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.moveItem(
                atPath: self.path + suffix,
                toPath: "\(self.path).damaged-\(number)\(suffix)"
            )
        }
    }

    /// Epochs of every migration, oldest first.
    mutating func epochs() -> [String: [ParityEpoch]] {
        do throws(StoreError) {
            try self.open()
            guard let names = try self.store?.migrations() else { return [:] }
            var found: [String: [ParityEpoch]] = [:]
            for name in names { found[name] = try self.store?.epochs(of: name).map(\.epoch) }
            return found
        } catch {
            self.fail(error)
            return [:]
        }
    }

    /// Adds batches to their epochs; `false`: nothing of them was taken.
    mutating func add(_ batches: [(epoch: ParityEpoch, batch: ParityBatch)]) -> Bool {
        do throws(StoreError) {
            try self.open()
            try self.store?.add(batches)
            self.problem = ""
            return true
        } catch {
            self.fail(error)
            return false
        }
    }

    /// Makes room, once an hour at most; a failure is told by the next flush.
    mutating func compact(now: Int64) {
        guard now - self.compactedUnixMilliseconds >= 3_600_000, self.store != nil else { return }
        self.compactedUnixMilliseconds = now
        try? self.store?.compact(nowUnixMilliseconds: now)
    }

    mutating func snapshot(
        migration: String,
        epoch: UInt64?,
        tenants: [String]
    ) -> Result<ParitySnapshot?, ParityLedgerError> {
        do throws(StoreError) {
            try self.open()
            let found = try self.store?.snapshot(
                migration: migration,
                epoch: epoch,
                tenants: tenants
            )
            return .success(found ?? nil)
        } catch {
            self.fail(error)
            return .failure(ParityLedgerError(text: error.text))
        }
    }

    private mutating func fail(_ error: StoreError) {
        self.problem = error.text
        if case .sqlite(let cause) = error, cause.kind == .corrupt || cause.kind == .input {
            // Closed and opened anew with the next flush: a damaged file is put aside then.
            self.store = nil
        }
    }
}
