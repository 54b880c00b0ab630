// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Kernel
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
    private var compactsAfterMilliseconds: Int64 = 0
    /// Wall clock less monotonic clock; 0: not looked at yet.
    private var clockOffsetMilliseconds: Int64 = 0
    /// A damaged file was put aside since this was last asked.
    private var isReplaced = false
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

    private mutating func putAside() {
        self.isReplaced = true
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

    /// Whether a damaged file was put aside since this was last asked.
    mutating func takeReplaced() -> Bool {
        defer { self.isReplaced = false }
        return self.isReplaced
    }

    /// What the store has of a migration.
    struct Known {
        /// Oldest first.
        var epochs: [ParityEpoch]
        /// Differences of the last of them while it is open.
        var kinds: Set<ParityDifferenceKey>
    }

    /// What there is of every migration; `nil`: the store cannot be read now.
    mutating func known() -> [String: Known]? {
        do throws(StoreError) {
            try self.open()
            guard let names = try self.store?.migrations() else { return nil }
            var found: [String: Known] = [:]
            for name in names {
                let epochs = try self.store?.epochs(of: name) ?? []
                var known = Known(epochs: epochs.map(\.epoch), kinds: [])
                if let last = epochs.last, last.epoch.endUnixMilliseconds == 0 {
                    known.kinds = try self.store?.differenceKeys(epoch: last.id) ?? []
                }
                found[name] = known
            }
            return found
        } catch {
            self.fail(error)
            return nil
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
    ///
    /// A wall clock that has jumped is not believed for a day: history must not go because a clock
    /// was wrong for a moment. The epochs, by migration, up to which no fingerprints are left.
    mutating func compact(now: Int64, monotonicMilliseconds: Int64) -> [String: UInt64] {
        let offset = now - monotonicMilliseconds
        let jump = abs(offset - self.clockOffsetMilliseconds)
        if self.clockOffsetMilliseconds != 0, jump > Limits.parityClockSkewMaxMilliseconds {
            self.compactsAfterMilliseconds = monotonicMilliseconds + 86_400_000
        }
        self.clockOffsetMilliseconds = offset
        guard monotonicMilliseconds >= self.compactsAfterMilliseconds, self.store != nil else {
            return [:]
        }
        self.compactsAfterMilliseconds = monotonicMilliseconds + 3_600_000
        do throws(StoreError) {
            return try self.store?.compact(nowUnixMilliseconds: now) ?? [:]
        } catch {
            self.fail(error)
            return [:]
        }
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
            // Closed, and opened anew with the next flush. A damaged page is met long after
            // opening: the file goes aside at once, or every flush would meet it again.
            self.store = nil
            if cause.kind == .corrupt { self.putAside() }
        }
    }
}
