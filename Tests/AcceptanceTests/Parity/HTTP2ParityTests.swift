// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Testing

/// Issue 4: shadow, dual and parity work for HTTP/2 exchanges as for those of HTTP/1.1.
@Suite("Parity over HTTP 2")
struct HTTP2ParityTests {
    @Test func `copies and second reads of HTTP 2 exchanges are compared, and legacy answers`()
        throws
    {
        guard let python = PeerProgram.python() else { return }
        let origins = try ["legacy", "modern"].map {
            try PeerProgram.origin("echo_origin.py", [$0, "h2"], python: python)
        }
        let migration = PlainMigration(
            name: "charts",
            legacy: origins[0].address,
            modern: origins[1].address,
            upstream: ["protocol: http2"]
        )
        var files = PlainMigration.files([migration], tenants: ["acme"])
        files["Routes/charts.yaml"] = migration.routeFile.replacingOccurrences(
            of: "[legacy, shadow, live, modern]",
            with: "[legacy, shadow, dual, live, modern]"
        )
        let edge = try EdgeUnderTest(files: files)
        var same = 0
        var different = 0
        for stage in ["shadow", "dual"] {
            let flip = try edge.banyan(["flip", "acme/charts", stage, "--reason", "test"])
            #expect(flip.status == 0, "\(flip.error)")
            for version in ["--http1.1", "--http2-prior-knowledge"] {
                for _ in 0..<3 {
                    // Of equal requests one is sampled: these differ.
                    same += 1
                    let size = 100_000 + same
                    let answer = try edge.ask("/charts/size/\(size)", tenant: "acme", [version])
                    #expect(answer.status == 200 && answer.body.count == size, "\(stage)")
                }
                different += 1
                let path = "/charts/echo?\(different)"
                let answer = try edge.ask(path, tenant: "acme", [version])
                #expect(answer.text.contains(#""origin": "legacy""#), "\(stage) \(version)")
                try waitUntil("\(same) matches, \(different) mismatches after \(stage)") {
                    try Self.outcomes(edge) == [same, different]
                }
            }
        }
        let diff = try edge.banyan(["parity", "diff", "*/charts", "--limit", "100", "-o", "json"])
        #expect(diff.out.contains(#""/origin""#), "\(diff.out)")
        #expect(edge.child.isRunning)
        for gauge in ["http_requests_in_flight", "blocks_used"] {
            try waitUntil("banyan_\(gauge) is 0") { try edge.metric("banyan_\(gauge)") == 0 }
        }
    }

    private static func outcomes(_ edge: EdgeUnderTest) throws -> [Int] {
        let answer = try edge.banyan(["parity", "report", "charts", "--format", "json"])
        guard answer.status == 0 else { return [] }
        let outcomes = try DocumentNode.parse(json: answer.out, file: "report")["outcomes"]
        return ["match", "mismatch"].map { outcomes?[$0]?.integer ?? 0 }
    }
}
