// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Foundation
import Migration
import Testing

@testable import Control

@Suite("Edge files")
struct EdgeFilesTests {
    /// A folder of its own, removed when the test ends.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("banyan-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }

    private func write(_ text: String, _ path: String) throws {
        let url = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try text.write(to: url, atomically: true, encoding: .utf8)
    }

    private let upstreams = SourceFile(
        name: "up.yaml",
        bytes: Array(
            """
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: digital-communication }
            spec: { endpoints: ["127.0.0.1:9101", "[::1]:9101"], connections: 7 }
            ---
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: virtual-care }
            spec: { endpoints: ["virtual-care.svc:80"] }
            """.utf8
        )
    )

    /// design.md 5, to the letter.
    private let designExample = """
        # Routes/virtual-care.yaml
        apiVersion: banyan.dev/v1
        kind: MigrationRoute
        metadata: { name: virtual-care, labels: { owner: telehealth } }
        spec:
          matches:
            - path: { type: Template, value: "/api/v1/digital-communication/virtual-sessions/{rest...}" }
          legacy: { upstream: digital-communication }
          modern: { upstream: virtual-care, path: "/api/v1/virtual-care/sessions/{rest}" }
          stages: [legacy, shadow, live, modern, redirect, gone]
          stage: { flag: virtual-care }        # the default: the route's name
          redirect: { to: "/api/v1/virtual-care/sessions/{rest}" }
          entitlement: { flag: ehr.virtual_care, on: writes }
          data: forward
          shadow: { sample: 100%, maxBody: 64Ki }
          parity: { json: { ignore: [{ path: /meta/lastUpdated, owner: telehealth, reason: "server clock" }] } }
          gate: { parity: 99.99%, confidence: 95%, stableFor: 14d }
        ---
        apiVersion: banyan.dev/v1
        kind: Tenant
        metadata: { name: acme, labels: { wave: "1" } }
        spec: { hosts: [acme.care.example] }
        """

    @Test func `the example of the design loads as it is written`() throws {
        let file = SourceFile(name: "r.yaml", bytes: Array(self.designExample.utf8))
        let files = EdgeFiles.check(routes: [self.upstreams, file])
        #expect(files.problems == [])
        let route = try #require(files.set.routes.first)
        #expect(route.name == "virtual-care")
        #expect(route.migration == "virtual-care")
        #expect(route.labels == ["owner": "telehealth"])
        #expect(route.matches.first?.pathType == .template)
        #expect(route.legacy?.upstream == "digital-communication")
        #expect(route.modern.path == "/api/v1/virtual-care/sessions/{rest}")
        #expect(route.stages == [.legacy, .shadow, .live, .modern, .redirect, .gone])
        #expect(route.redirect?.status == 307)
        #expect(route.redirect?.maxAgeSeconds == 0)
        #expect(route.redirect?.isServedHere == true)
        #expect(route.entitlement == EntitlementModel(flag: "ehr.virtual_care", scope: .writes))
        #expect(route.data == .forward)
        #expect(route.settleMilliseconds == 2_000)
        #expect(route.shadow.samplePermyriad == 10_000)
        #expect(route.shadow.maxBodyBytes == 65_536)
        #expect(route.gate?["parity"]?.text == "99.99%")
        #expect(route.parity.rules.map(\.path) == ["/meta/lastUpdated"])
        #expect(files.set.tenants.map(\.id) == ["acme"])
        #expect(files.set.tenants.first?.labels == ["wave": "1"])
        #expect(files.set.tenants.first?.hosts == ["acme.care.example"])
        let upstream = try #require(files.set.upstreams.first)
        #expect(upstream.endpoints[1] == EndpointModel(host: "::1", port: 9_101))
        #expect(upstream.connectionsMax == 7)
    }

    @Test func `every optional field of a route reaches its model`() throws {
        let text = """
            apiVersion: banyan.dev/v1
            kind: MigrationRoute
            metadata: { name: calls }
            spec:
              hostnames: ["*.Care.example", care.example]
              matches:
                - path: { type: Exact, value: /calls }
                  method: GET
                  headers: [{ name: X-Side, value: "a.*", type: RegularExpression }]
                  queryParams: [{ name: v, value: "2" }]
                - path: { value: /calls/sub }
                - {}
              legacy:
                upstream: digital-communication
                host: preserve
                query: { set: { v: "1" }, remove: [debug] }
                headers: { set: [{ name: X-Side, value: legacy }], remove: [X-Trace] }
              modern: { upstream: virtual-care, host: "virtual-care.svc:80" }
              stage: { flag: voice }
              data: shared
              safe: [REPORT, "POST /calls/{id}/_search"]
              unsafe: ["GET /calls/{id}/read"]
              shadow: { sample: 12.5%, maxBody: 1Ki, timeout: 1.5s }
              timeouts: { connect: 250ms, firstByte: 5s, idle: 1m, total: 0s }
              tenant: required
              user: { header: X-User }
              encodedSlash: keep
              doubleSlash: keep
              deprecation: 2026-11-01
              sunset: 2027-11-01T12:30:01Z
              entitlement: { flag: ehr.voice, on: all }
            """
        let file = SourceFile(name: "r.yaml", bytes: Array(text.utf8))
        let files = EdgeFiles.check(routes: [self.upstreams, file])
        #expect(files.problems == [])
        let route = try #require(files.set.routes.first)
        #expect(route.hostnames == ["*.care.example", "care.example"])
        #expect(route.matches.map(\.pathType) == [.exact, .pathPrefix, .pathPrefix])
        #expect(route.matches[2].path == "/")
        #expect(route.matches[0].method == "GET")
        #expect(route.matches[0].headers.first?.isRegularExpression == true)
        #expect(route.matches[0].queryParameters.first?.value == "2")
        #expect(route.legacy?.host == "preserve")
        #expect(route.legacy?.setQuery == [NamedValue(name: "v", value: "1")])
        #expect(route.legacy?.removeQuery == ["debug"])
        #expect(route.legacy?.setHeaders == [NamedValue(name: "X-Side", value: "legacy")])
        #expect(route.legacy?.removeHeaders == ["X-Trace"])
        #expect(route.modern.host == "virtual-care.svc:80")
        #expect(route.migration == "voice")
        #expect(route.stages == [.legacy, .shadow, .live, .modern])
        #expect(route.data == .shared)
        #expect(route.settleMilliseconds == 0)
        #expect(route.safe.map(\.path) == [nil, "/calls/{id}/_search"])
        #expect(route.unsafe == [OperationModel(method: "GET", path: "/calls/{id}/read")])
        #expect(route.shadow.samplePermyriad == 1_250)
        #expect(route.shadow.timeoutMilliseconds == 1_500)
        #expect(route.timeouts.connectMilliseconds == 250)
        #expect(route.timeouts.totalMilliseconds == 0)
        #expect(route.isTenantRequired)
        #expect(route.user == .header("X-User"))
        #expect(route.encodedSlash == .keep && route.doubleSlash == .keep)
        #expect(route.deprecationUnixSeconds == 1_793_491_200)
        #expect(route.sunsetUnixSeconds == 1_825_072_201)
        #expect(route.entitlement?.scope == .all)
    }

    @Test func `stages follow from what the route has when it lists none`() {
        let rows: [(String, [Stage])] = [
            ("legacy: { upstream: virtual-care }", [.legacy, .shadow, .live, .modern]),
            ("data: forward", [.modern]),
            (
                "legacy: { upstream: virtual-care }\n  redirect: { to: \"/new/{rest}\" }",
                [.legacy, .shadow, .live, .modern, .redirect, .gone]
            ),
        ]
        for (field, stages) in rows {
            let text = """
                apiVersion: banyan.dev/v1
                kind: MigrationRoute
                metadata: { name: a }
                spec:
                  matches: [{ path: { value: /a } }]
                  modern: { upstream: virtual-care }
                  \(field)
                """
            let file = SourceFile(name: "r.yaml", bytes: Array(text.utf8))
            let files = EdgeFiles.check(routes: [self.upstreams, file])
            #expect(files.problems == [], "\(field)")
            #expect(files.set.routes.first?.stages == stages, "\(field)")
        }
    }

    @Test func `a redirect to a host is served here when a tenant or route has that host`() {
        let rows = [
            ("https://acme.care.example", true), ("acme.care.example:8443", true),
            ("https://a.portal.example", true), ("https://elsewhere.example", false),
        ]
        for (host, isServed) in rows {
            let text = """
                apiVersion: banyan.dev/v1
                kind: MigrationRoute
                metadata: { name: a }
                spec:
                  hostnames: ["*.portal.example", acme.care.example]
                  matches: [{ path: { value: /a } }]
                  legacy: { upstream: virtual-care }
                  modern: { upstream: virtual-care }
                  redirect: { to: "/b/{rest}", hostname: "\(host)" }
                """
            let file = SourceFile(name: "r.yaml", bytes: Array(text.utf8))
            let files = EdgeFiles.check(routes: [self.upstreams, file])
            #expect(files.problems == [], "\(host)")
            #expect(files.set.routes.first?.redirect?.isServedHere == isServed, "\(host)")
        }
    }

    @Test func `the configuration resolves paths against its own folder`() throws {
        try self.withFolder { folder in
            try self.write(
                """
                name: edge-1
                listeners:
                  - name: public
                    address: "[::]:8080"
                    tenant: { sources: [host, { pathSegment: 3 }, { header: X-Tenant-Id }] }
                    trustedPeers: [10.0.0.0/8, "::1"]
                    default: a
                admin: { socket: run/s.sock, listen: "127.0.0.1:0" }
                store: { path: /var/lib/banyan/b.db, state: st }
                accessLog: { path: "-" }
                workers: 3
                drain: { timeout: 5s, delay: 250ms }
                """,
                folder + "/banyan.yaml"
            )
            let (model, problems) = loadConfiguration(folder + "/banyan.yaml")
            #expect(problems == [])
            #expect(model.edgeName == "edge-1")
            #expect(model.routesPath == folder + "/Routes")
            #expect(model.flagsPath == folder + "/FeatureFlags")
            #expect(model.adminSocket == folder + "/run/s.sock")
            #expect(model.storePath == "/var/lib/banyan/b.db")
            #expect(model.statePath == folder + "/st")
            #expect(model.accessLogPath == "-")
            #expect(model.observePort == 0)
            #expect(model.workers == 3)
            #expect(model.drainTimeoutMilliseconds == 5_000)
            #expect(model.drainDelayMilliseconds == 250)
            let listener = try #require(model.listeners.first)
            #expect(listener.host == "::" && listener.port == 8_080)
            #expect(
                listener.tenantSources == [.host, .pathSegment(3), .trustedHeader("X-Tenant-Id")]
            )
            #expect(listener.trustedPeers.map(\.prefixBits) == [104, 128])
            #expect(listener.defaultUpstream == "a")
        }
    }

    @Test func `a certificate tells the tenant only where clients may show one`() throws {
        let clients =
            "tls: { certificates: [{ chain: c, key: k }], clients: { ca: ca.pem, mode: optional } }"
        let plain = "tls: { certificates: [{ chain: c, key: k }] }"
        let rows: [(source: String, tls: String, codes: [String], model: TenantSourceModel?)] = [
            ("certificate", clients, [], .certificate(prefix: "")),
            ("{ certificate: \"tenant:\" }", clients, [], .certificate(prefix: "tenant:")),
            ("certificate", plain, ["R074"], .certificate(prefix: "")),
            ("certificate", "http2: false", ["R074"], .certificate(prefix: "")),
            ("certificates", clients, ["R013"], nil),
            ("{ certificate: \"\" }", clients, ["R047"], nil),
            ("{ certificate: \"a b\" }", clients, ["R047"], nil),
            ("{ certificate: x, header: Y }", clients, ["R047"], nil),
        ]
        try self.withFolder { folder in
            for row in rows {
                try self.write(
                    """
                    listeners:
                      - name: secure
                        address: "127.0.0.1:8443"
                        tenant: { sources: [\(row.source)] }
                        \(row.tls)
                    """,
                    folder + "/banyan.yaml"
                )
                let (model, problems) = loadConfiguration(folder + "/banyan.yaml")
                #expect(problems.map(\.code) == row.codes, "\(row.source) \(row.tls)")
                #expect(model.listeners.first?.tenantSources.first == row.model, "\(row.source)")
                if row.source == "certificates" {
                    let caret = problems.first?.caret ?? ""
                    #expect(caret.hasPrefix("did you mean `certificate`?"), "\(caret)")
                }
            }
        }
    }

    @Test func `what cannot be read is an error, and hides no other one`() throws {
        try self.withFolder { folder in
            let missing = loadRouteSet(folder + "/none")
            #expect(missing.problems.map(\.code) == ["R005"])
            #expect(missing.problems.first?.notes == ["there is no such file or folder"])
            #expect(loadConfiguration(folder + "/none.yaml").problems.map(\.code) == ["R005"])
            #expect(loadFlagSet(folder + "/none").problems.map(\.code) == ["R005"])
            try self.write("listeners: 1\nroutes: R\nflags: F\n", folder + "/banyan.yaml")
            let files = EdgeFiles.load(configuration: folder + "/banyan.yaml")
            #expect(files.problems.map(\.code).sorted() == ["R005", "R005", "R010"])
            #expect(!files.isValid)
        }
    }

    @Test func `validate takes configurations, folders and single files, each once`() throws {
        try self.withFolder { folder in
            try self.write("listeners: [{ address: \"127.0.0.1:0\" }]\n", folder + "/banyan.yaml")
            let upstreams = String(decoding: self.upstreams.bytes, as: UTF8.self)
            try self.write(upstreams, folder + "/Routes/up.yaml")
            try self.write(self.designExample, folder + "/Routes/virtual-care.yml")
            try self.write("not yaml: [", folder + "/Routes/README.md")
            try self.write("{ \"flags\": {} }", folder + "/FeatureFlags/a.json")
            let rows: [([String], Int, [String])] = [
                ([folder], 4, ["R039", "R041"]),
                ([folder + "/banyan.yaml", folder + "/Routes"], 4, ["R039", "R041"]),
                ([folder + "/Routes"], 2, []),
                ([folder + "/Routes", folder + "/FeatureFlags"], 3, ["R039", "R041"]),
                // What another file may define is not looked up for one file alone.
                ([folder + "/Routes/virtual-care.yml"], 1, []),
                ([folder + "/FeatureFlags/a.json"], 1, []),
                ([folder + "/nothing"], 0, ["R005"]),
            ]
            for (paths, fileCount, codes) in rows {
                let result = validateAll(paths)
                #expect(result.files.files.count == fileCount, "\(paths)")
                #expect(result.files.problems.map(\.code) == codes, "\(paths)")
            }
            let counts = validateAll([folder]).counts
            #expect(
                counts == "3 YAML files (1 routes, 2 upstreams, 1 tenants), 1 flag files (0 flags)"
            )
        }
    }

    @Test func `more than an edge holds is refused`() {
        let text = (0..<5).map { index in
            let endpoints = (0..<1_000).map { "\"10.\(index).0.1:\($0 + 1)\"" }
            return """
                apiVersion: banyan.dev/v1
                kind: Upstream
                metadata: { name: u\(index) }
                spec: { endpoints: [\(endpoints.joined(separator: ", "))] }

                """
        }.joined(separator: "---\n")
        let file = SourceFile(name: "u.yaml", bytes: Array(text.utf8))
        #expect(EdgeFiles.check(routes: [file]).problems.map(\.code) == ["R006"])
    }

    @Test func `ten thousand tenants and two hundred routes load in seconds`() {
        var tenants = ""
        for index in 0..<10_000 {
            tenants += """
                apiVersion: banyan.dev/v1
                kind: Tenant
                metadata: { name: tenant-\(index), labels: { wave: "\(index % 7)", region: north } }
                spec: { hosts: [tenant-\(index).care.example], aliases: [t\(index)] }
                ---

                """
        }
        var routes = ""
        for index in 0..<200 {
            routes += """
                apiVersion: banyan.dev/v1
                kind: MigrationRoute
                metadata: { name: route-\(index) }
                spec:
                  matches:
                    - path: { type: Template, value: "/api/v1/r\(index)/{id}/{rest...}" }
                  legacy: { upstream: digital-communication }
                  modern: { upstream: virtual-care, path: "/v2/r\(index)/{id}/{rest}" }
                  redirect: { to: "/v2/r\(index)/{id}/{rest}" }
                ---

                """
        }
        let clock = ContinuousClock()
        let start = clock.now
        let files = EdgeFiles.check(routes: [
            self.upstreams, SourceFile(name: "t.yaml", bytes: Array(tenants.utf8)),
            SourceFile(name: "r.yaml", bytes: Array(routes.utf8)),
        ])
        print("10,000 tenants and 200 routes: \(clock.now - start)")
        #expect(files.problems == [])
        #expect(files.set.tenants.count == 10_000)
        #expect(files.set.routes.count == 200)
        // Many times what it takes, even unoptimised: a quadratic step would show.
        #expect(clock.now - start < .seconds(60))
    }
}
