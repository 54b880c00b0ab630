// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An edge whose route `charts` goes to one upstream for both origins, as the test writes it.
func upstreamEdge(
    endpoints: String,
    _ spec: [String] = [],
    nameServer: String? = nil,
    files: [String: String] = [:]
) throws -> EdgeUnderTest {
    let migration = PlainMigration(name: "charts", legacy: "unused", modern: "unused")
    var all = PlainMigration.files([migration], tenants: ["acme"])
    all["Routes/charts.yaml"] = migration.routeFile.replacingOccurrences(
        of: "endpoints: [\"unused\"]",
        with: (["endpoints: [\(endpoints)]"] + spec).joined(separator: ", ")
    )
    for (name, text) in files { all[name] = text }
    let dns = nameServer.map { "dns: { servers: [\"\($0)\"], timeout: 500ms, tries: 1 }" }
    return try EdgeUnderTest(files: all, lines: ["drain: { timeout: 5s }", dns ?? ""])
}

/// A row of `banyan status -o json` about an endpoint.
struct EndpointRow: Decodable {
    var upstream: String
    var endpoint: String
    var address: String?
    var state: String
    var sinceMilliseconds: Int
    var reason: String?
}

extension EdgeUnderTest {
    /// What `banyan status` says of the endpoints of an upstream.
    func endpoints(of upstream: String) throws -> [EndpointRow] {
        struct Report: Decodable { var endpoints: [EndpointRow] }
        let result = try self.banyan(["status", "-o", "json"])
        guard result.status == 0 else { throw AcceptanceError("status: \(result.error)") }
        let report = try JSONDecoder().decode(Report.self, from: Data(result.out.utf8))
        return report.endpoints.filter { $0.upstream == upstream }
    }
}
