// SPDX-License-Identifier: Apache-2.0

/// What a stage flag says for one tenant, when a snapshot is built.
public struct StageResolution: BitwiseCopyable, Sendable, Hashable {
    /// The stage; `nil` when the flag could not be read or named no stage of the migration (doubt).
    public var stage: Stage?
    /// Targeting or default.
    public var isTargeted: Bool
    /// The flag could not be read now; `stage` is what it last said.
    public var isLastKnown: Bool

    /// A resolution from its parts.
    public init(stage: Stage?, isTargeted: Bool, isLastKnown: Bool = false) {
        self.stage = stage
        self.isTargeted = isTargeted
        self.isLastKnown = isLastKnown
    }
}

/// Numbers that one edge gave to names for its whole life: a name keeps its number over reloads.
public struct NumberBook: Sendable {
    private var numbers: [String: UInt32]
    private var names: [String]

    /// A book whose number 0 is `first` (tenants: `*`), or an empty one.
    public init(first: String? = nil) {
        self.names = first.map { [$0] } ?? []
        self.numbers = first.map { [$0: 0] } ?? [:]
    }

    /// The number of a name; a new name gets the next one.
    public mutating func number(of name: String) -> UInt32 {
        if let number = self.numbers[name] { return number }
        let number = UInt32(self.names.count)
        self.numbers[name] = number
        self.names.append(name)
        return number
    }

    /// The number of a name that has one.
    public func known(_ name: String) -> UInt32? { self.numbers[name] }

    /// The name of a number that was given.
    public func name(_ number: UInt32) -> String? {
        Int(number) < self.names.count ? self.names[Int(number)] : nil
    }

    /// Numbers given so far.
    public var count: Int { self.names.count }
}
