// SPDX-License-Identifier: Apache-2.0

public import Documents

/// Why an evaluation came out as it did: OpenFeature's words, which clients know by name.
public enum FlagReason: String, Sendable {
    /// No targeting: the same for everybody.
    case `static` = "STATIC"
    /// Targeting named nothing: the default.
    case `default` = "DEFAULT"
    /// Targeting named the variant.
    case targetingMatch = "TARGETING_MATCH"
    /// The flag is switched off: no value.
    case disabled = "DISABLED"
    /// See the error code.
    case error = "ERROR"
}

/// What went wrong: OpenFeature's words.
public enum FlagErrorCode: String, Sendable {
    /// No flag has this key.
    case flagNotFound = "FLAG_NOT_FOUND"
    /// The rule could not be evaluated.
    case parseError = "PARSE_ERROR"
    /// The value is not of the type that was asked for.
    case typeMismatch = "TYPE_MISMATCH"
    /// The rule named no variant of the flag.
    case general = "GENERAL"
}

/// The type that a caller asks for.
public enum FlagValueType: Sendable {
    /// `true` or `false`
    case boolean
    /// A text.
    case string
    /// A whole number, exact in binary64; `10.0` is one.
    case integer
    /// Any finite number.
    case float
    /// An object.
    case object
}

/// The answer of one flag for one context.
public struct FlagEvaluation: Sendable, Hashable {
    /// The flag's key.
    public var key: String
    /// Why.
    public var reason: FlagReason
    /// The variant's name; `nil` on error, when disabled, and when the caller's default counts.
    public var variant: String?
    /// The variant's value as it is written, so that `10.0` stays `10.0`; `nil` as above.
    public var value: DocumentValue?
    /// Set exactly when `reason` is `error`.
    public var errorCode: FlagErrorCode?
    /// For people; never holds a value of the context.
    public var errorDetails: String?
    /// The flag's metadata, or the set's best effort.
    public var metadata: [DocumentMember]

    init(_ key: String, _ reason: FlagReason, metadata: [DocumentMember]) {
        self.key = key
        self.reason = reason
        self.metadata = metadata
    }

    mutating func fail(_ code: FlagErrorCode, _ details: String) {
        self.reason = .error
        self.variant = nil
        self.value = nil
        self.errorCode = code
        self.errorDetails = details
    }
}

/// Who a flag is evaluated for: attributes by name, `targetingKey` one of them.
public struct FlagContext: Sendable {
    let attributes: LogicValue

    /// A context from a document; anything but an object counts as an empty one, as in flagd.
    public init(_ document: DocumentValue) {
        guard case .object = document else {
            self.attributes = .object([:])
            return
        }
        self.attributes = LogicValue(document)
    }

    /// A context from attributes.
    public init(attributes: [String: LogicValue]) { self.attributes = .object(attributes) }

    /// Nobody.
    public static let empty = FlagContext(attributes: [:])
}

extension Flag {
    /// Evaluates the flag: pure, bounded, and an answer for every context.
    ///
    /// `unixSeconds` is `$flagd.timestamp`, seconds since 1970.
    public func evaluate(
        _ context: FlagContext,
        unixSeconds: Int64,
        expecting type: FlagValueType? = nil
    ) -> FlagEvaluation {
        self.trace(context, unixSeconds: unixSeconds, expecting: type).evaluation
    }

    /// As above, and whether it depends on more than the labels of a tenant.
    func trace(
        _ context: FlagContext,
        unixSeconds: Int64,
        expecting type: FlagValueType?
    ) -> (evaluation: FlagEvaluation, hasReadSubject: Bool) {
        var evaluation = FlagEvaluation(self.key, .static, metadata: self.metadata)
        guard self.isEnabled else {
            evaluation.reason = .disabled
            return (evaluation, false)
        }
        var hasReadSubject = false
        if let targeting = self.targeting {
            var evaluator = LogicEvaluator(
                attributes: context.attributes,
                flagKey: self.key,
                unixSeconds: unixSeconds,
                bucketing: self.bucketing
            )
            do throws(LogicError) {
                let result = try evaluator.evaluate(targeting, in: .context)
                self.choose(result, &evaluation)
            } catch {
                evaluation.fail(.parseError, "flag `\(self.key)`: \(error.details)")
            }
            hasReadSubject = evaluator.hasReadSubject
        } else {
            self.takeDefault(.static, &evaluation)
        }
        if let type, let value = evaluation.value, !type.admits(value) {
            evaluation.fail(.typeMismatch, "flag `\(self.key)` has another type")
        }
        return (evaluation, hasReadSubject)
    }

    private func choose(_ result: LogicValue, _ evaluation: inout FlagEvaluation) {
        guard result != .null else {
            self.takeDefault(.default, &evaluation)
            return
        }
        let name: String
        if case .string(let text) = result, !text.utf8.contains(UInt8(ascii: "\"")) {
            name = text
        } else {
            // flagd writes the result as JSON and drops the quotes.
            name = String(result.document.json.unicodeScalars.filter { $0 != "\"" })
        }
        guard let value = self.values[name] else {
            evaluation.fail(.general, "flag `\(self.key)`: targeting names no variant of it")
            return
        }
        evaluation.reason = .targetingMatch
        evaluation.variant = name
        evaluation.value = value
    }

    private func takeDefault(_ reason: FlagReason, _ evaluation: inout FlagEvaluation) {
        guard let name = self.defaultVariant else {
            evaluation.reason = .default
            return
        }
        guard let value = self.values[name] else {
            evaluation.fail(.general, "flag `\(self.key)`: its default is no variant of it")
            return
        }
        evaluation.reason = reason
        evaluation.variant = name
        evaluation.value = value
    }
}

extension FlagValueType {
    /// Whether a variant's value may be given to a caller that asks for this type.
    func admits(_ value: DocumentValue) -> Bool {
        switch self {
        case .boolean: return value.bool != nil
        case .string: return value.text != nil
        case .object: return value.members != nil
        case .float: return value.double != nil
        case .integer:
            return value.integer.map { $0.magnitude <= 9_007_199_254_740_991 } ?? false
        }
    }
}
