// SPDX-License-Identifier: Apache-2.0

public import Documents

/// The type that all variants of a flag share.
public enum FlagType: String, Sendable {
    /// `true` and `false`
    case boolean
    /// Texts: what a stage flag is.
    case string
    /// Numbers, whole or not.
    case number
    /// Objects.
    case object

    init?(_ value: DocumentValue) {
        switch value {
        case .bool: self = .boolean
        case .string: self = .string
        case .number: self = .number
        case .object: self = .object
        case .null, .array: return nil
        }
    }
}

/// One flag of a document, checked and compiled.
public struct Flag: Sendable {
    /// Its key.
    public let key: String
    /// Where it is written.
    public let source: ModelSource
    /// `state` is `ENABLED`.
    public let isEnabled: Bool
    /// What the variants are.
    public let type: FlagType
    /// The variants in file order, with their values as they are written.
    public let variants: [DocumentMember]
    /// The variant of everybody whom targeting does not name; `nil`: the caller's own default.
    public let defaultVariant: String?
    /// The rule; `nil`: everybody gets the default.
    public let targeting: LogicRule?
    /// The flag set's metadata with the flag's own on top.
    public let metadata: [DocumentMember]
    /// The generation of `fractional` that its set is pinned to.
    public let bucketing: Bucketing

    let values: [String: DocumentValue]

    init(
        key: String,
        source: ModelSource,
        isEnabled: Bool,
        type: FlagType,
        variants: [DocumentMember],
        defaultVariant: String?,
        targeting: LogicRule?,
        metadata: [DocumentMember],
        bucketing: Bucketing
    ) {
        self.key = key
        self.source = source
        self.isEnabled = isEnabled
        self.type = type
        self.variants = variants
        self.defaultVariant = defaultVariant
        self.targeting = targeting
        self.metadata = metadata
        self.bucketing = bucketing
        var values: [String: DocumentValue] = [:]
        for variant in variants { values[variant.key] = variant.node.value }
        self.values = values
    }

    /// The value of a variant.
    public func value(ofVariant name: String) -> DocumentValue? { self.values[name] }

    /// A member of the metadata, say the `reason` that a forward change of a default needs.
    public func metadata(_ key: String) -> DocumentNode? {
        self.metadata.first { $0.key == key }?.node
    }
}
