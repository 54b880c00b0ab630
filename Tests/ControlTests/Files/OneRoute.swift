// SPDX-License-Identifier: Apache-2.0

import Documents
import Migration

@testable import Control

/// What comes of a file `r.yaml` with an upstream and one route, whose `spec` has `fields` too.
func oneRoute(_ fields: String) -> (route: RouteModel?, problems: [Problem]) {
    let text = """
        apiVersion: banyan.dev/v1
        kind: Upstream
        metadata: { name: a }
        spec: { endpoints: ["127.0.0.1:9101"] }
        ---
        apiVersion: banyan.dev/v1
        kind: MigrationRoute
        metadata: { name: r }
        spec:
          matches: [{ path: { type: PathPrefix, value: / } }]
          legacy: { upstream: a }
          modern: { upstream: a }
          \(fields.replacing("\n", with: "\n  "))
        """
    let file = SourceFile(name: "r.yaml", bytes: Array(text.utf8))
    let files = EdgeFiles.check(routes: [file])
    return (files.set.routes.first, files.problems)
}
