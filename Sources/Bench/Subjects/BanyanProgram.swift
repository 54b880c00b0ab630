// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Banyan with one worker: `banyan serve` on generated files.
struct BanyanProgram: SubjectProgram {
    let name = "banyan"
    let executable: String
    /// Where redirected requests are sent.
    static let redirectHost = "new.care.example"
    /// Whether answers are compared where the workload asks for it.
    var compares = true

    func can(_ workload: Workload) -> Bool { true }

    func prepare(_ workload: Workload, _ place: SubjectPlace) throws -> [String] {
        let configuration = try place.write("banyan.yaml", self.configuration(workload, place))
        try place.write("Routes/upstreams.yaml", self.upstreams(place))
        try place.write("Routes/migrations.yaml", self.migrations(workload))
        try place.write("Routes/tenants.yaml", self.tenants(workload))
        try place.write("FeatureFlags/stages.json", self.flags(workload))
        return [self.executable, "serve", "--config", configuration, "--workers", "1"]
    }

    private func configuration(_ workload: Workload, _ place: SubjectPlace) -> String {
        """
        listeners:
          - name: edge
            address: 127.0.0.1:\(place.port)
            tenant: { sources: [host] }
            \(self.tls(workload, place))
        admin:
          socket: \(place.path("admin.sock"))
          listen: 127.0.0.1:0
        store:
          path: \(place.path("banyan.db"))
          state: \(place.path("state"))
        routes: Routes
        flags: FeatureFlags
        accessLog: { path: \(place.path("access.log")) }

        """
    }

    private func tls(_ workload: Workload, _ place: SubjectPlace) -> String {
        guard workload.isTLS else { return "" }
        let files = "chain: \(place.identity.chain), key: \(place.identity.key)"
        return "tls: { certificates: [{ \(files) }] }"
    }

    private func upstreams(_ place: SubjectPlace) -> String {
        [("legacy", place.legacyPort), ("modern", place.modernPort)].map { name, port in
            """
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: \(name) }
            spec: { endpoints: ["127.0.0.1:\(port)"] }
            """
        }.joined(separator: "\n---\n") + "\n"
    }

    private func migrations(_ workload: Workload) -> String {
        if workload == .redirect { return self.redirectRoute }
        let count = workload == .tenants ? Workload.migrationCount : 1
        return (0..<count).map { migration in
            """
            apiVersion: banyan.dev/v1
            kind: MigrationRoute
            metadata: { name: \(Workload.prefix(migration: migration)) }
            spec:
              matches:
                - path: { type: PathPrefix, value: /\(Workload.prefix(migration: migration)) }
              legacy: { upstream: legacy }
              modern: { upstream: modern }
              parity: \(self.parity(workload))
            """
        }.joined(separator: "\n---\n") + "\n"
    }

    private var redirectRoute: String {
        """
        apiVersion: banyan.dev/v1
        kind: MigrationRoute
        metadata: { name: m0 }
        spec:
          matches:
            - path: { type: Template, value: "/m0/{rest...}" }
          legacy: { upstream: legacy }
          modern: { upstream: modern, path: "/n0/{rest}" }
          stages: [legacy, shadow, live, modern, redirect, gone]
          redirect: { to: "/n0/{rest}", hostname: \(BanyanProgram.redirectHost), status: 301 }
          parity: { compare: false }

        """
    }

    private func stage(_ workload: Workload) -> String {
        if workload == .redirect { return "redirect" }
        return workload.isShadowed ? "shadow" : "legacy"
    }

    private func parity(_ workload: Workload) -> String {
        guard workload == .compared, self.compares else { return "{ compare: false }" }
        return
            "{ again: 0%, rechecks: 0, json: { ignore: [{ path: /meta/lastUpdated, owner: bench, "
            + "reason: clock }] } }"
    }

    private func tenants(_ workload: Workload) -> String {
        let isTable = workload == .tenants
        return (0..<(isTable ? Workload.tenantCount : 1)).map { tenant in
            let host = isTable ? Workload.host(tenant: tenant) : "edge.care.example"
            return """
                apiVersion: banyan.dev/v1
                kind: Tenant
                metadata: { name: t\(tenant), labels: { wave: "w\(tenant % Workload.waveCount)" } }
                spec: { hosts: [\(host)] }
                """
        }.joined(separator: "\n---\n") + "\n"
    }

    /// One stage flag for each migration; in the table it targets the waves that are at modern.
    private func flags(_ workload: Workload) -> String {
        let count = workload == .tenants ? Workload.migrationCount : 1
        let flags = (0..<count).map { migration in
            let waves = (0..<Workload.waveCount)
                .filter { Workload.isModern(tenant: $0, migration: migration) }
                .map { "\"w\($0)\"" }.joined(separator: ", ")
            let targeting =
                workload == .tenants
                ? #", "targeting": {"if": [{"in": [{"var": "labels.wave"}, "#
                    + #"[\#(waves)]]}, "modern"]}"#
                : ""
            let stages = ["legacy", "shadow", "live", "modern"]
            let variants = (stages + (workload == .redirect ? ["redirect"] : []))
                .map { "\"\($0)\": \"\($0)\"" }.joined(separator: ", ")
            return """
                "\(Workload.prefix(migration: migration))": {
                  "state": "ENABLED",
                  "variants": {\(variants)},
                  "defaultVariant": "\(self.stage(workload))",
                  "metadata": {"owner": "bench", "expires": "2099-12-31", "reason": "bench"}
                  \(targeting)
                }
                """
        }
        return "{\"flags\": {\n\(flags.joined(separator: ",\n"))\n}}\n"
    }
}
