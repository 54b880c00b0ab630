// SPDX-License-Identifier: Apache-2.0

/// What can go wrong in this target besides a ``Problem`` of a file.
public enum DocumentsError: Error, Hashable, Sendable {
    /// A number that no binary64 holds (RFC 8785 3.2.2.3): it has no canonical form.
    case numberOutOfRange(lexeme: String)
}

extension DocumentValue {
    /// The canonical form of RFC 8785 (JCS): what digests and signatures are made over.
    ///
    /// Members are sorted by UTF-16 code units; numbers go through binary64, so integers above 2^53
    /// lose digits: write those as strings where they must be told apart.
    public func canonicalJSON() throws(DocumentsError) -> [UInt8] {
        var text = ""
        try self.writeCanonical(into: &text)
        return Array(text.utf8)
    }

    private func writeCanonical(into text: inout String) throws(DocumentsError) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let lexeme):
            guard let number = Double(lexeme), number.isFinite else {
                throw .numberOutOfRange(lexeme: lexeme)
            }
            text += ecmaScriptText(of: number)
        case .string(let string): JSONWriter.quote(string, into: &text)
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                try item.value.writeCanonical(into: &text)
            }
            text += "]"
        case .object(let members):
            let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            text += "{"
            for (index, member) in sorted.enumerated() {
                if index > 0 { text += "," }
                JSONWriter.quote(member.key, into: &text)
                text += ":"
                try member.node.value.writeCanonical(into: &text)
            }
            text += "}"
        }
    }
}

/// A finite number as ECMAScript's `Number::toString` writes it: `1e+30`, `0.002`, `100`.
///
/// Swift finds the shortest digits that read back the same; ECMAScript only sets them differently.
public func ecmaScriptText(of number: Double) -> String {
    guard number.isFinite else {
        return number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
    }
    guard number != 0 else { return "0" }
    var digits: [UInt8] = []
    var exponent = 0
    var fractionDigits = 0
    var isInFraction = false
    let description = Array(number.magnitude.description.utf8)
    var index = 0
    while index < description.count {
        let byte = description[index]
        index += 1
        if byte == UInt8(ascii: ".") {
            isInFraction = true
        } else if byte == UInt8(ascii: "e") {
            exponent = Int(String(decoding: description[index...], as: UTF8.self)) ?? 0
            break
        } else {
            if isInFraction { fractionDigits += 1 }
            digits.append(byte)
        }
    }
    // The number is 0.DIGITS times ten to the power `point`, without zeros at either end.
    var point = digits.count - fractionDigits + exponent
    let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(leading)
    point -= leading
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return (number < 0 ? "-" : "") + decimalText(digits, point: point)
}

private func decimalText(_ digits: [UInt8], point: Int) -> String {
    func text(_ part: ArraySlice<UInt8>) -> String { String(decoding: part, as: UTF8.self) }
    let count = digits.count
    if point >= count && point <= 21 {
        return text(digits[...]) + String(repeating: "0", count: point - count)
    }
    if point > 0 && point <= 21 { return text(digits[..<point]) + "." + text(digits[point...]) }
    if point > -6 && point <= 0 {
        return "0." + String(repeating: "0", count: -point) + text(digits[...])
    }
    let power = point - 1
    let suffix = "e" + (power < 0 ? "-" : "+") + String(power.magnitude)
    return count == 1
        ? text(digits[...]) + suffix : text(digits[..<1]) + "." + text(digits[1...]) + suffix
}
