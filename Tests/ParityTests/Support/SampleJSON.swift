// SPDX-License-Identifier: Apache-2.0

/// Random numbers that are the same in every run.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &self) }
}

/// A member of an object made by a test.
struct SampleMember {
    let key: String
    var value: SampleJSON
}

/// A JSON value made by a test, which can be written in many ways.
indirect enum SampleJSON {
    case null
    case bool(Bool)
    /// Digits and a power of ten: `(15, -1)` is 1.5.
    case number(Int, Int)
    case string(String)
    case array([SampleJSON])
    case object([SampleMember])

    static let keys = ["id", "name", "code", "value", "items", "meta", "text", "status", "a", "é"]
    static let texts = [
        "", "a", "A", "é", "😹", "\n", "a\"b", "\\", "/", "x y", "0", "true", "long text",
    ]

    static func random(_ dice: inout Dice, depth: Int = 4) -> SampleJSON {
        switch dice.roll(depth > 0 ? 9 : 6) {
        case 0: return .null
        case 1: return .bool(dice.roll(2) == 0)
        case 2, 3: return .number(dice.roll(200) - 100, dice.roll(5) - 2)
        case 4, 5: return .string(texts[dice.roll(texts.count)])
        case 6: return .array((0..<dice.roll(5)).map { _ in random(&dice, depth: depth - 1) })
        default:
            let names = keys.shuffled(using: &dice).prefix(dice.roll(6))
            return .object(
                names.map { SampleMember(key: $0, value: random(&dice, depth: depth - 1)) }
            )
        }
    }

    /// One of the texts that stand for it; the plain one without dice.
    func text(_ dice: inout Dice, isVaried: Bool) -> String {
        let space = isVaried && dice.roll(4) == 0 ? [" ", "\n", "\t ", "\r\n"][dice.roll(4)] : ""
        let body: String
        switch self {
        case .null: body = "null"
        case .bool(let value): body = value ? "true" : "false"
        case .number(let digits, let exponent):
            body = Self.numberText(digits, exponent, isVaried ? dice.roll(4) : 0)
        case .string(let text): body = Self.quoted(text, &dice, isVaried: isVaried)
        case .array(let items):
            let parts = items.map { $0.text(&dice, isVaried: isVaried) }
            body = "[" + parts.joined(separator: ",") + "]"
        case .object(let members):
            let ordered = isVaried ? members.shuffled(using: &dice) : members
            let parts = ordered.map { member in
                let name = Self.quoted(member.key, &dice, isVaried: isVaried)
                return "\(name):" + member.value.text(&dice, isVaried: isVaried)
            }
            body = "{" + parts.joined(separator: ",") + "}"
        }
        return space + body + space
    }

    private static func numberText(_ digits: Int, _ exponent: Int, _ way: Int) -> String {
        switch way {
        case 1 where digits != 0: return "\(digits)0e\(exponent - 1)"
        case 2: return "\(digits).000E\(exponent >= 0 ? "+" : "")\(exponent)"
        case 3 where exponent >= 0:
            return digits == 0 ? "-0.0" : "\(digits)" + String(repeating: "0", count: exponent)
        default: return "\(digits)e\(exponent)"
        }
    }

    private static func quoted(_ text: String, _ dice: inout Dice, isVaried: Bool) -> String {
        var result = "\""
        for unit in text.utf16 {
            if isVaried && dice.roll(5) == 0 || unit < 0x20 || (0xD800...0xDFFF).contains(unit) {
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else if unit == 0x22 || unit == 0x5C {
                result += "\\" + String(Unicode.Scalar(UInt8(unit)))
            } else {
                result.unicodeScalars.append(Unicode.Scalar(unit) ?? " ")
            }
        }
        return result + "\""
    }

    /// The value with one place changed, if it has one.
    func mutated(_ dice: inout Dice) -> SampleJSON {
        switch self {
        case .array(let items) where !items.isEmpty && dice.roll(4) > 0:
            var items = items
            let index = dice.roll(items.count)
            switch dice.roll(4) {
            case 0: items.remove(at: index)
            case 1: items.insert(.random(&dice, depth: 1), at: index)
            case 2: items.shuffle(using: &dice)
            default: items[index] = items[index].mutated(&dice)
            }
            return .array(items)
        case .object(let members) where !members.isEmpty && dice.roll(4) > 0:
            var members = members
            let index = dice.roll(members.count)
            if dice.roll(4) == 0 {
                members.remove(at: index)
            } else {
                members[index].value = members[index].value.mutated(&dice)
            }
            return .object(members)
        default: return .random(&dice, depth: 1)
        }
    }
}
