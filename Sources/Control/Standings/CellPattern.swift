// SPDX-License-Identifier: Apache-2.0

public import Migration

/// Cells as a command names them.
public enum CellPattern: Hashable, Sendable {
    /// `acme/virtual-care`
    case cell(CellName)
    /// `*/virtual-care`, or `virtual-care`: its default and all its tenants.
    case migration(String)
    /// `acme/*`: all migrations of one tenant.
    case tenant(String)
    /// `*/*`: everything.
    case everything

    /// Reads a command's argument; `nil` when it names no cells.
    public init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        switch (parts[0], parts.count == 2 ? parts[1] : nil) {
        case ("*", "*"?): self = .everything
        case ("*", let migration?): self = .migration(migration)
        case (let tenant, "*"?): self = .tenant(tenant)
        case (let tenant, let migration?):
            self = .cell(CellName(tenant: tenant, migration: migration))
        case ("*", nil): return nil
        case (let migration, nil): self = .migration(migration)
        }
    }

    /// As a command writes it.
    public var text: String {
        switch self {
        case .cell(let cell): cell.text
        case .migration(let migration): "*/\(migration)"
        case .tenant(let tenant): "\(tenant)/*"
        case .everything: "*/*"
        }
    }

    /// Whether it covers a cell.
    public func covers(_ cell: CellName) -> Bool {
        switch self {
        case .cell(let own): cell == own
        case .migration(let migration): cell.migration == migration
        case .tenant(let tenant): cell.tenant == tenant
        case .everything: true
        }
    }
}

extension CellPattern {
    /// Whether some cell may be in both.
    func overlaps(_ other: CellPattern) -> Bool {
        let (a, b) = (self.parts, other.parts)
        return (a.tenant == nil || b.tenant == nil || a.tenant == b.tenant)
            && (a.migration == nil || b.migration == nil || a.migration == b.migration)
    }

    private var parts: (tenant: String?, migration: String?) {
        switch self {
        case .cell(let cell): (cell.tenant, cell.migration)
        case .migration(let migration): (nil, migration)
        case .tenant(let tenant): (tenant, nil)
        case .everything: (nil, nil)
        }
    }
}
