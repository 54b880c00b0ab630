// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Migration
import Store
import Synchronization
import TLS

@testable import Control

/// Workers that apply what they are told at once, and remember it.
final class ModelEdge: EdgePort {
    struct Seen {
        var deltas: [Delta] = []
        var snapshots: [Snapshot] = []
        var answer = Acknowledgement()
        var streams: [StreamCount] = []
        var endpoints: [[EndpointNews]] = []
    }

    let seen = Mutex(Seen())
    let workerCount = 2
    let addresses = ["127.0.0.1:8080"]

    init(_ start: EdgeStart) {
        self.seen.withLock { $0.snapshots = [start.snapshot] }
    }

    func apply(_ delta: Delta) -> Acknowledgement {
        self.seen.withLock { seen in
            seen.deltas.append(delta)
            var answer = seen.answer
            answer.confirmed = self.workerCount - answer.silent.count
            answer.elapsedNanoseconds = 400_000
            return answer
        }
    }

    func publish(
        _ snapshot: Snapshot,
        _ transports: TransportSet,
        timeoutMilliseconds: Int
    ) -> Bool {
        self.seen.withLock { $0.snapshots.append(snapshot) }
        return true
    }

    func update(_ endpoints: [EndpointNews]) {
        self.seen.withLock { $0.endpoints.append(endpoints) }
    }

    func forgetWriters(_ cells: [CellNumber]) {}
    func isDiverged(_ cell: CellNumber) -> Bool { false }
    func setDiverged(_ isDiverged: Bool, _ cell: CellNumber) {}
    func figures() -> [MetricFamily] { [] }
    func reopenAccessLog() {}
    func streams() -> [StreamCount] { self.seen.withLock { $0.streams } }
    func drain(withinMilliseconds: Int) {}
    func join(timeoutMilliseconds: Int) -> Bool { true }
    func stop() {}
}

/// A control plane over files in memory, a store in a folder of its own, and model workers.
final class EdgeWorld {
    static let routes = """
        apiVersion: banyan.dev/v1
        kind: Upstream
        metadata: { name: old-care }
        spec: { endpoints: ["127.0.0.1:9001"] }
        ---
        apiVersion: banyan.dev/v1
        kind: Upstream
        metadata: { name: care }
        spec: { endpoints: ["127.0.0.1:9002"] }
        ---
        apiVersion: banyan.dev/v1
        kind: MigrationRoute
        metadata: { name: care }
        spec:
          matches:
            - path: { type: Template, value: "/old/{rest...}" }
          legacy: { upstream: old-care }
          modern: { upstream: care, path: "/new/{rest}" }
          stages: [legacy, shadow, live, modern, redirect, gone]
          redirect: { to: "/new/{rest}", maxAge: 60s }
          user: { header: X-User }
        ---
        apiVersion: banyan.dev/v1
        kind: Tenant
        metadata: { name: acme, labels: { wave: "1" } }
        spec: { hosts: [acme.example] }
        ---
        apiVersion: banyan.dev/v1
        kind: Tenant
        metadata: { name: zeta, labels: { wave: "2" } }
        spec: { hosts: [zeta.example] }

        """

    static func flags(default stage: String, reason: String? = nil) -> String {
        let why = reason.map { #", "reason": "\#($0)""# } ?? ""
        return """
            { "flags": { "care": { "state": "ENABLED",
                "variants": { "legacy": "legacy", "shadow": "shadow", "live": "live" },
                "defaultVariant": "\(stage)",
                "metadata": { "owner": "care", "expires": "2030-01-01"\(why) } } } }
            """
    }

    let folder: String
    let plane: ControlPlane
    let edge: ModelEdge

    init(folder: String? = nil, flags: String? = nil) throws {
        let place = folder ?? NSTemporaryDirectory() + "edge-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: place + "/state",
            withIntermediateDirectories: true
        )
        self.folder = place
        let routes = Files(EdgeWorld.routes, flags ?? EdgeWorld.flags(default: "legacy"))
        self.files = routes
        var configuration = ConfigurationModel()
        configuration.storePath = place + "/banyan.db"
        configuration.statePath = place + "/state"
        let listener = ListenerModel(
            name: "public",
            host: "127.0.0.1",
            port: 0,
            source: ModelSource(
                file: "banyan.yaml",
                position: SourcePosition(line: 1, column: 1)
            )
        )
        configuration.listeners = [listener]
        let standings = try Standings(
            paths: StandingPaths(
                store: configuration.storePath,
                state: configuration.statePath
            ),
            now: { 1_786_716_187_412 }
        )
        self.plane = ControlPlane(
            configuration: configuration,
            standings: standings,
            seed: 1,
            saved: SavedFiles(folder: configuration.statePath),
            now: { 1_786_716_187_412 }
        ) { () throws(FilesRefused) in try routes.load() }
        let made = Mutex<ModelEdge?>(nil)
        try self.plane.start { start in
            let edge = ModelEdge(start)
            made.withLock { $0 = edge }
            return edge
        }
        guard let edge = made.withLock({ $0 }) else { throw FilesRefused([]) }
        self.edge = edge
    }

    /// The two files, as they are at the moment.
    final class Files: Sendable {
        let texts: Mutex<[String]>

        init(_ routes: String, _ flags: String) { self.texts = Mutex([routes, flags]) }

        func load() throws(FilesRefused) -> EdgeSet {
            let texts = self.texts.withLock { $0 }
            return try EdgeSet(
                EdgeFiles.check(
                    routes: [SourceFile(name: "Routes/care.yaml", bytes: Array(texts[0].utf8))],
                    flags: [SourceFile(name: "Flags/care.json", bytes: Array(texts[1].utf8))]
                )
            )
        }
    }

    let files: Files

    func write(routes: String? = nil, flags: String? = nil) {
        self.files.texts.withLock { texts in
            if let routes { texts[0] = routes }
            if let flags { texts[1] = flags }
        }
    }

    deinit {
        self.plane.standings.stop()
        try? FileManager.default.removeItem(atPath: self.folder)
    }
}
