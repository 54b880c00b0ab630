// SPDX-License-Identifier: Apache-2.0

import Documents

/// The value of a plain scalar by the core schema of YAML 1.2.2 (10.3.2); `nil`: a number that
/// JSON cannot hold (`.inf`, `.nan`, or one of more than 64 bits in another base).
///
/// Only these are not texts: `null`, `~`, nothing; `true`, `false`; numbers. So `yes`, `on`, `64Ki`
/// and `2026-01-01` are texts. A number keeps its lexeme where JSON can write it so.
func coreSchemaValue(_ text: String) -> DocumentValue? {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    guard let first = text.utf8.first else { return .null }
    let isNumberLike =
        (0x30...0x39).contains(first) || first == 0x2e || first == 0x2d || first == 0x2b
    guard isNumberLike else { return .string(text) }
    if text.hasPrefix("0x") { return based(text, radix: 16) }
    if text.hasPrefix("0o") { return based(text, radix: 8) }
    let bytes = Array(text.utf8)
    let unsigned = first == 0x2d || first == 0x2b ? bytes.dropFirst() : bytes[...]
    switch String(decoding: unsigned, as: UTF8.self) {
    case ".inf", ".Inf", ".INF": return nil
    case ".nan", ".NaN", ".NAN": return first == 0x2e ? nil : .string(text)
    default: break
    }
    guard let number = decimalNumber(unsigned) else { return .string(text) }
    return .number((first == 0x2d ? "-" : "") + number)
}

private func based(_ text: String, radix: Int) -> DocumentValue? {
    let digits = text.dropFirst(2)
    let isNumber =
        !digits.isEmpty
        && digits.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x37: true
            case 0x38, 0x39, 0x41...0x46, 0x61...0x66: radix == 16
            default: false
            }
        }
    guard isNumber else { return .string(text) }
    return UInt64(digits, radix: radix).map { .number(String($0)) }
}

/// The JSON writing of `[0-9]+`, `[0-9]*.[0-9]*` and an exponent; `nil`: this is no number.
private func decimalNumber(_ bytes: ArraySlice<UInt8>) -> String? {
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    let whole = bytes.prefix { isDigit($0) }
    var rest = bytes.dropFirst(whole.count)
    var fraction: ArraySlice<UInt8> = []
    if rest.first == 0x2e {
        fraction = rest.dropFirst().prefix { isDigit($0) }
        rest = rest.dropFirst(1 + fraction.count)
    }
    guard !whole.isEmpty || !fraction.isEmpty else { return nil }
    var exponent = ""
    if let mark = rest.first, mark | 0x20 == 0x65 {
        rest = rest.dropFirst()
        exponent = "e"
        if let sign = rest.first, sign == 0x2b || sign == 0x2d {
            exponent += sign == 0x2d ? "-" : "+"
            rest = rest.dropFirst()
        }
        let digits = rest.prefix { isDigit($0) }
        guard !digits.isEmpty else { return nil }
        exponent += String(decoding: digits, as: UTF8.self)
        rest = rest.dropFirst(digits.count)
    }
    guard rest.isEmpty else { return nil }
    let significant = whole.drop { $0 == 0x30 }
    let head = significant.isEmpty ? "0" : String(decoding: significant, as: UTF8.self)
    let tail = fraction.isEmpty ? "" : "." + String(decoding: fraction, as: UTF8.self)
    return head + tail + exponent
}
