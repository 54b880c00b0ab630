// SPDX-License-Identifier: Apache-2.0

public import Documents
import Migration
import Store

extension ControlPlane {
    /// The last acts in the store's audit, oldest first.
    public func auditTail(lines: Int) throws(AdminProblem) -> DocumentValue {
        do throws(StoreError) {
            let reader = try AuditReader(path: self.configuration.storePath)
            let entries = try reader.tail(lines).map(ControlPlane.entry)
            return ["entries": .list(entries), "waiting": self.waiting]
        } catch {
            throw self.unreadable(error)
        }
    }

    /// Whether the hash chain holds, and holds the heads that the journal has seen.
    public func auditVerify() throws(AdminProblem) -> DocumentValue {
        do throws(StoreError) {
            let reader = try AuditReader(path: self.configuration.storePath)
            let verdict = try reader.verify(known: self.standings.knownHeads)
            var value: DocumentValue = ["holds": .bool(verdict.isIntact)]
            switch verdict {
            case .intact(let first, let head):
                value.set("entries", .integer(head.count))
                value.set("first", .integer(first))
                value.set("head", .string(head.hash.hex))
                value.set("detail", "every entry follows from the one before")
            case .gap(let expected, let found):
                value.set("detail", .string("entry \(expected) is missing: \(found) stands there"))
            case .edited(let sequence):
                value.set(
                    "detail",
                    .string("entry \(sequence), or the one before, was changed")
                )
            case .truncated(let count, let known):
                value.set(
                    "detail",
                    .string("entries at the end are gone: \(count) of at least \(known)")
                )
            case .forked(let sequence):
                value.set(
                    "detail",
                    .string("another history was written over entry \(sequence)")
                )
            }
            value.set("waiting", self.waiting)
            return value
        } catch {
            throw self.unreadable(error)
        }
    }

    /// Acts that are in force and not in the store's audit yet.
    private var waiting: DocumentValue { .integer(self.standings.health.waitingActs) }

    private func unreadable(_ error: StoreError) -> AdminProblem {
        AdminProblem(
            .storeUnavailable,
            "the audit cannot be read: \(error.text)",
            hint: "see Runbooks/store-unavailable.md; acts go on into the journal"
        )
    }

    /// An entry as the API tells it: as it was chained, its cells short.
    private static func entry(_ line: AuditLine) -> DocumentValue {
        guard let entry = try? DocumentNode.parse(json: line.entry, file: "audit") else {
            return ["sequence": .integer(line.sequence), "act": "unreadable"]
        }
        let cells = entry["cells"]?.items ?? []
        var value: DocumentValue = [
            "sequence": .integer(line.sequence),
            "act": .optional(entry["kind"]?.text),
            "generation": .optional(entry["generation"]?.integer),
            "timeMilliseconds": .optional(entry["time"]?.integer),
            "actor": .optional(entry["actor"]?.text),
            "reason": .optional(entry["reason"]?.text),
            "isUngated": .bool(entry["ungated"]?.bool ?? false),
            "isLate": .bool(entry["late"]?.bool ?? false),
            "cellCount": .integer(cells.count),
            "cells": .list(
                cells.prefix(20).map { cell in
                    [
                        "cell": .optional(cell["cell"]?.text),
                        "from": .optional(self.standing(cell["before"])),
                        "to": .optional(self.standing(cell["after"])),
                    ]
                }
            ),
        ]
        if let tenant = entry["tenant"]?["id"]?.text { value.set("tenant", .string(tenant)) }
        if let diverged = entry["diverged"]?.items?.compactMap(\.text), !diverged.isEmpty {
            value.set("diverged", .list(diverged))
        }
        value.set("hash", .string(line.hash.hex))
        return value
    }

    private static func standing(_ node: DocumentNode?) -> String? {
        guard let word = node?["stage"]?.text, let stage = Stage(name: word),
            let share = node?["permyriad"]?.integer.flatMap({ Share(permyriad: $0) })
        else { return nil }
        return Standing(stage, share: share).text
    }
}
