// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Testing

@testable import Banyan

/// A request to a service in this process.
func ask(
    _ service: SampleService,
    _ method: String,
    _ target: String,
    tenant: String = "acme",
    headers: [ControlField] = [],
    body: String = ""
) -> ControlResponse {
    service.answer(
        ControlRequest(
            method: method,
            target: target,
            headers: [ControlField("X-Tenant-Id", tenant)] + headers,
            body: Array(body.utf8)
        )
    )
}

@Suite("Sample services")
struct SampleServiceTests {
    private let legacy = SampleService(.digitalCommunication, seed: 1)
    private let modern = SampleService(.together(SampleServiceSpec.modern), seed: 1)

    private static let sessions = "/api/v1/digital-communication/virtual-sessions"
    private static let modernSessions = "/api/v1/virtual-care/sessions"

    @Test func `both origins have the same record and write it differently`() {
        let old = ask(self.legacy, "GET", Self.sessions + "/vs-1001")
        let young = ask(self.modern, "GET", Self.modernSessions + "/vs-1001")
        #expect(old.status == 200 && young.status == 200)
        #expect(old.header("Sample-Origin") == "legacy")
        #expect(young.header("Sample-Origin") == "modern")
        #expect(old.text.contains(#""clinicianId""#) && young.text.contains(#""practitionerId""#))
        #expect(old.text != young.text)
        for (text, pattern) in [
            (old.text, #""rating":[0-9]\.[0-9]0,"#), (young.text, #""rating":[0-9]\.[0-9],"#),
            (old.text, #""scheduledAt":"[-0-9]{10}T[0-9:]{8}""#),
            (young.text, #""scheduledAt":"[-0-9]{10}T[0-9:]{8}Z""#),
        ] {
            #expect(text.range(of: pattern, options: .regularExpression) != nil, "\(pattern)")
        }
        let read = try? DocumentNode.parse(json: old.text, file: "legacy").value
        let same = read.map { self.legacy.dialect.read($0) }
        #expect(same?["patientId"]?.text != nil)
        #expect(young.text.contains(same?["patientId"]?.text ?? "absent"))
    }

    @Test func `a seed and a tenant give the same records again, others give others`() {
        let again = SampleService(.digitalCommunication, seed: 1)
        let other = SampleService(.digitalCommunication, seed: 2)
        let first = ask(self.legacy, "GET", Self.sessions).text
        #expect(first == ask(again, "GET", Self.sessions).text)
        #expect(first != ask(other, "GET", Self.sessions).text)
        #expect(first != ask(self.legacy, "GET", Self.sessions, tenant: "st-mary").text)
    }

    @Test func `a created record is read, changed and deleted, for its tenant only`() {
        let body = #"{"status":"booked","clinicianId":"pr-9"}"#
        let host = [ControlField("Host", "edge:1")]
        let created = ask(self.legacy, "POST", Self.sessions, headers: host, body: body)
        #expect(created.status == 201)
        #expect(created.header("Location") == "http://edge:1\(Self.sessions)/vs-2001")
        let item = Self.sessions + "/vs-2001"
        #expect(ask(self.legacy, "GET", item).text.contains(#""clinicianId":"pr-9""#))
        #expect(ask(self.legacy, "GET", item, tenant: "st-mary").status == 404)
        let stale = [ControlField("If-Match", "W/\"7\"")]
        let table: [(String, [ControlField], String, Int, String)] = [
            ("PATCH", [], #"{"status":"ended"}"#, 200, #""clinicianId":"pr-9""#),
            ("PATCH", stale, #"{"status":"x"}"#, 412, "changed meanwhile"),
            ("PATCH", [], #"{"clinicianId":null}"#, 200, #""versionId":"3""#),
            ("PUT", [], #"{"status":"booked"}"#, 200, #""versionId":"4""#),
            ("PUT", [], "[]", 400, "no JSON object"),
            ("DELETE", [], "", 204, ""),
            ("DELETE", [], "", 404, "no such record"),
            ("PUT", [], "{}", 404, "no such record"),
        ]
        for (method, headers, body, status, text) in table {
            let answer = ask(self.legacy, method, item, headers: headers, body: body)
            #expect(answer.status == status, "\(method) \(body)")
            #expect(text.isEmpty || answer.text.contains(text), "\(method) \(body): \(answer.text)")
        }
        #expect(ask(self.legacy, "GET", Self.sessions).text.contains(#""total":20"#))
    }

    @Test func `the FHIR surface reads and searches, and takes no write`() {
        for service in [self.legacy, self.modern] {
            let item = ask(service, "GET", "/fhir/r4/CarePlan/cp-1001")
            #expect(item.contentType == "application/fhir+json")
            #expect(item.text.contains(#""resourceType":"CarePlan""#))
            let patients = (0..<12).map { number in
                "pt-" + (number < 10 ? "0" : "") + "\(number)"
            }
            var found = 0
            for patient in patients {
                let get = ask(service, "GET", "/fhir/r4/CarePlan?patient=\(patient)")
                let post = ask(
                    service,
                    "POST",
                    "/fhir/r4/CarePlan/_search",
                    body: "patient=Patient%2F\(patient)"
                )
                #expect(get.text == post.text)
                let bundle = try? DocumentNode.parse(json: get.text, file: "bundle")
                found += bundle?["total"]?.integer ?? 0
            }
            #expect(found == SampleRecords.perTenant)
            #expect(ask(service, "POST", "/fhir/r4/CarePlan", body: "{}").status == 405)
        }
    }

    @Test func `what no service has is 404, a wrong method 405, and OPTIONS tells`() {
        let table: [(SampleService, String, String, Int)] = [
            (self.legacy, "GET", "/", 404),
            (self.legacy, "GET", "/api/v1/virtual-care/sessions", 404),
            (self.modern, "GET", Self.sessions, 404), (self.legacy, "GET", "/healthz", 200),
            (self.legacy, "DELETE", Self.sessions, 405),
            (self.legacy, "GET", Self.sessions + "/a/b", 404),
            (self.legacy, "GET", Self.sessions + "/vs-1021", 404),
            (self.legacy, "GET", Self.sessions + "/vs-01001", 404),
            (self.modern, "OPTIONS", Self.modernSessions, 204),
            (self.modern, "GET", "/api/v1/patient-portal/accounts/pa-1001", 200),
            (self.modern, "GET", "/api/v1/care-plans/cp-1020", 200),
        ]
        for (service, method, target, status) in table {
            #expect(ask(service, method, target).status == status, "\(method) \(target)")
        }
    }

    @Test func `stored gzip is what zlib's gzip unpacks`() throws {
        let check = crc32(Array("123456789".utf8))
        #expect(check == 0xcbf4_3926)
        for count in [0, 1, 0xffff, 0x10000, 200_000] {
            let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 31) }
            let file = FileManager.default.temporaryDirectory
                .appendingPathComponent("banyan-\(UUID().uuidString).gz")
            defer { try? FileManager.default.removeItem(at: file) }
            try Data(storedGzip(content)).write(to: file)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/gzip")
            process.arguments = ["-dc", file.path]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let unpacked = pipe.fileHandleForReading.readDataToEndOfFile()
            #expect(unpacked == Data(content), "\(count) bytes")
        }
    }
}
