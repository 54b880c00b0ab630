// SPDX-License-Identifier: Apache-2.0

public import Documents

/// One cell's move as an answer tells it; a missing end means that the flag decides.
public struct CellMove: Hashable, Sendable {
    /// The cell: `acme/virtual-care`.
    public var cell: String
    /// Where it stood: `live=5%`.
    public var from: String?
    /// Where it stands now.
    public var to: String?

    /// A move from its parts.
    public init(cell: String, from: String?, to: String?) {
        self.cell = cell
        self.from = from
        self.to = to
    }
}

/// What an act (flip, rollback, freeze, unfreeze) did, as the API sends it and the CLI prints it.
public struct ActReport: Hashable, Sendable {
    /// `flip`, `rollback`, `freeze`, `unfreeze`.
    public var act: String
    /// Its generation.
    public var generation: UInt64
    /// Cells that moved, at most ``cellsMax`` of them.
    public var cells: [CellMove]
    /// How many moved in all.
    public var cellCount: Int
    /// Workers that decide by it.
    public var confirmed: Int
    /// Workers that run.
    public var workers: Int
    /// Workers that have not answered in time.
    public var silent: [Int]
    /// From the post to the last answer.
    public var elapsedNanoseconds: UInt64
    /// From the call to the return, disk included.
    public var durableNanoseconds: UInt64
    /// Wall clock of the last request decided for legacy, ms since 1970.
    public var lastLegacyMilliseconds: UInt64?
    /// Requests of these cells still in flight on legacy.
    public var inFlightLegacy: Int
    /// Requests of these cells still in flight on modern.
    public var inFlightModern: Int
    /// Tunnels (WebSockets) of these cells on the origin that they have left.
    public var tunnelsLeft = 0
    /// Event streams and long downloads of these cells there.
    public var streamsLeft = 0
    /// Writes that went to modern and that legacy has not seen; rollbacks of `data: forward` only.
    public var writesLeftBehind: UInt64?
    /// When caches have forgotten the redirects that were sent, ms since 1970.
    public var redirectsClearMilliseconds: UInt64?
    /// Whether it is on disk.
    public var isRecorded: Bool
    /// No gate was asked.
    public var isUngated: Bool
    /// Who.
    public var actor: String
    /// Why.
    public var reason: String?
    /// The command that takes it back.
    public var undo: String?
    /// What else there is to know.
    public var notes: [String]

    /// Cells that are listed by name.
    public static let cellsMax = 1_000

    /// A report of nothing yet.
    public init(act: String, generation: UInt64, actor: String) {
        self.act = act
        self.generation = generation
        self.cells = []
        self.cellCount = 0
        self.confirmed = 0
        self.workers = 0
        self.silent = []
        self.elapsedNanoseconds = 0
        self.durableNanoseconds = 0
        self.lastLegacyMilliseconds = nil
        self.inFlightLegacy = 0
        self.inFlightModern = 0
        self.writesLeftBehind = nil
        self.redirectsClearMilliseconds = nil
        self.isRecorded = true
        self.isUngated = false
        self.actor = actor
        self.reason = nil
        self.undo = nil
        self.notes = []
    }

    /// Whether every worker has confirmed and the act is on disk; otherwise exit code 6.
    public var isComplete: Bool { self.isRecorded && self.silent.isEmpty }

    /// The report as it is sent.
    public var document: DocumentValue {
        [
            "act": .string(self.act),
            "generation": .integer(self.generation),
            "cells": .list(
                self.cells.map {
                    [
                        "cell": .string($0.cell), "from": .optional($0.from),
                        "to": .optional($0.to),
                    ]
                }
            ),
            "cellCount": .integer(self.cellCount),
            "workers": [
                "confirmed": .integer(self.confirmed), "total": .integer(self.workers),
                "silent": .list(self.silent.map { .integer($0) }),
            ],
            "elapsedNanoseconds": .integer(self.elapsedNanoseconds),
            "durableNanoseconds": .integer(self.durableNanoseconds),
            "lastLegacyMilliseconds": .optional(self.lastLegacyMilliseconds),
            "inFlight": [
                "legacy": .integer(self.inFlightLegacy), "modern": .integer(self.inFlightModern),
            ],
            "leftBehind": [
                "tunnels": .integer(self.tunnelsLeft), "streams": .integer(self.streamsLeft),
            ],
            "writesLeftBehind": .optional(self.writesLeftBehind),
            "redirectsClearMilliseconds": .optional(self.redirectsClearMilliseconds),
            "isRecorded": .bool(self.isRecorded),
            "isUngated": .bool(self.isUngated),
            "actor": .string(self.actor),
            "reason": .optional(self.reason),
            "undo": .optional(self.undo),
            "notes": .list(self.notes),
        ]
    }

    /// A report as it was received; `nil` when it is none.
    public init?(document: DocumentNode) {
        guard let act = document["act"]?.text, let generation = document["generation"]?.integer,
            let actor = document["actor"]?.text, let workers = document["workers"]
        else { return nil }
        self.init(act: act, generation: UInt64(generation), actor: actor)
        self.cells = (document["cells"]?.items ?? []).map {
            CellMove(cell: $0["cell"]?.text ?? "", from: $0["from"]?.text, to: $0["to"]?.text)
        }
        self.cellCount = document["cellCount"]?.integer ?? self.cells.count
        self.confirmed = workers["confirmed"]?.integer ?? 0
        self.workers = workers["total"]?.integer ?? 0
        self.silent = workers["silent"]?.items?.compactMap(\.integer) ?? []
        self.elapsedNanoseconds = number(document["elapsedNanoseconds"]) ?? 0
        self.durableNanoseconds = number(document["durableNanoseconds"]) ?? 0
        self.lastLegacyMilliseconds = number(document["lastLegacyMilliseconds"])
        self.inFlightLegacy = document["inFlight"]?["legacy"]?.integer ?? 0
        self.inFlightModern = document["inFlight"]?["modern"]?.integer ?? 0
        self.tunnelsLeft = document["leftBehind"]?["tunnels"]?.integer ?? 0
        self.streamsLeft = document["leftBehind"]?["streams"]?.integer ?? 0
        self.writesLeftBehind = number(document["writesLeftBehind"])
        self.redirectsClearMilliseconds = number(document["redirectsClearMilliseconds"])
        self.isRecorded = document["isRecorded"]?.bool ?? false
        self.isUngated = document["isUngated"]?.bool ?? false
        self.reason = document["reason"]?.text
        self.undo = document["undo"]?.text
        self.notes = document["notes"]?.items?.compactMap(\.text) ?? []
    }
}

private func number(_ node: DocumentNode?) -> UInt64? {
    node?.integer.flatMap { UInt64(exactly: $0) }
}
