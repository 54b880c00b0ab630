// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: trailers pass between HTTP/1.1 and HTTP/2, by rule.
@Suite("Trailers")
struct TrailerTests {
    @Test func `trailers reach those who take them, and never lead anybody`() throws {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let programs: [(name: String, words: [String])] = [
            ("t1", ["trailer_origin.py", "h1"]), ("t2", ["trailer_origin.py", "h2"]),
            ("h1", ["echo_origin.py", "h1", "h1"]), ("h2", ["echo_origin.py", "h2", "h2"]),
        ]
        var children: [ChildProcess] = []
        let ways = try programs.map { program in
            let origin = try PeerProgram.origin(
                program.words[0],
                Array(program.words.dropFirst()),
                python: python
            )
            children.append(origin.child)
            return SecureEdge.Way(
                name: program.name,
                address: origin.address,
                upstream: program.name.hasSuffix("2") ? ["protocol: http2"] : []
            )
        }
        let world = try SecureEdge(certificates, ways)
        let rows = try PeerProgram.rows("trailer_rows.py", world.arguments, python: python)
        #expect(rows.wrong == [])
        #expect(rows["rows"] > 450)
        // A client that is not ours: curl tells trailers with the fields of the head.
        let section = "782d73756d3a20310d0a"
        for (origin, options, isTold) in [
            ("t1", ["--http2-prior-knowledge"], true), ("t2", ["--http2-prior-knowledge"], true),
            ("t1", ["--http1.1", "-H", "TE: trailers"], true),
            ("t2", ["--http1.1", "-H", "TE: trailers"], true), ("t1", ["--http1.1"], false),
            ("t2", ["--http1.1"], false),
        ] {
            let folder = try TemporaryFolder()
            let answer = try runCommand(
                "curl",
                ["-s", "-H", "X-Tenant-Id: acme", "-D", folder.path("head")] + options
                    + [world.edge.url("/\(origin)/5/\(section)")]
            )
            #expect(answer.status == 0 && answer.out == "aaaaa", "\(origin) \(options)")
            #expect(folder.read("head").contains("x-sum: 1\r\n") == isTold, "\(origin) \(options)")
        }
        #expect(world.edge.child.isRunning)
        for gauge in ["http_requests_in_flight", "connections_open", "blocks_used"] {
            try waitUntil("banyan_\(gauge) is 0") { try world.edge.metric("banyan_\(gauge)") == 0 }
        }
    }
}
