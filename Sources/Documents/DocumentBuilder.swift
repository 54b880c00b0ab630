// SPDX-License-Identifier: Apache-2.0

// Answers, reports and audit entries are built as literals:
//
//     let answer: DocumentValue = ["generation": .integer(1841), "cells": .list(cells), "ok": true]

extension DocumentNode {
    /// A node that stands in no text (line 1, column 1): for documents that are built, not read.
    public init(_ value: DocumentValue) {
        self.init(value, at: SourcePosition(line: 1, column: 1))
    }
}

extension DocumentValue {
    /// An integer.
    public static func integer(_ number: some BinaryInteger) -> DocumentValue {
        .number(String(number))
    }

    /// A fraction, in its shortest form that reads back the same; `null` when it is not finite.
    public static func decimal(_ number: Double) -> DocumentValue {
        number.isFinite ? .number(ecmaScriptText(of: number)) : .null
    }

    /// A list of values.
    public static func list(_ values: [DocumentValue]) -> DocumentValue {
        .array(values.map { DocumentNode($0) })
    }

    /// A list of texts.
    public static func list(_ texts: [String]) -> DocumentValue {
        .array(texts.map { DocumentNode(.string($0)) })
    }

    /// An object with members in this order.
    ///
    /// The caller sees to it that no key appears twice.
    public static func fields(_ fields: [(String, DocumentValue)]) -> DocumentValue {
        let none = SourcePosition(line: 1, column: 1)
        return .object(
            fields.map {
                DocumentMember(key: $0.0, keyPosition: none, node: DocumentNode($0.1))
            }
        )
    }

    /// The text, or `null`.
    public static func optional(_ text: String?) -> DocumentValue {
        text.map { .string($0) } ?? .null
    }

    /// The integer, or `null`.
    public static func optional(_ number: (some BinaryInteger)?) -> DocumentValue {
        number.map { .integer($0) } ?? .null
    }

    /// Sets a member of an object, in its place or at the end; anything else becomes that object.
    public mutating func set(_ key: String, _ value: DocumentValue) {
        var members = self.members ?? []
        let none = SourcePosition(line: 1, column: 1)
        if let index = members.firstIndex(where: { $0.key == key }) {
            members[index].node = DocumentNode(value)
        } else {
            members.append(
                DocumentMember(key: key, keyPosition: none, node: DocumentNode(value))
            )
        }
        self = .object(members)
    }
}

extension DocumentValue: ExpressibleByStringInterpolation {
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
}

extension DocumentValue: ExpressibleByBooleanLiteral {
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension DocumentValue: ExpressibleByIntegerLiteral {
    /// An integer.
    public init(integerLiteral value: Int) { self = .integer(value) }
}

extension DocumentValue: ExpressibleByFloatLiteral {
    /// A fraction.
    public init(floatLiteral value: Double) { self = .decimal(value) }
}

extension DocumentValue: ExpressibleByArrayLiteral {
    /// A list.
    public init(arrayLiteral elements: DocumentValue...) { self = .list(elements) }
}

extension DocumentValue: ExpressibleByDictionaryLiteral {
    /// An object with members in this order.
    public init(dictionaryLiteral elements: (String, DocumentValue)...) { self = .fields(elements) }
}
