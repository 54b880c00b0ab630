// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 2: what patients are called, and what their records are numbered, passes through and stays
/// nowhere.
@Suite("Identifiers", .serialized)
struct IdentifierTests {
    /// Fifty: names, record numbers, tokens, addresses, birth dates.
    private static let identifiers = (0..<10).flatMap { number in
        [
            "Okonkwo-Wilhelmina-\(number)7", "MRN-55021\(number)3", "tok_9f3c\(number)e71b0a",
            "w.okonkwo\(number)4@patients.example", "1957-03-0\(number)T11",
        ]
    }

    @Test func `fifty identifiers that pass through are in no log, metric, file or core`() throws {
        let edge = try self.edge()
        try self.plant(edge)
        try waitUntil("the access log has the requests") {
            lineCount(edge.folder.path("access.log")) > Self.identifiers.count * 10
        }
        for act in [["rollback", "acme/charts"], ["status"], ["audit", "verify"]] {
            #expect(try edge.banyan(act).status == 0, "\(act)")
        }
        let texts = [
            "metrics": try curl([edge.observe("/metrics")]).text,
            "audit": try edge.banyan(["audit", "tail", "-o", "json"]).out,
            "status": try edge.banyan(["status", "-o", "json"]).out,
            "out": edge.child.out,
            "error": edge.child.error,
        ]
        for (name, text) in texts { try edge.folder.write("seen/\(name)", text) }
        #expect(texts["audit"]?.contains("acme/charts") == true)
        let core = edge.folder.path("seen/core")
        let gcore = try runCommand("gcore", ["-o", core, "\(edge.child.id)"], seconds: 120)
        #expect(FileManager.default.fileExists(atPath: "\(core).\(edge.child.id)"), "\(gcore)")
        // Log, store, journal, copies of files, what the commands said, and the core.
        let found = try self.found(in: edge.folder.path)
        #expect(found.files >= 10)
        #expect(found.lines.isEmpty, "\(found.lines.prefix(5))")
        // An abort leaves no core at all.
        try self.allowCore(edge)
        edge.child.signal(SIGABRT)
        #expect(try edge.child.waitForEnd() == 128 + SIGABRT)
        #expect(self.cores(edge).isEmpty)
    }

    @Test func `with --core full they are found: the search would have seen them`() throws {
        let pattern = "/proc/sys/kernel/core_pattern"
        let place = FileManager.default.contents(atPath: pattern).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let place, !place.hasPrefix("|"), !place.hasPrefix("/") else {
            print("skipped: core files go to \(place ?? "?")")
            return
        }
        let edge = try self.edge(["--core", "full"])
        try self.plant(edge)
        guard try self.allowCore(edge) else {
            print("skipped: core files need a limit that this user may not raise")
            return
        }
        edge.child.signal(SIGABRT)
        #expect(try edge.child.waitForEnd(seconds: 120) == 128 + SIGABRT)
        let core = try #require(self.cores(edge).first)
        let found = try self.found(in: core)
        #expect(!found.lines.isEmpty)
    }

    // MARK: Planting

    private func edge(_ arguments: [String] = []) throws -> EdgeUnderTest {
        let legacy = try PythonOrigin.telling(name: "legacy")
        let modern = try PythonOrigin.telling(name: "modern")
        let migrations = [
            PlainMigration(name: "charts", legacy: legacy.address, modern: modern.address),
            PlainMigration(name: "dead", legacy: "127.0.0.1:1", modern: "127.0.0.1:1"),
        ]
        let edge = try EdgeUnderTest(
            files: PlainMigration.files(migrations, tenants: ["acme"]),
            arguments: arguments
        )
        self.origins.append(contentsOf: [legacy, modern])
        for stage in ["shadow", "live=50%"] {
            let flip = try edge.banyan(["flip", "acme/charts", stage, "--reason", "test"])
            #expect(flip.status == 0, "\(flip.error)")
        }
        return edge
    }

    private let origins = Kept()

    /// Keeps peers alive as long as the test.
    private final class Kept: @unchecked Sendable {
        private var all: [PythonOrigin] = []
        func append(contentsOf more: [PythonOrigin]) { self.all += more }
    }

    /// Sends every identifier in every place of a request, to routes that answer, fail and are not,
    /// and in messages that are refused.
    private func plant(_ edge: EdgeUnderTest) throws {
        for id in Self.identifiers {
            let fields = "Host: edge.example\r\nX-Tenant-Id: acme\r\n"
            let body = #"{"name":"\#(id)"}"#
            let requests = [
                "GET /charts/patients/\(id) HTTP/1.1\r\n\(fields)\r\n",
                "GET /charts/patients?name=\(id)&x=1 HTTP/1.1\r\n\(fields)\r\n",
                "GET /charts/a HTTP/1.1\r\n\(fields)Authorization: Bearer \(id)\r\n\r\n",
                "GET /charts/a HTTP/1.1\r\n\(fields)Cookie: site_user=\(id)\r\n\r\n",
                "GET /charts/a HTTP/1.1\r\n\(fields)X-Forwarded-For: \(id)\r\n"
                    + "X-Request-Id: \(id)\r\nTraceparent: \(id)\r\n\(id): v\r\n\r\n",
                "POST /charts/a HTTP/1.1\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n"
                    + body,
                "GET /nowhere/\(id)?q=\(id) HTTP/1.1\r\n\(fields)\r\n",
                "GET /dead/\(id)?q=\(id) HTTP/1.1\r\n\(fields)\r\n",
                "\(id.filter(\.isLetter)) /charts/\(id) HTTP/1.1\r\n\(fields)\r\n",
                "GET /charts/a HTTP/1.1\r\nHost: edge.example\r\nX-Tenant-Id: \(id)\r\n\r\n",
                "GET /charts/a%00\(id) HTTP/1.1\r\n\(fields)\r\n",
                "GET /charts/\(id) HTTP/1.1\r\n\(fields)Bad Field: \(id)\r\n\r\n",
                "GET /charts/\(id) HTTP/9.\(id)\r\n\(fields)\r\n",
                "GET /charts/\(id) HTTP/1.1\r\nHost: \(id)@b\r\n\r\n",
            ]
            for request in requests {
                let connection = try BlockingConnection(port: edge.port)
                #expect(connection.send(Array(request.utf8)))
                #expect(connection.receive() != nil, "\(request.prefix(40))")
            }
        }
    }

    // MARK: Searching

    /// Raises the edge's own limit, so that it is not this machine that keeps the core away.
    @discardableResult
    private func allowCore(_ edge: EdgeUnderTest) throws -> Bool {
        let limit = "--core=unlimited:unlimited"
        return try runCommand("prlimit", [limit, "--pid", "\(edge.child.id)"]).status == 0
    }

    private func cores(_ edge: EdgeUnderTest) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: edge.folder.path)) ?? []
        return names.filter { $0.hasPrefix("core") }.map { edge.folder.path($0) }
    }

    /// Places of any identifier in a file or in all files of a folder; holes of sparse files are
    /// skipped.
    private func found(in path: String) throws -> (files: Int, lines: [String]) {
        let result = try runCommand(
            "python3",
            ["-c", Self.searchScript, path] + Self.identifiers,
            seconds: 120
        )
        #expect(result.status == 0, "\(result.error)")
        let lines = result.out.split(separator: "\n").map(String.init)
        return (Int(lines.last ?? "") ?? 0, Array(lines.dropLast()))
    }

    private static let searchScript = """
        import os, re, stat, sys
        wanted = re.compile(b"|".join(re.escape(word.encode()) for word in sys.argv[2:]))
        def extents(fd, size):
            at = 0
            while at < size:
                try: start = os.lseek(fd, at, os.SEEK_DATA)
                except OSError: return
                at = os.lseek(fd, start, os.SEEK_HOLE)
                yield start, at
        def search(path):
            fd = os.open(path, os.O_RDONLY)
            seen = set()
            for start, end in extents(fd, os.fstat(fd).st_size):
                kept = b""
                while start < end:
                    part = os.pread(fd, min(1 << 22, end - start), start)
                    if not part: break
                    start += len(part)
                    for match in wanted.finditer(kept + part): seen.add(match.group())
                    kept = part[-64:]
            os.close(fd)
            for word in sorted(seen): print(os.path.basename(path), word.decode())
        files = [sys.argv[1]]
        if os.path.isdir(sys.argv[1]):
            files = [os.path.join(at, name) for at, _, names in os.walk(sys.argv[1]) for name in names]
        files = [path for path in files if stat.S_ISREG(os.lstat(path).st_mode)]
        for path in files: search(path)
        print(len(files))
        """
}
