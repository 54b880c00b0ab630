// SPDX-License-Identifier: Apache-2.0

public import Documents

/// Streams of a cell on one origin.
public struct CellStreams: Hashable, Sendable {
    /// `tunnel`, `events` or `download`.
    public var kind: String
    /// `legacy` or `modern`.
    public var origin: String
    /// The cell has left that origin.
    public var isLeftBehind: Bool
    /// How many.
    public var count: Int
    /// Age of the oldest.
    public var oldestMilliseconds: UInt64

    /// Streams from their parts.
    public init(
        kind: String,
        origin: String,
        isLeftBehind: Bool,
        count: Int,
        oldestMilliseconds: UInt64
    ) {
        self.kind = kind
        self.origin = origin
        self.isLeftBehind = isLeftBehind
        self.count = count
        self.oldestMilliseconds = oldestMilliseconds
    }

    var document: DocumentValue {
        [
            "kind": .string(self.kind), "origin": .string(self.origin),
            "isLeftBehind": .bool(self.isLeftBehind), "count": .integer(self.count),
            "oldestMilliseconds": .integer(self.oldestMilliseconds),
        ]
    }

    init?(document: DocumentNode) {
        guard let kind = document["kind"]?.text, let origin = document["origin"]?.text,
            let count = document["count"]?.integer
        else { return nil }
        self.init(
            kind: kind,
            origin: origin,
            isLeftBehind: document["isLeftBehind"]?.bool ?? false,
            count: count,
            oldestMilliseconds: UInt64(document["oldestMilliseconds"]?.integer ?? 0)
        )
    }
}

/// One row of `banyan status`.
public struct CellStatus: Hashable, Sendable {
    /// Tenant's id, or `*`.
    public var tenant: String
    /// Migration.
    public var migration: String
    /// Where it stands: `live`.
    public var stage: String
    /// Who has reached it: `5%`.
    public var share: String
    /// Where that comes from: `cell`, `migration`, `flag targeting`, `flag default`, ...
    public var source: String
    /// Generation of the last change; 0: never touched.
    public var generation: UInt64
    /// When that was, ms since 1970.
    public var sinceMilliseconds: UInt64?
    /// Who did it.
    public var actor: String?
    /// Why.
    public var reason: String?
    /// Whether writes are refused.
    public var isFrozen: Bool
    /// Since when legacy has missed writes of this cell, ms since 1970: nothing can be compared.
    public var blindSinceMilliseconds: UInt64?
    /// Where `flip --resume` would go.
    public var resume: String?
    /// Streams that run now; the migration's `*` also has those of tenants without a row.
    public var streams: [CellStreams] = []

    /// A row of an untouched cell.
    public init(tenant: String, migration: String, stage: String, share: String, source: String) {
        self.tenant = tenant
        self.migration = migration
        self.stage = stage
        self.share = share
        self.source = source
        self.generation = 0
        self.sinceMilliseconds = nil
        self.actor = nil
        self.reason = nil
        self.isFrozen = false
        self.blindSinceMilliseconds = nil
        self.resume = nil
    }

    /// The row as it is sent.
    var document: DocumentValue {
        [
            "tenant": .string(self.tenant), "migration": .string(self.migration),
            "stage": .string(self.stage), "share": .string(self.share),
            "source": .string(self.source), "generation": .integer(self.generation),
            "sinceMilliseconds": .optional(self.sinceMilliseconds),
            "actor": .optional(self.actor), "reason": .optional(self.reason),
            "isFrozen": .bool(self.isFrozen),
            "blindSinceMilliseconds": .optional(self.blindSinceMilliseconds),
            "resume": .optional(self.resume),
            "streams": .list(self.streams.map(\.document)),
        ]
    }

    init?(document: DocumentNode) {
        guard let tenant = document["tenant"]?.text, let migration = document["migration"]?.text,
            let stage = document["stage"]?.text, let share = document["share"]?.text
        else { return nil }
        self.init(
            tenant: tenant,
            migration: migration,
            stage: stage,
            share: share,
            source: document["source"]?.text ?? ""
        )
        self.generation = UInt64(document["generation"]?.integer ?? 0)
        self.sinceMilliseconds = document["sinceMilliseconds"]?.integer.map { UInt64($0) }
        self.actor = document["actor"]?.text
        self.reason = document["reason"]?.text
        self.isFrozen = document["isFrozen"]?.bool ?? false
        self.blindSinceMilliseconds = document["blindSinceMilliseconds"]?.integer.map { UInt64($0) }
        self.resume = document["resume"]?.text
        self.streams = (document["streams"]?.items ?? []).compactMap { CellStreams(document: $0) }
    }
}

/// How an edge stands, as the API sends it and `banyan status` prints it.
public struct StatusReport: Hashable, Sendable {
    /// The edge's name.
    public var edge = ""
    /// Its version.
    public var version = ""
    /// Highest generation.
    public var generation: UInt64 = 0
    /// Number of the snapshot in force.
    public var snapshot: UInt64 = 0
    /// Workers that run.
    public var workers = 0
    /// Whether it is going away.
    public var isDraining = false
    /// When the files in force were loaded, ms since 1970.
    public var loadedMilliseconds: UInt64 = 0
    /// The last reload was refused: how it says so.
    public var reloadProblem: String?
    /// The store cannot be written: how it says so.
    public var storeProblem: String?
    /// Tenants known.
    public var tenants = 0
    /// Routes in force.
    public var routes = 0
    /// The rows asked for.
    public var cells: [CellStatus] = []
    /// Rows left out because there are too many.
    public var leftOut = 0
    /// Endpoints of the upstreams, by upstream.
    public var endpoints: [EndpointStatus] = []

    /// An empty report.
    public init() {}

    /// The report as it is sent.
    public var document: DocumentValue {
        [
            "edge": .string(self.edge), "version": .string(self.version),
            "generation": .integer(self.generation), "snapshot": .integer(self.snapshot),
            "workers": .integer(self.workers), "isDraining": .bool(self.isDraining),
            "loadedMilliseconds": .integer(self.loadedMilliseconds),
            "reloadProblem": .optional(self.reloadProblem),
            "storeProblem": .optional(self.storeProblem),
            "tenants": .integer(self.tenants), "routes": .integer(self.routes),
            "cells": .list(self.cells.map(\.document)), "leftOut": .integer(self.leftOut),
            "endpoints": .list(self.endpoints.map(\.document)),
        ]
    }

    /// A report as it was received; `nil` when it is none.
    public init?(document: DocumentNode) {
        guard let edge = document["edge"]?.text, let cells = document["cells"]?.items else {
            return nil
        }
        self.edge = edge
        self.version = document["version"]?.text ?? ""
        self.generation = UInt64(document["generation"]?.integer ?? 0)
        self.snapshot = UInt64(document["snapshot"]?.integer ?? 0)
        self.workers = document["workers"]?.integer ?? 0
        self.isDraining = document["isDraining"]?.bool ?? false
        self.loadedMilliseconds = UInt64(document["loadedMilliseconds"]?.integer ?? 0)
        self.reloadProblem = document["reloadProblem"]?.text
        self.storeProblem = document["storeProblem"]?.text
        self.tenants = document["tenants"]?.integer ?? 0
        self.routes = document["routes"]?.integer ?? 0
        self.cells = cells.compactMap { CellStatus(document: $0) }
        self.leftOut = document["leftOut"]?.integer ?? 0
        self.endpoints =
            document["endpoints"]?.items?.compactMap {
                EndpointStatus(document: $0)
            } ?? []
    }
}
