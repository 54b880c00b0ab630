// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Testing

@testable import Migration

@Suite("Answers of flagd's own engine")
struct FlagdOracleTests {
    @Test func `random flags and contexts get the answer of flagd-core 2`() throws {
        guard let path = ProcessInfo.processInfo.environment["BANYAN_FLAGD_ORACLE"] else {
            print("skipped: no answers of flagd-core (flagd-oracle.py, BANYAN_FLAGD_ORACLE)")
            return
        }
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let cases = try #require(try DocumentNode.parse(json: bytes, file: "oracle").items)
        var reasons: [String: Int] = [:]
        for row in cases {
            let key = row["key"]?.text ?? ""
            let document: DocumentValue = [
                "flags": .fields([(key, row["flag"]?.value ?? .null)])
            ]
            var reader = FlagDocumentReader(file: "oracle", allowsList: false)
            let flag = try #require(reader.document(DocumentNode(document))?.flags.first)
            let context = FlagContext(row["context"]?.value ?? .null)
            let found = flag.evaluate(context, unixSeconds: 0, expecting: .string)
            let reason = row["answer"]?["reason"]?.text
            #expect(found.reason.rawValue == reason, "\(row.value.json)")
            #expect(found.variant == row["answer"]?["variant"]?.text, "\(row.value.json)")
            reasons[found.reason.rawValue, default: 0] += 1
        }
        print(
            "\(cases.count) answers of flagd-core compared: \(reasons.sorted { $0.key < $1.key })"
        )
    }
}
