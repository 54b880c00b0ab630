// SPDX-License-Identifier: Apache-2.0

import Documents
import Migration
import Parity
import Testing

@testable import Control

@Suite("Probes") struct ProbeTests {
    /// A route file with these probes; its first lines are always the same 24.
    private static func check(_ probes: String) -> EdgeFiles {
        let indented = probes.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n")
        let text = """
            apiVersion: banyan.dev/v1
            kind: Tenant
            metadata: { name: acme, labels: { wave: "1" } }
            spec: { hosts: [acme.example] }
            ---
            apiVersion: banyan.dev/v1
            kind: Tenant
            metadata: { name: globex, labels: { wave: "2" } }
            spec: { hosts: [] }
            ---
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: a }
            spec: { endpoints: ["127.0.0.1:9101"] }
            ---
            apiVersion: banyan.dev/v1
            kind: MigrationRoute
            metadata: { name: care }
            spec:
              matches: [{ path: { type: PathPrefix, value: / } }]
              legacy: { upstream: a }
              modern: { upstream: a }
              parity:
                probes:
            \(indented)
            """
        return EdgeFiles.check(routes: [SourceFile(name: "r.yaml", bytes: Array(text.utf8))])
    }

    @Test func `every field reaches the model`() throws {
        let files = Self.check(
            """
            - name: plans
              path: "/fhir/{version}/CarePlan?patient={patient}&of={tenant}"
              variables: { version: [r4, r5], patient: ["1", "a b", "3"] }
              tenants: [acme]
              waves: ["2"]
              every: 15m
              headers: { Accept: application/fhir+json }
              expect: { count: { total: /total, list: "" } }
            - name: bundle
              path: /fhir/r4/Task
              compare: count
              expect: { count: bundle }
            """
        )
        #expect(files.problems == [])
        let probes = try #require(files.set.routes.first).parity.probes
        #expect(probes.map(\.name) == ["plans", "bundle"])
        let plans = probes[0]
        #expect(plans.everyMilliseconds == 900_000)
        #expect(plans.headers == [CapturedField("Accept", "application/fhir+json")])
        #expect(plans.count == CountCheck(total: "/total", list: ""))
        #expect(plans.combinations == 6)
        #expect(probes[1].count == CountCheck(total: "/total", list: "/entry", isOnly: true))
        // Variables in the order of their names, the last one fastest; values percent-encoded.
        #expect(
            (0..<6).map { plans.target($0, tenant: "t") } == [
                "/fhir/r4/CarePlan?patient=1&of=t", "/fhir/r5/CarePlan?patient=1&of=t",
                "/fhir/r4/CarePlan?patient=a%20b&of=t", "/fhir/r5/CarePlan?patient=a%20b&of=t",
                "/fhir/r4/CarePlan?patient=3&of=t", "/fhir/r5/CarePlan?patient=3&of=t",
            ]
        )
        #expect(plans.covers(tenant: "acme", wave: "") && plans.covers(tenant: "x", wave: "2"))
        #expect(!plans.covers(tenant: "x", wave: "1") && probes[1].covers(tenant: "x", wave: ""))
    }

    @Test func `every mistake is told with its place`() {
        let rows: [(probe: String, finding: String)] = [
            ("- path: /a", "25:9 R011"),
            ("- name: a", "25:9 R011"),
            ("- { name: \"a b\", path: /a }", "25:17 R016"),
            ("- { name: a, path: a }", "25:26 R016"),
            ("- { name: a, path: \"/a/{id}\" }", "25:26 R016"),
            ("- { name: a, path: \"/a/{id\" }", "25:26 R016"),
            ("- { name: a, path: /a, variables: { id: [x] } }", "25:26 R016"),
            ("- { name: a, path: \"/{id}\", variables: { id: [] } }", "25:48 R015"),
            ("- { name: a, path: /a, every: 10ms }", "25:37 R015"),
            ("- { name: a, path: /a, evry: 1h }", "25:30 R012"),
            ("- { name: a, path: /a, compare: count }", "25:9 R011"),
            ("- { name: a, path: /a, expect: { count: total } }", "25:47 R013"),
            ("- { name: a, path: /a, expect: { count: { total: x } } }", "25:56 R016"),
            ("- { name: a, path: /a, expect: { count: {} } }", "25:47 R011"),
            ("- { name: a, path: /a, expect: {} }", "25:38 R011"),
            ("- { name: a, path: /a }\n- { name: a, path: /b }", "26:9 R025"),
        ]
        for (probe, finding) in rows {
            let found = Self.check(probe).problems.map {
                "\($0.position.line):\($0.position.column) \($0.code)"
            }
            #expect(found == [finding], "\(probe): \(found)")
        }
        let values = (1...1_001).map { "\"\($0)\"" }.joined(separator: ", ")
        let many = "- { name: a, path: \"/{id}\", variables: { id: [\(values)] } }"
        #expect(Self.check(many).problems.contains { $0.code == "R015" })
    }

    @Test func `a plan lists the reads of each tenant and makes their requests`() throws {
        let files = Self.check(
            """
            - { name: one, path: "/a/{id}", variables: { id: [x, y] }, waves: ["1"] }
            - { name: two, path: "/b?t={tenant}" }
            """
        )
        let plan = ProbePlan(files.set)
        #expect(
            plan.reads.map { "\($0.probe) \($0.tenant) \($0.combination)" } == [
                "one acme 0", "one acme 1", "two acme 0", "two globex 0",
            ]
        )
        let orders = plan.reads.compactMap { plan.order(of: $0) }
        #expect(
            orders.map(\.request.url) == [
                "http://acme.example/a/x", "http://acme.example/a/y",
                "http://acme.example/b?t=acme", "http://localhost/b?t=globex",
            ]
        )
        #expect(orders.allSatisfy { $0.route == "care" && $0.source == .probe })
        #expect(plan.migration(of: plan.reads[0]) == "care")
        for gone in [
            ProbeRead(route: "care", probe: "one", tenant: "globex", combination: 0),
            ProbeRead(route: "care", probe: "one", tenant: "acme", combination: 2),
            ProbeRead(route: "care", probe: "three", tenant: "acme", combination: 0),
        ] {
            #expect(plan.order(of: gone) == nil, "\(gone)")
        }
    }

    @Test
    func `reads are spread at first, then due after their pause, and reloads keep their time`() {
        let plan = ProbePlan(Self.check("- { name: a, path: /a, every: 10s }").set)
        var schedule = ProbeSchedule()
        var chances = [500, 9_000, 0]
        schedule.adopt(plan, nowMilliseconds: 1_000) { range in
            #expect(range == 0...10_000)
            return chances.removeFirst()
        }
        #expect(schedule.count == 2)
        #expect(schedule.next(nowMilliseconds: 1_499) == nil)
        let first = schedule.next(nowMilliseconds: 1_500)
        #expect(first?.tenant == "acme")
        // Late: both are due, and the one that is due longest comes first.
        #expect(schedule.next(nowMilliseconds: 99_000) == first)
        schedule.finish(plan.reads[0], nowMilliseconds: 2_000) { range in
            #expect(range == -1_000...1_000)
            return 700
        }
        #expect(schedule.due(plan.reads[0]) == 12_700)
        schedule.adopt(plan, nowMilliseconds: 3_000) { _ in 0 }
        #expect(schedule.due(plan.reads[0]) == 12_700)
        #expect(schedule.due(plan.reads[1]) == 10_000)
        let sooner = ProbePlan(Self.check("- { name: a, path: /a, every: 1s }").set)
        schedule.adopt(sooner, nowMilliseconds: 3_000) { _ in 0 }
        #expect(schedule.due(plan.reads[0]) == 4_100)
        schedule.adopt(ProbePlan(), nowMilliseconds: 3_000) { _ in 0 }
        #expect(schedule.count == 0 && schedule.next(nowMilliseconds: 99_000) == nil)
    }

    // MARK: Counts

    private static func answer(_ json: String, status: UInt16 = 200) -> CapturedAnswer {
        CapturedAnswer(end: .complete, status: status, body: Array(json.utf8))
    }

    @Test func `counts agree, differ, or cannot be told`() {
        let both = CountCheck(total: "/total", list: "/entry")
        let whole = CountCheck(total: "", list: "")
        func differ(_ pointer: String, _ difference: DifferenceClass) -> CountResult {
            .differ([CountFinding(pointer: pointer, difference: difference)])
        }
        let rows: [(CountCheck, String, String, CountResult)] = [
            (both, #"{"total":2,"entry":[1,2]}"#, #"{"entry":[3,4],"total":2}"#, .agree),
            (
                both, #"{"total":2,"entry":[1]}"#, #"{"total":3,"entry":[1]}"#,
                differ("/total", .count)
            ),
            (
                both, #"{"total":2,"entry":[1]}"#, #"{"total":2,"entry":[]}"#,
                differ("/entry", .count)
            ),
            (both, #"{"total":2,"entry":[1]}"#, #"{"entry":[1]}"#, differ("/total", .missing)),
            (both, #"{"entry":[1]}"#, #"{"total":1,"entry":[1]}"#, differ("/total", .added)),
            (both, #"{"total":0}"#, #"{"total":0}"#, .agree),
            (both, #"{"total":2}"#, "<html>", differ("/total", .missing)),
            (both, #"{"total":"2"}"#, #"{"sum":2}"#, .unreadable),
            (both, "", "", .unreadable),
            (whole, "[1,2]", "[3,4]", .agree),
            (whole, "[1,2]", "[3]", differ("", .count)),
            (
                CountCheck(total: "/a~1b/0/~0", list: nil), #"{"a/b":[{"~":1}]}"#,
                #"{"a/b":[{"~":2}]}"#,
                differ("/a~1b/0/~0", .count)
            ),
        ]
        for (check, legacy, modern, result) in rows {
            #expect(
                countResult(check, Self.answer(legacy), Self.answer(modern)) == result,
                "\(legacy) \(modern)"
            )
        }
    }

    @Test func `what counts say is part of the observation, on rechecks too`() {
        var model = ParityModel()
        model.rechecks = 0
        let route = RouteComparison(model: model) { exchange in
            var observation = exchange.observation
            observation.outcome = .mismatch
            observation.differences = [
                ParityDifference(
                    pointer: "/x",
                    difference: .value,
                    severity: .value,
                    legacyKind: .number,
                    modernKind: .number
                )
            ]
            return observation
        }
        func outcome(
            _ legacy: String,
            _ modern: String,
            again: String? = nil
        ) -> (ObservationOutcome, [String]) {
            let observation = ParityObservation(
                source: .probe,
                tenant: "",
                wave: "",
                migration: "m",
                route: "r",
                operation: "GET /",
                outcome: .unobserved,
                unixMilliseconds: 1,
                generation: 1
            )
            var exchange = CapturedExchange(
                observation: observation,
                legacy: Self.answer(legacy),
                modern: Self.answer(modern)
            )
            if let again { exchange.again = Self.answer(again) }
            exchange.count = CountCheck(total: "/n", list: nil, isOnly: true)
            let result = route.compare(exchange)
            return (result.outcome, result.differences.map(\.pointer))
        }
        #expect(outcome(#"{"n":1}"#, #"{"n":1}"#) == (.match, []))
        #expect(outcome(#"{"n":1}"#, #"{"n":2}"#) == (.mismatch, ["/n"]))
        #expect(outcome(#"{"n":1}"#, #"{"n":2}"#, again: #"{"n":1}"#) == (.mismatch, ["/n"]))
        #expect(outcome(#"{"n":1}"#, #"{"n":2}"#, again: #"{"n":2}"#) == (.raced, ["/n"]))
        #expect(outcome("{}", "{}") == (.unobserved, []))
    }
}
