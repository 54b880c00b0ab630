// SPDX-License-Identifier: Apache-2.0

public import Documents

/// A value that rules read and compute: JSON with binary64 numbers.
public indirect enum LogicValue: Hashable, Sendable {
    /// `null`, and everything that is missing
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number; NaN and infinities come from arithmetic only.
    case number(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([LogicValue])
    /// Members by key.
    case object([String: LogicValue])

    /// The value of a document; a number that binary64 cannot hold becomes an infinity.
    public init(_ value: DocumentValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let lexeme): self = .number(Double(lexeme) ?? .nan)
        case .string(let text): self = .string(text)
        case .array(let items): self = .array(items.map { LogicValue($0.value) })
        case .object(let members):
            var object: [String: LogicValue] = [:]
            for member in members { object[member.key] = LogicValue(member.node.value) }
            self = .object(object)
        }
    }

    /// The value as a document; numbers that JSON cannot hold become `null`, keys are sorted.
    public var document: DocumentValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .number(let number): .decimal(number)
        case .string(let text): .string(text)
        case .array(let items): .list(items.map(\.document))
        case .object(let object):
            .fields(object.sorted { $0.key < $1.key }.map { ($0.key, $0.value.document) })
        }
    }

    /// JsonLogic's truth: empty texts and lists, 0, NaN and null are false.
    var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .number(let number): !(number == 0 || number.isNaN)
        case .string(let text): !text.isEmpty
        case .array(let items): !items.isEmpty
        case .object: true
        }
    }

    /// JavaScript's `Number(value)` as flagd's engines have it; NaN when it is no number.
    var asNumber: Double {
        switch self {
        case .null: 0
        case .bool(let value): value ? 1 : 0
        case .number(let number): number
        case .string(let text): decimalNumber(text)
        case .array(let items):
            items.isEmpty ? 0 : items.count == 1 ? items[0].asNumber : .nan
        case .object: .nan
        }
    }
}

/// The number that a decimal text spells, white space around it ignored, else NaN.
///
/// Swift would also read `0x10`, `nan` and `inf`, which no flagd engine does.
func decimalNumber(_ text: String) -> Double {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    let bytes = Array(text.utf8)
    guard let first = bytes.firstIndex(where: { !isSpace($0) }),
        let last = bytes.lastIndex(where: { !isSpace($0) })
    else { return .nan }
    let isDecimal = bytes[first...last].allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
    guard isDecimal else { return .nan }
    return Double(String(decoding: bytes[first...last], as: UTF8.self)) ?? .nan
}

/// Whether two texts are the same bytes (Swift's `==` also equates canonical equivalents).
func isSameText(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
