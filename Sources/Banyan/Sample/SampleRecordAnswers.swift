// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Migration

/// A request to a collection of records.
struct SampleCall: Sendable {
    var request: ControlRequest
    var tenant: String
    var kind: SampleKind
    /// `/api/v1/virtual-care/sessions`, or what else stands before an id.
    var collectionPath: String
    var isFHIR: Bool
}

/// Answers for one call: lists, items, writes, FHIR reads.
struct SampleRecordAnswers {
    let store: SampleStore
    let dialect: SampleDialect
    let call: SampleCall
    /// What spoils what is told.
    var strike = SampleStrike()

    /// The answer; `rest` is what follows the collection's path.
    func answer(_ rest: [String]) -> ControlResponse {
        let method = self.call.request.method
        if method == "OPTIONS" { return self.options(rest) }
        do throws(SampleStoreError) {
            switch (method, rest.count) {
            case ("GET", 0), ("HEAD", 0): return self.list(self.call.request.query)
            case ("POST", 1) where self.call.isFHIR && rest[0] == "_search":
                return self.list(formFields(self.call.request.body))
            case ("GET", 1), ("HEAD", 1): return try self.item(rest[0])
            case (_, _) where self.call.isFHIR && rest.count < 2:
                return Self.problem(405, "the FHIR surface is for reading")
            case ("POST", 0): return try self.create()
            case ("PUT", 1): return try self.change(rest[0], merges: false)
            case ("PATCH", 1): return try self.change(rest[0], merges: true)
            case ("DELETE", 1):
                try self.store.delete(rest[0], of: self.call.kind, tenant: self.call.tenant)
                return ControlResponse(status: 204)
            case (_, 0...1): return Self.problem(405, "not a method of this resource")
            default: return Self.problem(404, "no such path")
            }
        } catch {
            switch error {
            case .unknown: return Self.problem(404, "no such record")
            case .full: return Self.problem(507, "the sample keeps no more changes")
            case .staleVersion: return Self.problem(412, "the record has changed meanwhile")
            }
        }
    }

    /// An error as RFC 9457 has it.
    static func problem(_ status: Int, _ title: String) -> ControlResponse {
        let document: DocumentValue = ["title": .string(title), "status": .integer(status)]
        var response = ControlResponse.json(document.json + "\n", status: status)
        response.contentType = "application/problem+json"
        return response
    }

    // MARK: Reads

    private func options(_ rest: [String]) -> ControlResponse {
        let methods =
            self.call.isFHIR
            ? "GET, HEAD, OPTIONS"
            : rest.isEmpty ? "GET, HEAD, OPTIONS, POST" : "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"
        return ControlResponse(status: 204, headers: [ControlField("Allow", methods)])
    }

    private func list(_ parameters: [String: String]) -> ControlResponse {
        let wanted = parameters["patient"].map { name in
            name.hasPrefix("Patient/") ? String(name.dropFirst(8)) : name
        }
        let records = self.store.all(
            of: self.call.kind,
            tenant: self.call.tenant,
            isStale: self.strike.has(.staleCache)
        ).filter { wanted == nil || $0["patientId"]?.text == wanted }
        let document: DocumentValue
        if self.call.isFHIR {
            document = [
                "resourceType": "Bundle", "type": "searchset", "total": .integer(records.count),
                "entry": .list(
                    records.map { record in
                        let id = record["id"]?.text ?? ""
                        return [
                            "fullUrl": .string("\(self.baseURL)/\(id)"),
                            "resource": fhirCarePlan(record),
                        ]
                    }
                ),
            ]
        } else {
            document = ["items": .list(records), "total": .integer(records.count)]
        }
        return self.written(document)
    }

    private func item(_ id: String) throws(SampleStoreError) -> ControlResponse {
        let found = self.store.record(
            id,
            of: self.call.kind,
            tenant: self.call.tenant,
            isStale: self.strike.has(.staleCache)
        )
        guard let record = found else { throw .unknown }
        return self.written(record: record)
    }

    // MARK: Writes

    private func create() throws(SampleStoreError) -> ControlResponse {
        guard let document = self.document else { return self.noObject }
        let record = try self.store.create(
            document,
            of: self.call.kind,
            tenant: self.call.tenant,
            at: self.now
        )
        var response = self.written(record: record)
        response.status = 201
        let id = record["id"]?.text ?? ""
        response.headers.append(ControlField("Location", "\(self.baseURL)/\(id)"))
        return response
    }

    private func change(_ id: String, merges: Bool) throws(SampleStoreError) -> ControlResponse {
        guard let document = self.document else { return self.noObject }
        let record = try self.store.change(
            id,
            of: self.call.kind,
            tenant: self.call.tenant,
            to: document,
            merges: merges,
            version: self.call.request.header("If-Match").map { $0.filter(\.isNumber) },
            at: self.now
        )
        return self.written(record: record)
    }

    /// The object in the request's content, in modern's shape.
    private var document: DocumentValue? {
        let node = try? DocumentNode.parse(json: self.call.request.body, file: "request")
        guard let value = node?.value, value.members != nil else { return nil }
        return self.dialect.read(value)
    }

    private var noObject: ControlResponse { Self.problem(400, "the content is no JSON object") }

    private var now: String { Date().ISO8601Format() }

    // MARK: Writing

    private var baseURL: String {
        "http://\(self.call.request.header("Host") ?? "localhost")\(self.call.collectionPath)"
    }

    private func written(record: DocumentValue) -> ControlResponse {
        var response = self.written(self.call.isFHIR ? fhirCarePlan(record) : record)
        let version = SampleStore.version(of: record)
        response.headers.append(ControlField("ETag", "W/\"\(version)\""))
        return response
    }

    private func written(_ document: DocumentValue) -> ControlResponse {
        let told = self.strike.alter(document)
        let text = self.dialect.write(told, isFHIR: self.call.isFHIR).json + "\n"
        var response = ControlResponse.json(text)
        if self.call.isFHIR { response.contentType = "application/fhir+json" }
        return response
    }
}

/// A care plan as FHIR R4 has it.
func fhirCarePlan(_ record: DocumentValue) -> DocumentValue {
    let goals = record["goals"]?.items ?? []
    var resource: DocumentValue = [
        "resourceType": "CarePlan",
        "id": record["id"] ?? .null,
        "meta": record["meta"] ?? .null,
        "status": record["status"] ?? "active",
        "intent": "plan",
        "title": record["title"] ?? "Plan",
        "subject": ["reference": .string("Patient/\(record["patientId"]?.text ?? "unknown")")],
        "activity": .list(
            goals.map { goal in ["detail": ["description": goal["text"]?.value ?? ""]] }
        ),
    ]
    if let period = record["period"] { resource.set("period", period) }
    if let completion = record["completion"] {
        let url = "https://care.example/fhir/completion"
        resource.set("extension", .list([["url": .string(url), "valueDecimal": completion]]))
    }
    return resource
}

/// The fields of an `application/x-www-form-urlencoded` content; the first of a name counts.
private func formFields(_ body: [UInt8]) -> [String: String] {
    ControlRequest(method: "POST", target: "/?" + String(decoding: body, as: UTF8.self)).query
}
