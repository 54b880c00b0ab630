// SPDX-License-Identifier: Apache-2.0

import Documents
import Migration

/// How one of the two origins writes the same record, with the differences of ``explanation``.
struct SampleDialect: Sendable {
    let origin: Origin

    /// What a comparison will find, for `--help`.
    static let explanation = """
        Both origins have the same synthetic records (same --seed), and write them differently:
          field order   legacy by name, modern in the order of its schema
          numbers       legacy 4.50, modern 4.5 (equal values, different lexemes)
          timestamps    legacy 2026-03-01T09:30:00, modern 2026-03-01T09:30:00Z (not in FHIR)
          one name      legacy clinicianId, modern practitionerId
          headers       Server, and Sample-Origin: legacy or modern
          new ids       legacy from 2001, modern from 5001
        """

    /// A record as this origin writes it; FHIR instants always carry a zone.
    func write(_ value: DocumentValue, isFHIR: Bool = false) -> DocumentValue {
        guard self.origin == .legacy else { return value }
        switch value {
        case .object(let members):
            var written = members.map { member in
                DocumentMember(
                    key: isFHIR ? member.key : Self.legacyName(member.key),
                    keyPosition: member.keyPosition,
                    node: DocumentNode(self.write(member.node.value, isFHIR: isFHIR))
                )
            }
            written.sort { $0.key < $1.key }
            return .object(written)
        case .array(let items):
            return .list(items.map { self.write($0.value, isFHIR: isFHIR) })
        case .number(let lexeme):
            guard let point = lexeme.firstIndex(of: "."), !lexeme.contains("e") else {
                return value
            }
            let decimals = lexeme.distance(from: point, to: lexeme.endIndex) - 1
            return .number(lexeme + String(repeating: "0", count: max(0, 2 - decimals)))
        case .string(let text):
            return isFHIR || !Self.isInstant(text) ? value : .string(String(text.dropLast()))
        case .bool, .null: return value
        }
    }

    /// A document that a client sent, in modern's shape.
    func read(_ value: DocumentValue) -> DocumentValue {
        guard self.origin == .legacy, case .object(let members) = value else { return value }
        return .object(
            members.map { member in
                var renamed = member
                if member.key == "clinicianId" { renamed.key = "practitionerId" }
                if case .string(let text) = member.node.value, Self.isInstant(text + "Z") {
                    renamed.node.value = .string(text + "Z")
                }
                return renamed
            }
        )
    }

    private static func legacyName(_ name: String) -> String {
        name == "practitionerId" ? "clinicianId" : name
    }

    /// `2026-03-01T09:30:00Z`, nothing else.
    private static func isInstant(_ text: String) -> Bool {
        let shape = Array("dddd-dd-ddTdd:dd:ddZ".utf8)
        let bytes = Array(text.utf8)
        guard bytes.count == shape.count else { return false }
        return zip(bytes, shape).allSatisfy { byte, mark in
            mark == UInt8(ascii: "d") ? (0x30...0x39).contains(byte) : byte == mark
        }
    }
}
