// SPDX-License-Identifier: Apache-2.0

/// One side of a migration.
public enum Origin: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// The service that gives way.
    case legacy = 0
    /// The service that takes its place.
    case modern = 1

    /// The other side.
    public var other: Origin { self == .legacy ? .modern : .legacy }

    /// The word for people and logs.
    public var word: StaticString { self == .legacy ? "legacy" : "modern" }
}
