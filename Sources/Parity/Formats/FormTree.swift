// SPDX-License-Identifier: Apache-2.0

/// An `application/x-www-form-urlencoded` body (WHATWG URL 5.1) as an object of arrays: the values
/// of each name in their order.
///
/// The order of different names means nothing, as in an object. `nil`: names or values are not
/// UTF-8 once `%` is resolved.
public func formTree(_ body: [UInt8]) throws(JSONTextError) -> JSONTree? {
    var numbers: [String: Int] = [:]
    var fields: [(name: String, values: [String])] = []
    for piece in body.split(separator: UInt8(ascii: "&")) {
        let sign = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
        guard let name = unescaped(piece[..<sign]),
            let value = unescaped(piece[sign...].dropFirst())
        else { return nil }
        if let number = numbers[name] {
            fields[number].values.append(value)
        } else {
            numbers[name] = fields.count
            fields.append((name, [value]))
        }
    }
    var builder = JSONTreeBuilder()
    builder.beginObject()
    for field in fields {
        builder.key(field.name)
        builder.beginArray()
        for value in field.values { builder.string(value) }
        builder.endArray()
    }
    builder.endObject()
    return try builder.finish()
}

/// `+` is a space, `%41` an A; a `%` without two digits stands for itself.
private func unescaped(_ bytes: ArraySlice<UInt8>) -> String? {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
        let byte = bytes[index]
        if byte == UInt8(ascii: "%"), index + 2 < bytes.endIndex,
            let high = hexadecimal(bytes[index + 1]), let low = hexadecimal(bytes[index + 2])
        {
            text.append(high << 4 | low)
            index += 3
        } else {
            text.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            index += 1
        }
    }
    return String(validating: text, as: UTF8.self)
}

private func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 0x30
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 0x61 + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 0x41 + 10
    default: nil
    }
}
