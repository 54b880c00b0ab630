// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Testing

@testable import Banyan

/// What each planted bug does to a record, and that it does nothing else.
@Suite("Sample bugs") struct SampleBugTests {
    private static let path = "/api/v1/virtual-care/sessions"

    private static func service(_ bugs: String...) -> SampleService {
        let service = SampleService(.together(SampleServiceSpec.modern), seed: 1)
        service.faults.faults = bugs.compactMap { SampleFault(flag: $0) }
        return service
    }

    private static func record(
        _ service: SampleService,
        _ path: String = path + "/vs-1001"
    ) throws
        -> DocumentValue
    {
        try DocumentNode.parse(json: ask(service, "GET", path).text, file: "record").value
    }

    @Test func `a bug changes its own field and no other`() throws {
        let sound = try Self.record(Self.service())
        for (bug, field) in [
            ("wrongPatient", "patientId"), ("droppedField", "status"),
            ("numberPrecision", "rating"),
            ("noise", "online"), ("miscount", "online"),
        ] {
            let spoilt = try Self.record(Self.service(bug))
            #expect(spoilt[field]?.json != sound[field]?.json, "\(bug)")
            let names = Set((sound.members ?? []).map(\.key) + (spoilt.members ?? []).map(\.key))
            for name in names where name != field {
                #expect(spoilt[name]?.json == sound[name]?.json, "\(bug): \(name)")
            }
        }
    }

    @Test func `what each bug makes of a value`() throws {
        let sound = try Self.record(Self.service())
        let patient = try #require(sound["patientId"]?.text)
        let wrong = try #require(try Self.record(Self.service("wrongPatient"))["patientId"]?.text)
        #expect(wrong.count == patient.count && wrong != patient)
        #expect(try Self.record(Self.service("droppedField"))["status"] == nil)
        let order = try Self.record(Self.service("reorderedArray"))["participants"]?.items ?? []
        let expected = sound["participants"]?.items ?? []
        #expect(order.map { $0["role"]?.text } == expected.reversed().map { $0["role"]?.text })
        let rating = try Self.record(Self.service("numberPrecision"))["rating"]
        guard case .number(let whole)? = rating else {
            Issue.record("no number")
            return
        }
        #expect(!whole.contains("."))
        let late = try #require(try Self.record(Self.service("timeZone"))["scheduledAt"]?.text)
        let onTime = try #require(sound["scheduledAt"]?.text)
        let hours = [late, onTime].compactMap { Int($0.dropFirst(11).prefix(2)) }
        #expect(hours.count == 2 && hours[0] == hours[1] + 1)
        #expect(ask(Self.service("wrongStatus"), "GET", Self.path + "/vs-1001").status == 404)
    }

    @Test func `a wrong patient is wrong in FHIR references too`() throws {
        let path = "/fhir/r4/CarePlan/cp-1001"
        let sound = try Self.record(Self.service(), path)["subject"]?["reference"]?.text
        let wrong = try Self.record(Self.service("wrongPatient"), path)["subject"]?["reference"]?
            .text
        #expect(sound?.hasPrefix("Patient/pt-") == true && wrong?.hasPrefix("Patient/pt-") == true)
        #expect(sound != wrong)
    }

    @Test func `a stale cache tells what was before the last change, and nothing else`() throws {
        let service = Self.service("staleCache")
        let item = Self.path + "/vs-1001"
        let sound = try Self.record(Self.service())
        // Nothing was written yet: a cache that is stale is right all the same.
        #expect(try Self.record(service).json == sound.json)
        for (number, before) in ["first", "second"].enumerated() {
            let body = "{\"status\":\"\(before)\"}"
            #expect(ask(service, "PATCH", item, body: body).status == 200)
            let expected = number == 0 ? sound["status"]?.text : "first"
            #expect(try Self.record(service)["status"]?.text == expected)
        }
        let list = try Self.record(service, Self.path)["items"]?.items ?? []
        #expect(list.first?["status"]?.text == "first")
        #expect(try Self.record(service, Self.path + "/vs-1002")["status"] != nil)
        // Deleted, and still told.
        #expect(ask(service, "DELETE", item).status == 204)
        #expect(try Self.record(service)["status"]?.text == "second")
        service.faults.faults = []
        #expect(ask(service, "GET", item).status == 404)
    }
}
