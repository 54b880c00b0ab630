// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// What comparing needs to know besides the rules.
public struct DifferOptions: Sendable {
    /// Host, or `https://host`, that stands in URLs of legacy's answers; several: spaces between.
    public var legacyHost = ""
    /// The same of modern's.
    public var modernHost = ""
    /// Path prefix of legacy's URLs (`/api/v1/digital-communication`).
    public var legacyPathPrefix = ""
    /// The same of modern's.
    public var modernPathPrefix = ""
    /// Now, for the expiry of ignore rules.
    public var nowUnixSeconds: Int64 = 0
    /// Differences that are kept.
    public var differencesMax = Limits.parityDifferencesMax
    /// Where the text stands when it is not the whole body: `part:meta`, `header:etag`.
    ///
    /// It begins every pointer, and rules are matched from there.
    public var place = ""
    /// Whose ids these are: the tenant.
    ///
    /// Ids of different scopes are never held against each other.
    public var identityScope = ""

    /// No hosts, the beginning of time, the default bound.
    public init() {}
}

/// What two texts disagree on.
public struct DifferenceList: Sendable {
    /// One per place and class, in reading order, at most as many as asked for.
    public internal(set) var items: [ParityDifference] = []
    /// Occurrences that found no room in ``items``.
    public internal(set) var leftOut = 0
    /// The worst severity, of what was left out too; `nil`: the texts agree.
    public internal(set) var worst: DifferenceSeverity?

    /// No difference.
    public init() {}

    /// Whether nothing differs, accepted differences included.
    public var isEmpty: Bool { self.worst == nil }

    /// Adds one difference that was found elsewhere (status, header), within `max` items.
    public mutating func append(
        _ difference: ParityDifference,
        max: Int = Limits.parityDifferencesMax
    ) {
        self.worst = self.worst.map { Swift.max($0, difference.severity) } ?? difference.severity
        if self.items.count < max { self.items.append(difference) } else { self.leftOut += 1 }
    }

    /// Adds what another comparison of the same exchange found, within `max` items.
    public mutating func append(
        contentsOf other: DifferenceList,
        max: Int = Limits.parityDifferencesMax
    ) {
        for item in other.items { self.append(item, max: max) }
        self.leftOut += other.leftOut
        if let worst = other.worst { self.worst = self.worst.map { Swift.max($0, worst) } ?? worst }
    }
}
