// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Foundation
import Testing

@testable import Migration

/// Reads a JSON text that the test itself wrote.
func node(_ text: String) throws -> DocumentNode {
    try DocumentNode.parse(json: text, file: "test")
}

@Suite("Public flag suites")
struct FlagSuitesTests {
    private func read(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

    @Test func `all 278 cases of JsonLogic's compatible suite give their result`() throws {
        guard let file = sharedData("suites/json-logic/compatible.json") else { return }
        let suite = try DocumentNode.parse(json: self.read(file), file: "compatible.json")
        var cases = 0
        for row in suite.items ?? [] where row.members != nil {
            cases += 1
            let rule = LogicRule(compiling: try #require(row["rule"]))
            let data = row["data"].map { LogicValue($0.value) } ?? .null
            var evaluator = LogicEvaluator(
                attributes: .object([:]),
                flagKey: "flag",
                unixSeconds: 0
            )
            let result = try evaluator.evaluate(rule, in: .element(data))
            let expected = LogicValue(try #require(row["result"]).value)
            #expect(result == expected, "\(row["description"]?.text ?? row.value.json)")
        }
        #expect(cases == 278)
    }

    @Test func `flag documents of flagd's schemas are taken or refused as named`() throws {
        guard let folder = sharedData("suites/flagd-schemas/test") else { return }
        for (part, allowsList, count) in [("flags", false, 18), ("flagd", true, 2)] {
            var seen = 0
            for kind in ["positive", "negative"] {
                let files = folder.appending(path: "\(part)/\(kind)")
                let names =
                    (try? FileManager.default.contentsOfDirectory(atPath: files.path)) ?? []
                for name in names {
                    seen += 1
                    let bytes = try self.read(files.appending(path: name))
                    var problems: [Problem] = []
                    // Two documents of the provider suite are flagd's form by their `$schema`.
                    let isList = allowsList || name.contains("flagdimport")
                    let document = FlagDocument.read(
                        json: bytes,
                        file: name,
                        allowsList: isList,
                        problems: &problems
                    )
                    let row = Comment("\(part)/\(kind)/\(name): \(problems.map(\.message))")
                    #expect((document != nil) == (kind == "positive"), row)
                    #expect(problems.isEmpty == (kind == "positive"), row)
                }
            }
            #expect(seen == count, "\(part)")
        }
    }

    @Test func `targeting rules of flagd's schemas are taken or refused as named`() throws {
        guard let folder = sharedData("suites/flagd-schemas/test/targeting") else { return }
        var seen = 0
        for kind in ["positive", "negative"] {
            let files = folder.appending(path: kind)
            for name in try FileManager.default.contentsOfDirectory(atPath: files.path) {
                seen += 1
                let rule = try DocumentNode.parse(
                    json: self.read(files.appending(path: name)),
                    file: name
                )
                var schema = TargetingSchema(file: name)
                schema.checkRoot(rule)
                let row = Comment("\(kind)/\(name): \(schema.problems.map(\.message))")
                #expect(schema.problems.isEmpty == (kind == "positive"), row)
            }
        }
        #expect(seen == 16)
    }

    @Test func `the examples of flagd's schemas give what the negative suite demands`() throws {
        guard let folder = sharedData("suites/flagd-schemas/examples") else { return }
        // full.json holds `ends_with` with a number and version 2.0.0.0, which the suite refuses.
        for (name, codes) in [("full.json", ["F023", "F025"]), ("minimal.json", [])] {
            var problems: [Problem] = []
            let document = FlagDocument.read(
                json: try self.read(folder.appending(path: name)),
                file: name,
                problems: &problems
            )
            #expect(problems.map(\.code) == codes, "\(name): \(problems)")
            #expect((document != nil) == codes.isEmpty, "\(name)")
        }
    }

    @Test func `fractional puts every subject of the vectors where v2 and v3 put it`() throws {
        guard let file = sharedData("suites/fractional/vectors.json") else { return }
        let suite = try DocumentNode.parse(json: self.read(file), file: "vectors.json")
        let vectors = try #require(suite["vectors"]?.items)
        #expect(vectors.count == 76)
        for row in vectors {
            let key = row["flagKey"]?.text ?? ""
            var arguments: [DocumentValue] = []
            if let subject = row["bucketBy"]?.text { arguments.append(["cat": [.string(subject)]]) }
            arguments += (row["weights"]?.items ?? []).map(\.value)
            let rule = LogicRule(compiling: DocumentNode(["fractional": .list(arguments)]))
            var attributes: [String: LogicValue] = [:]
            if let targetingKey = row["targetingKey"]?.text {
                attributes["targetingKey"] = .string(targetingKey)
            }
            for (bucketing, name) in [(Bucketing.flagdV2, "v2"), (.flagdV3, "v3")] {
                var evaluator = LogicEvaluator(
                    attributes: .object(attributes),
                    flagKey: key,
                    unixSeconds: 0,
                    bucketing: bucketing
                )
                let variant = try evaluator.evaluate(rule, in: .context)
                #expect(
                    variant == LogicValue(row[name]?.value ?? .null),
                    "\(name) \(row.value.json)"
                )
            }
        }
        let values = try #require(suite["v3_nonstring_first_arg"]?.items)
        #expect(values.count == 20)
        for row in values {
            let bytes = canonicalCBOR(of: LogicValue(row["value"]?.value ?? .null))
            let hex = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            #expect(hex == row["cbor_hex"]?.text)
            #expect(murmur3(bytes) == UInt32(row["murmur3"]?.text ?? "", radix: 16))
        }
    }
}
