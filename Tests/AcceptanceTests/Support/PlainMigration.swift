// SPDX-License-Identifier: Apache-2.0

/// A migration for a test: `/NAME/...` goes to one of two origins as `/...`.
///
/// Its users are told by the cookie `site_user`; its flag's default is legacy.
struct PlainMigration: Sendable {
    var name: String
    var legacy: String
    var modern: String
    var data = "forward"
    var settle = "0s"
    /// Further members of both upstreams' `spec`, `tls: { ... }` for instance.
    var upstream: [String] = []
    /// Further lines of the route's `spec`.
    var route: [String] = []

    /// Upstreams and route, as a route file.
    var routeFile: String {
        """
        apiVersion: banyan.dev/v1
        kind: Upstream
        metadata: { name: \(self.name)-legacy }
        spec: { \(self.members(self.legacy)) }
        ---
        apiVersion: banyan.dev/v1
        kind: Upstream
        metadata: { name: \(self.name)-modern }
        spec: { \(self.members(self.modern)) }
        ---
        apiVersion: banyan.dev/v1
        kind: MigrationRoute
        metadata: { name: \(self.name) }
        spec:
          matches:
            - path: { type: Template, value: "/\(self.name)/{rest...}" }
          legacy: { upstream: \(self.name)-legacy, path: "/{rest}" }
          modern: { upstream: \(self.name)-modern, path: "/{rest}" }
          stages: [legacy, shadow, live, modern]
          tenant: required
          user: { cookie: site_user }
          data: \(self.data)
          settle: \(self.settle)
        \(self.route.map { "  \($0)\n" }.joined())
        """
    }

    private func members(_ endpoint: String) -> String {
        (["endpoints: [\"\(endpoint)\"]"] + self.upstream).joined(separator: ", ")
    }

    /// Its stage flag as a member of `flags`.
    var flag: String {
        """
        "\(self.name)": {
          "state": "ENABLED",
          "variants": {
            "legacy": "legacy", "shadow": "shadow", "live": "live", "modern": "modern"
          },
          "defaultVariant": "legacy",
          "metadata": { "owner": "acceptance", "expires": "2099-12-31", "description": "A test." }
        }
        """
    }

    /// Files of an edge with these migrations and tenants.
    static func files(_ migrations: [PlainMigration], tenants: [String]) -> [String: String] {
        let documents = tenants.map { id in
            """
            apiVersion: banyan.dev/v1
            kind: Tenant
            metadata: { name: \(id), labels: { wave: "1" } }
            spec: { hosts: [\(id).care.example] }

            """
        }
        var files = [
            "Routes/tenants.yaml": documents.joined(separator: "---\n"),
            "FeatureFlags/stages.json": """
            {
              "$schema": "https://flagd.dev/schema/v0/flags.json",
              "metadata": { "flagSetId": "stages", "version": "1" },
              "flags": { \(migrations.map(\.flag).joined(separator: ",\n")) }
            }
            """,
        ]
        for migration in migrations {
            files["Routes/\(migration.name).yaml"] = migration.routeFile
        }
        return files
    }
}
