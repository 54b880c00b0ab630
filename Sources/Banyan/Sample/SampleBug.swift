// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation

// Bugs that real migrations have: they keep the answer whole and spoil what it says, so that only a
// comparison finds them.

extension SampleStrike {
    /// The record as it is told under this strike.
    ///
    /// A stale cache is no matter of telling: the store has what a record was (`SampleStore`).
    func alter(_ value: DocumentValue) -> DocumentValue {
        let told = self.online.map { withOnline($0, value) } ?? value
        return self.faults.reduce(told) { $1.alter($0) }
    }

    /// Who is online, beside every id.
    private func withOnline(_ count: Int, _ value: DocumentValue) -> DocumentValue {
        switch value {
        case .object(let members):
            let inner = members.map { member in
                var altered = member
                altered.node.value = self.withOnline(count, member.node.value)
                return altered
            }
            var object = DocumentValue.object(inner)
            if value["id"] != nil { object.set("online", .integer(count)) }
            return object
        case .array(let items): return .list(items.map { self.withOnline(count, $0.value) })
        default: return value
        }
    }
}

extension SampleFault {
    /// The record as this bug tells it; as it is for a fault that is no bug of records.
    fileprivate func alter(_ value: DocumentValue) -> DocumentValue {
        switch value {
        case .object(let members):
            return .object(members.compactMap { member in self.alter(member) })
        case .array(let items):
            let altered = items.map { self.alter($0.value) }
            return .list(self.kind == .reorderedArray ? altered.reversed() : altered)
        case .number(let lexeme) where self.kind == .numberPrecision:
            return .number(String(lexeme.prefix { $0 != "." }))
        case .string(let text) where self.kind == .timeZone:
            return .string(Self.anHourLate(text))
        default: return value
        }
    }

    private func alter(_ member: DocumentMember) -> DocumentMember? {
        var altered = member
        switch (self.kind, member.key) {
        case (.droppedField, "status"): return nil
        case (.wrongPatient, "patientId"), (.wrongPatient, "reference"):
            altered.node.value = .string(Self.otherPatient(member.node.text ?? ""))
        default: altered.node.value = self.alter(member.node.value)
        }
        return altered
    }

    /// `pt-07` becomes `pt-08`, in a reference too.
    private static func otherPatient(_ text: String) -> String {
        guard let dash = text.lastIndex(of: "-"),
            let number = Int(text[text.index(after: dash)...])
        else { return text + "-other" }
        return text[...dash] + String(format: "%02d", number % 98 + 1)
    }

    /// An instant with `Z` an hour later; any other text as it is.
    private static func anHourLate(_ text: String) -> String {
        guard text.utf8.count == 20, let date = try? Date(text, strategy: .iso8601) else {
            return text
        }
        return date.addingTimeInterval(3_600).ISO8601Format()
    }
}
