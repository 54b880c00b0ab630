// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 2: SIGHUP reloads all or nothing, also many times under load.
@Suite("Reload storm", .serialized)
struct ReloadStormTests {
    /// A thousand in `make soak`.
    private static let reloads = Places.isSoak ? 1_000 : 200

    @Test func `of many reloads under load half are refused, and no request notices`() throws {
        let origins = try ["even", "odd"].map { try LoadOrigin(name: $0) }
        // The set of files with a number: its routes lead to one origin only.
        func files(_ number: Int) -> [String: String] {
            let address = origins[number % 2].address
            let migration = PlainMigration(name: "charts", legacy: address, modern: address)
            return PlainMigration.files([migration], tenants: ["acme", "tenant-\(number)"])
        }
        let edge = try EdgeUnderTest(files: files(0))
        let clients = (0..<4).map { index in
            SteadyClient(
                port: edge.port,
                path: "/charts/a",
                fields: "X-Tenant-Id: acme\r\n",
                isKept: index < 3
            )
        }
        for client in clients { client.start() }

        var lastValid = 0
        for number in 1...Self.reloads {
            let isValid = number % 2 == 1
            for (name, text) in files(isValid ? number / 2 + 1 : lastValid + 1) {
                try edge.folder.write(name, text)
            }
            if isValid { lastValid = number / 2 + 1 } else { try self.spoil(edge, number / 2) }
            let (reloaded, refused) = self.counts(edge)
            edge.child.signal(SIGHUP)
            try waitUntil("reload \(number) is through") {
                self.counts(edge) != (reloaded, refused)
            }
            let expected = isValid ? (reloaded + 1, refused) : (reloaded, refused + 1)
            #expect(self.counts(edge) == expected, "reload \(number)")
            try edge.folder.write("Routes/spoilt.yaml", "# nothing\n")
        }
        for client in clients {
            let count = client.count
            try waitUntil("still served") { client.count > count + 50 }
        }
        let results = clients.map { $0.finish() }
        #expect(results.flatMap(\.failed).isEmpty, "\(results.flatMap(\.failed).prefix(3))")
        #expect(results.allSatisfy { $0.unaccepted == 0 && !$0.wasRefused })
        // Both kinds of sets were in force for a while, and the last valid one is.
        for name in ["even", "odd"] {
            #expect(results.contains { $0.origins[name, default: 0] > 100 }, "\(name)")
        }
        let last = origins[lastValid % 2].name
        #expect(try edge.ask("/charts/a", tenant: "acme").field("Origin-Name") == last)
        let tenants = try edge.banyan(["tenants", "list"]).out
        #expect(tenants.contains("tenant-\(lastValid)"), "\(tenants)")
        #expect(!tenants.contains("tenant-\(lastValid + 1)"))
        print("reload storm: \(results.map(\.answered).reduce(0, +)) requests beside it")
    }

    /// Breaks the set in one of several ways.
    private func spoil(_ edge: EdgeUnderTest, _ way: Int) throws {
        switch way % 4 {
        case 0: try edge.folder.write("Routes/charts.yaml", "kind: [\n")
        case 1: try edge.folder.write("FeatureFlags/stages.json", #"{"flags": "#)
        case 2:
            let text = edge.folder.read("Routes/charts.yaml")
            let spoilt = text.replacingOccurrences(
                of: "upstream: charts-legacy",
                with: "upstream: x"
            )
            try edge.folder.write("Routes/charts.yaml", spoilt)
        default:
            // The same matches under another name.
            let text = edge.folder.read("Routes/charts.yaml")
            let route = text.components(separatedBy: "---\n").last ?? ""
            let second = route.replacingOccurrences(of: "name: charts", with: "name: rival")
            try edge.folder.write("Routes/spoilt.yaml", second)
        }
    }

    private func counts(_ edge: EdgeUnderTest) -> (reloaded: Int, refused: Int) {
        let lines = edge.child.error.split(separator: "\n")
        return (
            lines.count { $0.hasPrefix("reloaded:") },
            lines.count { $0.hasPrefix("reload refused") }
        )
    }
}
