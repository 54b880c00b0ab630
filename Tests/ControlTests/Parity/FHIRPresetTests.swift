// SPDX-License-Identifier: Apache-2.0
import Parity
import Testing

@testable import Control

@Suite("FHIR presets")
struct FHIRPresetTests {
    private func model(_ presets: String...) -> ParityModel {
        var model = ParityModel()
        model.presets = presets
        return model
    }

    private func fhir(_ text: String) -> CapturedAnswer { answer(text, "application/fhir+json") }

    private func found(
        _ legacy: String,
        _ modern: String,
        _ presets: String...
    ) throws -> [String] {
        var model = ParityModel()
        model.presets = presets.isEmpty ? ["fhir"] : presets
        return try words(fhir(legacy), fhir(modern), model)
    }

    @Test func `entries of a Bundle are matched by resource, wherever they stand`() throws {
        let legacy = """
            {"resourceType":"Bundle","id":"a1","type":"searchset","total":2,
             "meta":{"lastUpdated":"2026-01-01T00:00:00Z"},
             "link":[{"relation":"self","url":"https://legacy.example/v4/Task?status=ready"}],
             "entry":[
              {"fullUrl":"https://legacy.example/v4/Task/1",
               "resource":{"resourceType":"Task","id":"1","status":"ready"},"search":{"score":0.5}},
              {"fullUrl":"https://legacy.example/v4/Task/2",
               "resource":{"resourceType":"Task","id":"2","for":{"reference":"Patient/7"}}}]}
            """
        func modern(_ patient: String) -> String {
            """
            {"resourceType":"Bundle","id":"b9","type":"searchset","total":2,
             "meta":{"lastUpdated":"2026-01-02T00:00:00Z"},
             "link":[{"relation":"self","url":"https://modern.example:8443/v5/Task?status=ready"}],
             "entry":[
              {"fullUrl":"https://modern.example:8443/v5/Task/2",
               "resource":{"resourceType":"Task","id":"2","for":{"reference":"\(patient)"}}},
              {"fullUrl":"https://modern.example:8443/v5/Task/1",
               "resource":{"resourceType":"Task","id":"1","status":"ready"},"search":{"score":1}}]}
            """
        }
        let same = try found(legacy, modern("https://modern.example:8443/v5/Patient/7"))
        #expect(same.allSatisfy { $0.hasSuffix("accepted") }, "\(same)")
        #expect(
            Set(same.map { $0.prefix { $0 != " " } }) == [
                "/id", "/meta", "/link/*/url", "/entry/*/search/score",
            ]
        )
        let other = try found(legacy, modern("Patient/8"))
        #expect(other.first == "/entry/*/resource/for/reference url value", "\(other)")
        #expect(other.dropFirst().allSatisfy { $0.hasSuffix("accepted") })
    }

    @Test func `a resource that only one Bundle has is named`() throws {
        let one = #"{"resourceType":"Task","id":"1"}"#
        let two = #"{"resourceType":"Task","id":"2"}"#
        func bundle(_ resources: String...) -> String {
            let entries = resources.map { "{\"resource\":\($0)}" }.joined(separator: ",")
            return "{\"resourceType\":\"Bundle\",\"entry\":[\(entries)]}"
        }
        #expect(try found(bundle(one, two), bundle(two)) == ["/entry/* missing missing"])
        #expect(try found(bundle(two), bundle(one, two)) == ["/entry/* added value"])
        #expect(try found(bundle(one, two), bundle(two, one)) == [])
        // The only entry is another resource: told by its id.
        #expect(try found(bundle(one), bundle(two)) == ["/entry/*/resource/id value value"])
    }

    @Test func `a Bundle's own id is the server's, any other resource's is data`() throws {
        #expect(
            try found(
                #"{"resourceType":"Patient","id":"1"}"#,
                #"{"resourceType":"Patient","id":"2"}"#
            )
                == ["/id value value"]
        )
        let bundles = try found(
            #"{"resourceType":"Bundle","id":"1"}"#,
            #"{"resourceType":"Bundle","id":"2"}"#
        )
        #expect(bundles == ["/id value accepted"])
    }

    @Test func `an OperationOutcome is compared by severity and code`() throws {
        func outcome(_ issues: String...) -> String {
            "{\"resourceType\":\"OperationOutcome\",\"issue\":[\(issues.joined(separator: ","))]}"
        }
        let missing = #"{"severity":"error","code":"not-found","diagnostics":"no Patient/1"}"#
        let other = #"{"severity":"error","code":"not-found","details":{"text":"gone fishing"}}"#
        let fatal = #"{"severity":"fatal","code":"not-found"}"#
        let info = #"{"severity":"information","code":"informational"}"#
        let accepted = try found(outcome(missing, info), outcome(info, other))
        #expect(
            !accepted.isEmpty && accepted.allSatisfy { $0.hasSuffix("accepted") },
            "\(accepted)"
        )
        let coded = #"{"severity":"error","code":"not-found","details":{"coding":[{"code":"x"}]}}"#
        let recoded = coded.replacing("\"x\"", with: "\"y\"")
        #expect(
            try found(outcome(coded), outcome(recoded))
                == ["/issue/*/details/coding/*/code value value"]
        )
        let worse = try found(outcome(missing), outcome(fatal))
        #expect(worse.contains("/issue/*/severity value value"), "\(worse)")
        #expect(try found(outcome(missing, info), outcome(missing)) == ["/issue/* missing missing"])
    }

    @Test func `identifiers, codings, extensions and profiles are matched by what names them`()
        throws
    {
        let legacy = """
            {"resourceType":"Patient",
             "meta":{"profile":["urn:a","urn:b"],"tag":[{"system":"s","code":"x"}]},
             "identifier":[{"system":"mrn","value":"1"},{"system":"ssn","value":"2"}],
             "maritalStatus":{"coding":[{"system":"v3","code":"M"},{"system":"sct","code":"9"}]},
             "extension":[{"url":"urn:race","valueString":"r"},{"url":"urn:birth","valueCode":"F"}]}
            """
        let moved = """
            {"resourceType":"Patient",
             "meta":{"profile":["urn:b","urn:a"],"tag":[{"code":"x","system":"s"}]},
             "identifier":[{"system":"ssn","value":"2"},{"system":"mrn","value":"1"}],
             "maritalStatus":{"coding":[{"system":"sct","code":"9"},{"system":"v3","code":"M"}]},
             "extension":[{"url":"urn:birth","valueCode":"F"},{"url":"urn:race","valueString":"r"}]}
            """
        #expect(try found(legacy, moved) == [])
        let changed = moved.replacing("\"valueCode\":\"F\"", with: "\"valueCode\":\"M\"")
            .replacing("\"code\":\"9\"", with: "\"code\":\"9\",\"display\":\"x\"")
        #expect(
            Set(try found(legacy, changed)) == [
                "/extension/*/valueCode value value",
                "/maritalStatus/coding/*/display added value",
            ]
        )
        let noPreset = try words(fhir(legacy), fhir(moved))
        #expect(noPreset.contains("/identifier order order"), "\(noPreset)")
    }

    @Test func `what the server sets on each write is accepted, and shown`() throws {
        let legacy =
            #"{"resourceType":"Task","meta":{"versionId":"3","lastUpdated":"2026-01-01T00:00:00Z"}}"#
        let modern =
            #"{"resourceType":"Task","meta":{"versionId":"1","lastUpdated":"2026-02-01T00:00:00Z"}}"#
        #expect(
            Set(try found(legacy, modern)) == [
                "/meta/versionId value accepted", "/meta/lastUpdated value accepted",
            ]
        )
        let tagged = modern.replacing("\"meta\":{", with: "\"meta\":{\"source\":\"x\",")
        #expect(try found(legacy, tagged).first == "/meta/source added value")
        #expect(try found(legacy, tagged, "fhir#static") == ["/meta value accepted"])
    }

    @Test func `#data leaves out narratives, #static metadata too, #document neither`() throws {
        func resource(_ narrative: String, _ tag: String, _ status: String) -> String {
            """
            {"resourceType":"CarePlan","meta":{"source":"\(tag)"},"text":{"div":"\(narrative)"},
             "contained":[{"resourceType":"Goal","text":{"div":"\(narrative)"}}],
             "category":[{"text":"\(status)"}]}
            """
        }
        func counting(_ preset: String) throws -> Set<String> {
            let all = try found(resource("a", "b", "c"), resource("x", "y", "z"), preset)
            return Set(all.filter { !$0.hasSuffix("accepted") })
        }
        let category = "/category/*/text value value"
        let meta = "/meta/source value value"
        let text: Set = ["/text/div value value", "/contained/*/text/div value value"]
        #expect(try counting("fhir") == text.union([category, meta]))
        #expect(try counting("fhir#data") == [category, meta])
        #expect(try counting("fhir#static") == [category])
        #expect(try counting("fhir#document") == text.union([category]))
    }

    @Test func `renumbered resources stay one-to-one, and a wrong join is found`() throws {
        func task(_ id: String, _ patient: String) -> String {
            """
            {"resourceType":"Task","id":"\(id)","for":{"reference":"Patient/\(patient)"},
             "contained":[{"resourceType":"Goal","id":"g"}]}
            """
        }
        func bundle(_ id: String, _ tasks: String...) -> String {
            let entries = tasks.map { "{\"resource\":\($0)}" }.joined(separator: ",")
            return "{\"resourceType\":\"Bundle\",\"id\":\"\(id)\",\"entry\":[\(entries)]}"
        }
        let plan = try ComparisonPlan(model: model("fhir#data", "fhir#renumbered"))
        var identities = IdentityTable()
        func counting(_ legacy: String, _ modern: String) -> [String] {
            let observation = compareAnswers(
                exchange(fhir(legacy), fhir(modern)),
                plan: plan,
                identities: &identities,
                nowUnixSeconds: 0
            )
            return words(observation.differences.filter { $0.severity.countsAsMismatch })
        }
        #expect(counting(task("1", "7"), task("a", "x")) == [])
        #expect(counting(task("2", "8"), task("b", "y")) == [])
        #expect(counting(task("1", "7"), task("a", "x")) == [])
        #expect(
            counting(task("2", "8"), task("b", "x")) == ["/for/reference bijection value"]
        )
        #expect(counting(task("1", "7"), task("b", "x")) == ["/id bijection value"])
        let there = bundle("1", task("1", "7"), task("2", "8"))
        #expect(counting(there, bundle("9", task("a", "x"), task("b", "y"))) == [])
        #expect(counting(there, bundle("8", task("b", "y"), task("a", "x"))) == [])
        let joined = counting(there, bundle("7", task("b", "x"), task("a", "x")))
        #expect(joined == ["/entry/*/resource/for/reference bijection value"], "\(joined)")
    }

    @Test func `a rule of the file wins over a preset's`() throws {
        var model = model("fhir")
        model.rules = [ParityRule(path: "/meta/lastUpdated", kind: .exact, origin: "f:1")]
        let legacy = #"{"resourceType":"Task","meta":{"lastUpdated":"2026-01-01T00:00:00Z"}}"#
        let modern = #"{"resourceType":"Task","meta":{"lastUpdated":"2026-01-01T00:00:01Z"}}"#
        #expect(
            try words(fhir(legacy), fhir(modern), model) == ["/meta/lastUpdated value value"]
        )
    }

    @Test func `every preset has a name, others have no rules`() {
        for name in ["fhir", "fhir#data", "fhir#static", "fhir#document", "fhir#renumbered", "cda"]
        {
            #expect(parityPreset(name)?.isEmpty == false, "\(name)")
            #expect(parityPreset(name)?.allSatisfy { $0.origin == name } == true, "\(name)")
        }
        for name in ["", "FHIR", "fhir#", "fhir#narrative", "cda#data", "xml"] {
            #expect(parityPreset(name) == nil, "\(name)")
        }
    }

    @Test func `what decides how answers are compared is in the hash, who answers for it is not`()
        throws
    {
        let plain = try ComparisonPlan(model: ParityModel()).ruleSetHash
        #expect(plain.count == 64)
        #expect(try ComparisonPlan(model: ParityModel()).ruleSetHash == plain)
        var changed: [ParityModel] = []
        changed.append(model("fhir"))
        changed.append(model("fhir#data"))
        var headers = ParityModel()
        headers.headers = ["etag"]
        changed.append(headers)
        var zero = ParityModel()
        zero.zeroTolerance = ["/id"]
        changed.append(zero)
        var hashes = Set([
            plain, try ComparisonPlan(model: ParityModel(), legacyPathPrefix: "/v4").ruleSetHash,
        ])
        for model in changed { hashes.insert(try ComparisonPlan(model: model).ruleSetHash) }
        #expect(hashes.count == 6)
        func ignoring(_ owner: String, _ expires: Int64) throws -> String {
            var model = ParityModel()
            model.rules = [
                ParityRule(
                    path: "/a",
                    kind: .ignore(owner: owner, reason: owner, expiresUnixSeconds: expires),
                    origin: owner
                )
            ]
            return try ComparisonPlan(model: model).ruleSetHash
        }
        #expect(try ignoring("a", 1) == ignoring("b", 2))
    }
}
