// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Migration
import Synchronization

/// A service of the sample platform: its name, whose it is, and the paths that it serves.
struct SampleServiceSpec: Sendable {
    let name: String
    let origin: Origin
    /// Value of its `Server` field.
    let server: String
    /// Path segments before an id, and what is kept there.
    let collections: [(path: [String], kind: SampleKind)]

    /// The legacy service: everything under one roof.
    static let digitalCommunication = SampleServiceSpec(
        name: "digital-communication",
        origin: .legacy,
        server: "Coyote/1.1 digital-communication/3.9",
        collections: [
            (["api", "v1", "digital-communication", "virtual-sessions"], .session),
            (["api", "v1", "digital-communication", "care-plans"], .carePlan),
            (["api", "v1", "digital-communication", "portal", "accounts"], .account),
            (["fhir", "r4", "CarePlan"], .carePlan),
        ]
    )

    /// Its successors, in the order of their ports.
    static let modern: [SampleServiceSpec] = [
        SampleServiceSpec(
            name: "virtual-care-service",
            origin: .modern,
            server: "virtual-care-service/1.4",
            collections: [(["api", "v1", "virtual-care", "sessions"], .session)]
        ),
        SampleServiceSpec(
            name: "care-plan-service",
            origin: .modern,
            server: "care-plan-service/1.1",
            collections: [
                (["api", "v1", "care-plans"], .carePlan), (["fhir", "r4", "CarePlan"], .carePlan),
            ]
        ),
        SampleServiceSpec(
            name: "patient-portal-service",
            origin: .modern,
            server: "patient-portal-service/2.0",
            collections: [(["api", "v1", "patient-portal", "accounts"], .account)]
        ),
    ]

    /// Several services behind one port.
    static func together(_ specs: [SampleServiceSpec]) -> SampleServiceSpec {
        SampleServiceSpec(
            name: specs.map(\.name).joined(separator: ","),
            origin: specs[0].origin,
            server: specs.count == 1 ? specs[0].server : "sample-services/1.0",
            collections: specs.flatMap(\.collections)
        )
    }
}

/// A running sample service: answers requests from its store, spoiled by the fault in force.
final class SampleService: Sendable {
    let spec: SampleServiceSpec
    let store: SampleStore
    let dialect: SampleDialect
    let faults: SampleFaultSwitch
    private let counts = Mutex(Counts())

    private struct Counts {
        var methods: [String: Int] = [:]
        var copies = 0
    }

    init(_ spec: SampleServiceSpec, seed: UInt64) {
        self.spec = spec
        self.store = SampleStore(records: SampleRecords(seed: seed), origin: spec.origin)
        self.dialect = SampleDialect(origin: spec.origin)
        self.faults = SampleFaultSwitch(name: spec.name)
    }

    /// Answers one request; may block for as long as a fault wants.
    func answer(_ request: ControlRequest) -> ControlResponse {
        if request.segments.first == "_sample" { return self.control(request) }
        self.counts.withLock { counts in
            counts.methods[request.method, default: 0] += 1
            if request.header("Banyan-Shadow") != nil { counts.copies += 1 }
        }
        let strike = self.faults.strike(request.path)
        var response = self.framed(self.serve(request, strike), request)
        response.headers += [
            ControlField("Server", self.spec.server),
            ControlField("Sample-Origin", "\(self.spec.origin.word)"),
            ControlField("Sample-Service", self.spec.name),
        ]
        return strike.spoil(response, isHead: request.method == "HEAD")
    }

    private func serve(_ request: ControlRequest, _ strike: SampleStrike) -> ControlResponse {
        if request.segments == ["healthz"] { return .json(#"{"status":"up"}"#) }
        for collection in self.spec.collections
        where request.segments.starts(with: collection.path) {
            let rest = Array(request.segments.dropFirst(collection.path.count))
            let call = SampleCall(
                request: request,
                tenant: request.header("X-Tenant-Id") ?? "none",
                kind: collection.kind,
                collectionPath: "/" + collection.path.joined(separator: "/"),
                isFHIR: collection.path.first == "fhir"
            )
            return SampleRecordAnswers(
                store: self.store,
                dialect: self.dialect,
                call: call,
                strike: strike
            ).answer(rest)
        }
        return SampleRecordAnswers.problem(404, "this service has no such path")
    }

    /// `?framing=chunked | gzip | close`: how the content is sent.
    private func framed(_ response: ControlResponse, _ request: ControlRequest) -> ControlResponse {
        var framed = response
        switch request.query["framing"] {
        case "chunked": framed.chunkBytes = 1_000
        case "gzip":
            framed.body = .bytes(storedGzip(response.bytes))
            framed.headers.append(ControlField("Content-Encoding", "gzip"))
        case "close": framed.closes = true
        default: break
        }
        return framed
    }

    // MARK: Control

    /// None: `null`; one: its document; several: a list.
    private var faultsInForce: ControlResponse {
        let documents = self.faults.faults.map(\.document)
        let told: DocumentValue = documents.count > 1 ? .list(documents) : documents.first ?? .null
        return .json(told.json + "\n")
    }

    /// A fault or a list of them; `nil`: something in it is none.
    private static func faults(_ document: DocumentValue) -> [SampleFault]? {
        guard let items = document.items else { return SampleFault(document).map { [$0] } }
        let faults = items.compactMap { SampleFault($0.value) }
        return faults.count == items.count && items.count <= SampleFaultSwitch.most ? faults : nil
    }

    /// `/_sample/fault` and `/_sample/requests`: not part of the service, never struck by a fault.
    private func control(_ request: ControlRequest) -> ControlResponse {
        switch (request.segments.dropFirst().first, request.method) {
        case ("fault", "GET"):
            return self.faultsInForce
        case ("fault", "PUT"):
            guard let node = try? DocumentNode.parse(json: request.body, file: "fault"),
                let faults = Self.faults(node.value)
            else {
                let kinds = SampleFaultKind.allCases.map(\.rawValue).joined(separator: ", ")
                return .text(
                    "kind is one of \(kinds); see banyan sample legacy --help\n",
                    status: 400
                )
            }
            self.faults.faults = faults
            return self.faultsInForce
        case ("fault", "DELETE"):
            self.faults.faults = []
            return ControlResponse(status: 204)
        case ("requests", "GET"):
            let counts = self.counts.withLock { $0 }
            let methods = counts.methods.sorted { $0.key < $1.key }
            let document: DocumentValue = [
                "service": .string(self.spec.name),
                "total": .integer(counts.methods.values.reduce(0, +)),
                "methods": .fields(methods.map { ($0.key, .integer($0.value)) }),
                "copies": .integer(counts.copies),
            ]
            return .json(document.json + "\n")
        case ("requests", "DELETE"):
            self.counts.withLock { $0 = Counts() }
            return ControlResponse(status: 204)
        default: return .text("/_sample/fault and /_sample/requests\n", status: 404)
        }
    }
}
