// SPDX-License-Identifier: Apache-2.0

import Documents
import Parity
import Testing

@testable import Control

@Suite("spec.parity") struct ParityFileTests {
    private static func model(_ parity: String) throws -> ParityModel {
        let (route, problems) = oneRoute("parity: " + parity.replacing("\n", with: "\n      "))
        #expect(problems == [])
        return try #require(route).parity
    }

    @Test func `without the field the defaults hold`() throws {
        #expect(try Self.model("{}") == ParityModel())
    }

    @Test func `agreed answers need room for a block`() {
        let rows = [("47Ki", false), ("48Ki", true), ("1Mi", true)]
        for (size, isFine) in rows {
            let (_, problems) = oneRoute("parity: { maxBody: \(size), answer: agreed }")
            #expect(problems.map(\.code) == (isFine ? [] : ["R015"]), "\(size)")
        }
    }

    @Test func `every field reaches the model`() throws {
        let model = try Self.model(
            """
            { compare: false, preset: "fhir#data", again: 2%, againPerMinute: 5, rechecks: 2, recheckAfter: 1s,
              maxBody: 64Ki, window: 10m, buildHeader: X-Version, answer: agreed, agreedBudget: 90ms,
              headers: [ETag], zeroTolerance: [/patientId, "/**/dosage"],
              json: {
                ignore: [{ path: "header:server", owner: o, reason: r, expires: 2027-01-31 }],
                set: [/participants], keyed: [{ path: /entry, by: [fullUrl] }],
                decimal: [{ path: /amount, absolute: 0.01, relative: "0.000001" }],
                instant: [{ path: /startedAt, skew: 2s }], identifier: [/id], url: ["/**/href"],
                shape: [/token], exact: [/id] } }
            """
        )
        #expect(!model.compares)
        #expect(model.presets == ["fhir#data"])
        #expect(model.againPermyriad == 200)
        #expect(model.againPerMinute == 5)
        #expect(model.rechecks == 2)
        #expect(model.recheckAfterMilliseconds == 1_000)
        #expect(model.maxBodyBytes == 65_536)
        #expect(model.windowMilliseconds == 600_000)
        #expect(model.buildHeader == "x-version")
        #expect(model.answer == .agreed)
        #expect(model.agreedBudgetMilliseconds == 90)
        #expect(model.headers == ["etag"])
        #expect(model.zeroTolerance == ["/patientId", "/**/dosage"])
        let kinds: [String: ParityRuleKind] = [
            "header:server": .ignore(owner: "o", reason: "r", expiresUnixSeconds: 1_801_353_600),
            "/participants": .set,
            "/entry": .keyed(by: ["fullUrl"]),
            "/amount": .decimal(absolute: "0.01", relative: "0.000001"),
            "/startedAt": .instant(skewMilliseconds: 2_000),
            "/**/href": .url,
            "/token": .shape,
        ]
        for (path, kind) in kinds {
            let rule = model.rules.first { $0.path == path }
            #expect(rule?.kind == kind, "\(path)")
            #expect(rule?.origin.hasPrefix("r.yaml:") == true, "\(path)")
        }
        // Two rules for one place stay in the order of the file: the later one wins.
        #expect(model.rules.filter { $0.path == "/id" }.map(\.kind) == [.identifier, .exact])
    }

    @Test func `the fhir section brings its preset`() throws {
        let model = try Self.model("{ fhir: { set: [/x] } }")
        #expect(model.presets == ["fhir"])
    }
}
