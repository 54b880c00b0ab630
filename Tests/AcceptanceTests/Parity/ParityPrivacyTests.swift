// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Testing

/// Issue 3: fifty identifiers in answers that differ, as values, keys, fields and cookies; none of
/// them is in the parity store, a report, a metric or a log.
@Suite("Parity keeps no value", .serialized) struct ParityPrivacyTests {
    private static let identifiers = (0..<10).flatMap { number in
        [
            "Okonkwo-Wilhelmina-\(number)7", "MRN-55021\(number)3", "tok_9f3c\(number)e71b0a",
            "w.okonkwo\(number)4@patients.example",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwYXRpZW50LTU1\(number)In0.c2lnbmF0dXJl",
        ]
    }

    /// Reads of each path: once, or in all a day's worth, one a second.
    private static let repeats = Places.isSoak ? 216 : 1

    @Test func `values, keys, fields and cookies of both origins stay in memory`() throws {
        let legacy = try PythonOrigin(script: Self.recordScript, arguments: ["legacy"])
        let modern = try PythonOrigin(script: Self.recordScript, arguments: ["modern"])
        let migration = PlainMigration(
            name: "charts",
            legacy: legacy.address,
            modern: modern.address
        )
        var files = PlainMigration.files([migration], tenants: ["acme"])
        files["Routes/charts.yaml"]? +=
            "  parity: { again: 100%, againPerMinute: 6000, recheckAfter: 1ms,\n"
            + "    headers: [etag, location, x-record], zeroTolerance: [/mrn] }\n"
        let edge = try EdgeUnderTest(files: files)
        var sent = 0
        for stage in ["shadow", "live"] {
            let flip = try edge.banyan(["flip", "acme/charts", stage, "--reason", "test"])
            #expect(flip.status == 0, "\(flip.error)")
            for id in Self.identifiers {
                let base = "http://127.0.0.1:\(edge.port)/charts"
                let fields = ["-H", "X-Tenant-Id: acme", "-H", "Authorization: Bearer \(id)"]
                for path in ["/patients/\(id)", "/search?name=\(id)", "/text/\(id)", "/bad/\(id)"] {
                    sent += try self.read(base + path, fields)
                }
            }
        }
        try waitUntil("all is compared and read again", seconds: 300) {
            try Self.observed(edge) >= sent
        }
        for format in ["text", "json", "csv", "html"] {
            let answer = try edge.banyan(["parity", "report", "charts", "--format", format])
            #expect(answer.status == 0, "\(format): \(answer.error)")
            #expect(answer.out.contains("mrn"), "\(format)")
            try edge.folder.write("seen/report.\(format)", answer.out)
        }
        let commands = [
            ["parity", "status"], ["parity", "diff", "charts", "--limit", "1000", "-o", "json"],
            ["parity", "explain", "charts", "/mrn"], ["parity", "suggest", "charts"],
            ["audit", "tail", "-o", "json"],
        ]
        for (number, command) in commands.enumerated() {
            let answer = try edge.banyan(command)
            #expect(answer.status == 0, "\(command): \(answer.error)")
            try edge.folder.write("seen/command-\(number)", answer.out + answer.error)
        }
        try edge.folder.write("seen/metrics", try curl([edge.observe("/metrics")]).text)
        try edge.folder.write("seen/out", edge.child.out + edge.child.error)
        let found = try runCommand(
            "python3",
            ["-c", Self.searchScript, edge.folder.path] + Self.identifiers,
            seconds: 120
        )
        #expect(found.status == 0, "\(found.error)")
        let lines = found.out.split(separator: "\n")
        #expect((Int(lines.last ?? "") ?? 0) >= 15)
        #expect(lines.dropLast().isEmpty, "\(lines.prefix(5))")
        // The search would have found them: the origins' own words are next to it.
        try edge.folder.write("seen/proof", Self.identifiers[7])
        let proof = try runCommand(
            "python3",
            ["-c", Self.searchScript, edge.folder.path] + Self.identifiers
        )
        #expect(proof.out.contains("proof"))
    }

    /// Answered reads of one address, on one connection.
    private func read(_ address: String, _ fields: [String]) throws -> Int {
        let mark = address.contains("?") ? "&" : "?"
        let answers = try runCommand(
            "curl",
            ["-s", "-o", "/dev/null", "-w", "%{http_code}\n"] + fields
                + ["\(address)\(mark)page=[1-\(Self.repeats)]"],
            seconds: 120
        )
        let good = answers.out.split(separator: "\n").count { $0 == "200" }
        #expect(good == Self.repeats, "\(answers.error)")
        return good
    }

    private static func observed(_ edge: EdgeUnderTest) throws -> Int {
        let answer = try edge.banyan(["parity", "report", "charts", "--format", "json"])
        guard answer.status == 0 else { return 0 }
        let report = try DocumentNode.parse(json: answer.out, file: "report")
        var sum = 0
        for member in report["outcomes"]?.members ?? [] { sum += member.node.integer ?? 0 }
        for item in report["outcomes"]?.items ?? [] { sum += item["count"]?.integer ?? 0 }
        for item in report["unobserved"]?.items ?? [] where item["reason"]?.text == "repeated" {
            sum += item["count"]?.integer ?? 0
        }
        return sum
    }

    /// Answers that hold what was asked for in every place, and differ by origin in each of them.
    private static let recordScript = """
        import itertools, json, sys
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from urllib.parse import unquote
        name, count = sys.argv[1], itertools.count()
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            def log_message(self, *args): pass
            def do_GET(self):
                path = self.path.replace("?page", "&page").split("&page")[0]
                id = unquote(path).replace("=", "/").split("/")[-1]
                mark = id + ("" if name == "legacy" else "-other")
                if "/text/" in self.path:
                    kind, body = "text/plain", f"Dear {mark},\\nyour record {id} is here {next(count)}\\n"
                elif "/bad/" in self.path:
                    kind, body = "application/json", '{"mrn": "' + mark + '", "name": ' + id
                else:
                    kind = "application/json"
                    body = json.dumps({"mrn": mark, "name": {"family": mark, "given": [id, mark]},
                        "byPatient": {id: {"seen": next(count)}, mark: {"seen": 1}},
                        "link": "http://" + self.headers["Host"] + "/patients/" + mark,
                        "token": id if name == "legacy" else None})
                body = body.encode()
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("ETag", '"' + mark + '"')
                self.send_header("Location", "/patients/" + mark)
                self.send_header("X-Record", mark)
                self.send_header("Set-Cookie", f"session={mark}; Path=/patients/{id}")
                self.send_header("Set-Cookie", f"{id.split('@')[0]}=1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True
        server = Server(("127.0.0.1", 0), Handler)
        print("port", server.server_port)
        server.serve_forever()
        """

    private static let searchScript = """
        import os, re, stat, sys
        wanted = re.compile(b"|".join(re.escape(word.encode()) for word in sys.argv[2:]))
        files = [os.path.join(at, name) for at, _, names in os.walk(sys.argv[1]) for name in names]
        files = [path for path in files if stat.S_ISREG(os.lstat(path).st_mode)]
        for path in files:
            with open(path, "rb") as file:
                for word in sorted({match.group() for match in wanted.finditer(file.read())}):
                    print(os.path.basename(path), word.decode())
        print(len(files))
        """
}
