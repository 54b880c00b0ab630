// SPDX-License-Identifier: Apache-2.0

public import Migration
internal import Synchronization

/// The numbers of tenants and migrations, one set for standings and snapshots of an edge.
public final class EdgeNumbers: Sendable {
    private struct Books {
        var tenants = NumberBook(first: "*")
        var migrations = NumberBook()
    }

    private let books = Mutex(Books())

    /// No numbers yet but tenant 0, which is `*`.
    public init() {}

    /// The number of a cell; names without one get the next.
    public func number(of cell: CellName) -> CellNumber {
        self.books.withLock {
            CellNumber(
                tenant: $0.tenants.number(of: cell.tenant),
                migration: $0.migrations.number(of: cell.migration)
            )
        }
    }

    /// The name of a cell that has a number.
    public func name(of cell: CellNumber) -> CellName? {
        self.books.withLock {
            guard let tenant = $0.tenants.name(cell.tenant),
                let migration = $0.migrations.name(cell.migration)
            else { return nil }
            return CellName(tenant: tenant, migration: migration)
        }
    }

    /// Lends both books, to build a snapshot with.
    public func withBooks<Value>(
        _ body: (inout NumberBook, inout NumberBook) -> sending Value
    ) -> sending Value {
        self.books.withLock { body(&$0.tenants, &$0.migrations) }
    }
}
