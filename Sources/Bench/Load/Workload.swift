// SPDX-License-Identifier: Apache-2.0

/// What is asked, and of whom: the same bytes for every proxy.
enum Workload: String, CaseIterable {
    /// One route, 1 KiB answers.
    case plain
    /// 1,000 tenants x 50 prefixes; half of the 50,000 cells are at modern.
    case tenants
    /// Every GET is also sent to the second origin.
    case shadow
    /// The same, and each pair of answers is compared; one client, so that comparing keeps up.
    case compared

    static let tenantCount = 1_000
    static let migrationCount = 50
    /// Tenants are spread over that many waves; the stage flags target waves.
    static let waveCount = 10

    static func host(tenant: Int) -> String { "t\(tenant).care.example" }
    static func prefix(migration: Int) -> String { "m\(migration)" }

    /// Where a cell of the table stands: odd sums of wave and migration are at modern.
    static func isModern(tenant: Int, migration: Int) -> Bool {
        (tenant % waveCount + migration) % 2 == 1
    }

    /// The requests, in the order in which they are sent over and over.
    var requests: [BenchRequest] {
        switch self {
        case .plain, .shadow:
            return [BenchRequest(host: "edge.care.example", path: "/m0/items/81", isModern: false)]
        case .compared:
            return (0..<1_000).map { number in
                BenchRequest(
                    host: "edge.care.example",
                    path: "/m0/items/\(number)",
                    isModern: false
                )
            }
        case .tenants:
            // A fixed walk over the cells that jumps far: no proxy shall live off its last answer.
            let cells = Workload.tenantCount * Workload.migrationCount
            return (0..<cells).map { step in
                let cell = step * 7_919 % cells
                let tenant = cell / Workload.migrationCount
                let migration = cell % Workload.migrationCount
                return BenchRequest(
                    host: Workload.host(tenant: tenant),
                    path: "/\(Workload.prefix(migration: migration))/items/\(cell)",
                    isModern: Workload.isModern(tenant: tenant, migration: migration)
                )
            }
        }
    }
}

/// One GET and the origin that must answer it.
struct BenchRequest {
    let host: String
    let path: String
    let isModern: Bool

    var bytes: [UInt8] {
        let lines = [
            "GET \(self.path) HTTP/1.1", "Host: \(self.host)",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) banyan-bench",
            "Accept: application/json", "Accept-Encoding: gzip, br",
            "Authorization: Bearer 0123456789abcdef0123456789abcdef", "", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }
}
