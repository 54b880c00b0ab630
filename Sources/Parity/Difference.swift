// SPDX-License-Identifier: Apache-2.0

/// In what way two answers disagree at one place.
public enum DifferenceClass: UInt8, Sendable, CaseIterable {
    /// The status code.
    case status = 0
    /// Legacy has it, modern has not.
    case missing = 1
    /// Modern has it, legacy has not.
    case added = 2
    /// Another JSON type (or element kind).
    case type = 3
    /// Another value of the same type.
    case value = 4
    /// The same elements in another order.
    case order = 5
    /// Another number of elements of an array.
    case count = 6
    /// Equal as a value, written differently: `1.0` and `1.00`, `\u0041` and `A`.
    case lexeme = 7
    /// A number beyond its tolerance.
    case tolerance = 8
    /// An instant beyond its skew.
    case skew = 9
    /// The same instant in another zone or precision.
    case zone = 10
    /// One id of legacy stands for two of modern, or the other way round.
    case bijection = 11
    /// A key that one object has twice.
    case duplicateKey = 12
    /// A header field or cookie.
    case header = 13
    /// Another media type or charset.
    case mediaType = 14
    /// A body that is not what its media type says.
    case malformed = 15
    /// Bytes of an unknown media type.
    case opaque = 16
    /// A URL that is not the same after rewriting.
    case url = 17

    /// The word in reports, metrics and JSON: `duplicate_key`.
    public var word: String {
        switch self {
        case .status: "status"
        case .missing: "missing"
        case .added: "added"
        case .type: "type"
        case .value: "value"
        case .order: "order"
        case .count: "count"
        case .lexeme: "lexeme"
        case .tolerance: "tolerance"
        case .skew: "skew"
        case .zone: "zone"
        case .bijection: "bijection"
        case .duplicateKey: "duplicate_key"
        case .header: "header"
        case .mediaType: "media_type"
        case .malformed: "malformed"
        case .opaque: "opaque"
        case .url: "url"
        }
    }
}

/// How bad a difference is (parity.md e5); the gate runs on `value` and worse.
public enum DifferenceSeverity: UInt8, Sendable, CaseIterable, Comparable {
    /// Accepted by a rule that has an owner, a reason and an expiry: shown, never counted.
    case accepted = 0
    /// Written differently, the same for every reader: lexeme, key order.
    case formatting = 1
    /// A header that no client needs for its work.
    case header = 2
    /// Order of an array that no rule calls a set.
    case order = 3
    /// Another value.
    case value = 4
    /// A field that clinicians read is missing or has another type.
    case missing = 5
    /// Another class of status.
    case status = 6
    /// Patient id, medication, dose, another tenant's data: one is too many.
    case zeroTolerance = 7

    /// The word in reports and JSON: `zero_tolerance`.
    public var word: String {
        switch self {
        case .accepted: "accepted"
        case .formatting: "formatting"
        case .header: "header"
        case .order: "order"
        case .value: "value"
        case .missing: "missing"
        case .status: "status"
        case .zeroTolerance: "zero_tolerance"
        }
    }

    /// Whether an exchange with such a difference counts as a mismatch in a gate.
    public var countsAsMismatch: Bool { self >= .order }

    /// The scale of harm.
    public static func < (a: DifferenceSeverity, b: DifferenceSeverity) -> Bool {
        a.rawValue < b.rawValue
    }
}

/// What kind of value stands at a place.
public enum ValueKind: UInt8, Sendable, CaseIterable {
    /// Nothing stands there.
    case absent = 0
    /// JSON null.
    case null = 1
    /// true or false.
    case bool = 2
    /// A number.
    case number = 3
    /// A text.
    case string = 4
    /// An array, or repeated elements.
    case array = 5
    /// An object, or an element.
    case object = 6
    /// Bytes of no known form.
    case bytes = 7

    /// The word in reports and JSON.
    public var word: String {
        switch self {
        case .absent: "absent"
        case .null: "null"
        case .bool: "bool"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        case .bytes: "bytes"
        }
    }
}

/// One disagreement of two answers.
public struct ParityDifference: Sendable, Hashable {
    /// Where: a JSON pointer (RFC 6901) whose array indexes are `*` and whose id-like keys are
    /// `{key}`; header fields are `header:content-type`, cookies `cookie:care_user`, the status is
    /// `status`, the whole body is the empty pointer.
    public var pointer: String
    /// In what way.
    public var difference: DifferenceClass
    /// How bad.
    public var severity: DifferenceSeverity
    /// What legacy has there.
    public var legacyKind: ValueKind
    /// What modern has there.
    public var modernKind: ValueKind
    /// Bytes of legacy's value, lexeme and all.
    ///
    /// Memory only, never stored; empty: none.
    public var legacyValue: [UInt8]
    /// Bytes of modern's value, lexeme and all.
    ///
    /// Memory only, never stored; empty: none.
    public var modernValue: [UInt8]
    /// Name of the rule that accepted it; empty: none.
    public var acceptedBy: String
    /// What both values have in common: evidence for a rule.
    public var hints: ParityHints

    /// A difference from its parts.
    public init(
        pointer: String,
        difference: DifferenceClass,
        severity: DifferenceSeverity,
        legacyKind: ValueKind,
        modernKind: ValueKind,
        legacyValue: [UInt8] = [],
        modernValue: [UInt8] = [],
        acceptedBy: String = "",
        hints: ParityHints = []
    ) {
        self.pointer = pointer
        self.difference = difference
        self.severity = severity
        self.legacyKind = legacyKind
        self.modernKind = modernKind
        self.legacyValue = legacyValue
        self.modernValue = modernValue
        self.acceptedBy = acceptedBy
        self.hints = hints
    }
}
