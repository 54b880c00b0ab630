// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Testing

/// Issue 3: two versions of a real server, written by somebody else, as legacy and modern.
///
/// Datasette's release notes of 1.0 say what changed in its JSON: only `ok`, `rows` and `truncated`
/// by default, rows as objects, everything else by `?_extra=`. The report has to say the same.
@Suite("Two versions of Datasette", .serialized) struct DatasetteTests {
    /// What has to be found, by operation: pointer and class.
    private static let expected: [String: Set<String>] = [
        "GET /clinic/{table}": [
            "/rows/* type", "/ok added", "/database missing", "/table missing", "/columns missing",
            "/primary_keys missing", "/is_view missing", "/units missing", "/query missing",
            "/filtered_table_rows_count missing", "/suggested_facets missing",
            "/human_description_en missing", "/expandable_columns missing",
            "/expanded_columns missing", "/allow_execute_sql missing", "/private missing",
            "/query_ms missing",
        ],
        "GET /clinic/{table}/{row}": ["/rows/* type", "/ok added", "/columns missing"],
    ]
    /// Nobody may be told of these: both versions have them.
    private static let same = [
        "/truncated missing", "/rows missing", "/rows count", "status status",
    ]

    @Test func `the report names what the release notes name`() throws {
        guard let old = Self.program("datasette-0.64"), let new = Self.program("datasette-1.0")
        else {
            print("skipped: no Datasette (make deps-test, with a Python package index)")
            return
        }
        let folder = try TemporaryFolder()
        let database = folder.path("clinic.db")
        let made = try runCommand("python3", ["-c", Self.databaseScript, database])
        #expect(made.status == 0, "\(made.error)")
        let ports = try freePorts(2)
        let servers = try zip([old, new], ports).map { program, port in
            try ChildProcess(
                program,
                [database, "-p", "\(port)", "--setting", "num_sql_threads", "1"]
            )
        }
        defer { for server in servers { server.signal(SIGTERM) } }
        for port in ports {
            try waitUntil("datasette listens", seconds: 60) {
                try curl(["http://127.0.0.1:\(port)/clinic.json"]).status == 200
            }
        }
        let edge = try EdgeUnderTest(files: Self.files(legacy: ports[0], modern: ports[1]))
        let flip = try edge.banyan(["flip", "clinic/datasette", "shadow", "--reason", "test"])
        #expect(flip.status == 0, "\(flip.error)")
        let paths =
            (1...30).flatMap {
                ["/clinic/patients.json?_size=\($0)", "/clinic/patients/\($0).json"]
            } + ["/clinic/patients.json?_shape=array", "/clinic/visits.json?kind=video"]
        for path in paths {
            let answer = try curl([
                "-H", "X-Tenant-Id: clinic", "http://127.0.0.1:\(edge.port)\(path)",
            ])
            #expect(answer.status == 200, "\(path)")
        }
        try waitUntil("all is compared", seconds: 60) {
            try Self.compared(edge) >= paths.count
        }
        let found = try Self.differences(edge)
        for (operation, places) in Self.expected {
            let missing = places.subtracting(found[operation] ?? [])
            #expect(missing.isEmpty, "\(operation): \(missing.sorted()) of \(found)")
        }
        for (operation, places) in found {
            #expect(places.isDisjoint(with: Self.same), "\(operation)")
        }
        let text = try edge.banyan(["parity", "report", "datasette"]).out
        for word in ["NO-GO", "/rows/*", "missing", "datasette"] { #expect(text.contains(word)) }
        // What it says of patients is nothing.
        for name in ["Wilhelmina", "Okonkwo"] { #expect(!text.contains(name)) }
        let page = try edge.banyan(["parity", "report", "datasette", "--format", "html"]).out
        #expect(page.contains("</html>"))
        let again = try edge.banyan(["parity", "report", "datasette", "--format", "html"]).out
        #expect(page == again)
    }

    private static func program(_ name: String) -> String? {
        let path = Places.package.appendingPathComponent(".build/\(name)/bin/datasette").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    private static func compared(_ edge: EdgeUnderTest) throws -> Int {
        let answer = try edge.banyan(["parity", "report", "datasette", "--format", "json"])
        guard answer.status == 0 else { return 0 }
        let report = try DocumentNode.parse(json: answer.out, file: "report")
        var sum = 0
        for member in report["outcomes"]?.members ?? [] { sum += member.node.integer ?? 0 }
        for item in report["outcomes"]?.items ?? [] { sum += item["count"]?.integer ?? 0 }
        return sum
    }

    /// Pointer and class, by operation.
    private static func differences(_ edge: EdgeUnderTest) throws -> [String: Set<String>] {
        let answer = try edge.banyan([
            "parity", "diff", "*/datasette", "--limit", "1000", "-o", "json",
        ])
        #expect(answer.status == 0, "\(answer.error)")
        let document = try DocumentNode.parse(json: answer.out, file: "diff")
        var found: [String: Set<String>] = [:]
        for row in document["differences"]?.items ?? [] {
            let place = "\(row["pointer"]?.text ?? "") \(row["class"]?.text ?? "")"
            found[row["operation"]?.text ?? "", default: []].insert(place)
        }
        return found
    }

    private static func files(legacy: Int, modern: Int) -> [String: String] {
        let migration = PlainMigration(
            name: "datasette",
            legacy: "127.0.0.1:\(legacy)",
            modern: "127.0.0.1:\(modern)"
        )
        var files = PlainMigration.files([migration], tenants: ["clinic"])
        files["Routes/datasette.yaml"] = """
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: datasette-0-64 }
            spec: { endpoints: ["127.0.0.1:\(legacy)"] }
            ---
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: datasette-1-0 }
            spec: { endpoints: ["127.0.0.1:\(modern)"] }
            ---
            apiVersion: banyan.dev/v1
            kind: MigrationRoute
            metadata: { name: datasette }
            spec:
              matches:
                - path: { type: Template, value: "/clinic/{table}" }
                - path: { type: Template, value: "/clinic/{table}/{row}" }
              legacy: { upstream: datasette-0-64 }
              modern: { upstream: datasette-1-0 }

            """
        return files
    }

    private static let databaseScript = """
        import sqlite3, sys
        db = sqlite3.connect(sys.argv[1])
        db.execute("create table patients (id integer primary key, name text, born text, weight real)")
        db.execute("create table visits (id integer primary key,"
                   " patient_id integer references patients(id), kind text, at text)")
        for i in range(1, 41):
            db.execute("insert into patients values (?, ?, ?, ?)",
                       (i, f"Wilhelmina Okonkwo {i}", f"19{50 + i}-01-02", 60 + i / 4))
        for i in range(1, 201):
            db.execute("insert into visits values (?, ?, ?, ?)",
                       (i, i % 40 + 1, ["video", "phone", "room"][i % 3],
                        f"2026-01-{i % 28 + 1:02d}T08:00:00Z"))
        db.commit()
        """
}
