// SPDX-License-Identifier: Apache-2.0

public import Parity

/// Names a row of totals.
public struct ParityTotalsKey: Hashable, Sendable {
    /// Route name.
    public var route: String
    /// Method and path template.
    public var operation: String
    /// Tenant id; empty: no tenant.
    public var tenant: String

    /// A key from its parts.
    public init(route: String, operation: String, tenant: String) {
        self.route = route
        self.operation = operation
        self.tenant = tenant
    }
}

/// Names a row of differences.
public struct ParityDifferenceKey: Hashable, Sendable {
    /// Route name.
    public var route: String
    /// Method and path template.
    public var operation: String
    /// Pointer template.
    public var pointer: String
    /// In what way.
    public var difference: DifferenceClass

    /// A key from its parts.
    public init(route: String, operation: String, pointer: String, difference: DifferenceClass) {
        self.route = route
        self.operation = operation
        self.pointer = pointer
        self.difference = difference
    }
}

/// Names a row of a series.
public struct ParityTimeKey: Hashable, Sendable {
    /// ms since 1970 of its begin.
    public var startUnixMilliseconds: Int64
    /// Its length.
    public var lengthMilliseconds: Int64
    /// Route name.
    public var route: String

    /// A key from its parts.
    public init(startUnixMilliseconds: Int64, lengthMilliseconds: Int64, route: String) {
        self.startUnixMilliseconds = startUnixMilliseconds
        self.lengthMilliseconds = lengthMilliseconds
        self.route = route
    }
}

/// What was counted in one epoch since the last flush.
public struct ParityBatch: Sendable {
    /// By tenant and operation.
    public var totals: [ParityTotalsKey: ParityTotals] = [:]
    /// By pointer and class.
    public var differences: [ParityDifferenceKey: ParityDifferenceTotals] = [:]
    /// By hour and route.
    public var series: [ParityTimeKey: ParityTimeTotals] = [:]
    /// Observations in it.
    public var count: UInt64 = 0

    /// Nothing.
    public init() {}

    /// Whether there is nothing to write.
    public var isEmpty: Bool {
        self.totals.isEmpty && self.differences.isEmpty && self.series.isEmpty
    }

    /// Adds another batch of the same epoch: a flush that failed is tried again with the next.
    public mutating func merge(_ other: ParityBatch) {
        self.totals.merge(other.totals) { a, b in
            var sum = a
            sum.merge(b)
            return sum
        }
        self.differences.merge(other.differences) { a, b in
            var sum = a
            sum.merge(b)
            return sum
        }
        self.series.merge(other.series) { a, b in
            var sum = a
            sum.merge(b)
            return sum
        }
        self.count += other.count
    }
}
