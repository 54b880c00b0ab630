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
    /// The proxy itself answers 301.
    case redirect
    /// 1 MiB answers.
    case large
    /// 5,000 requests a second, whether or not answers come: what a proxy adds to the way.
    case open
    /// 1,000 a second while the shadow misbehaves in six ways: the clients' p99.
    case harm
    /// 5,000 kept connections without a request: their memory.
    case idle
    /// `plain` over TLS 1.3.
    case tls
    /// HTTP/2 over TLS 1.3: 10 connections with 32 streams each, by h2load.
    case h2
    /// A TLS 1.3 handshake, one request, the end of the connection; nothing is resumed.
    case handshake
    /// `large` over TLS 1.3.
    case tlsLarge = "tls-large"
    /// `idle` over TLS 1.3.
    case tlsIdle = "tls-idle"

    static let tenantCount = 1_000
    static let migrationCount = 50
    /// Tenants are spread over that many waves; the stage flags target waves.
    static let waveCount = 10
    static let idleConnections = 5_000
    static let openRequestsPerSecond = 5_000
    static let harmRequestsPerSecond = 1_000

    /// How it is measured.
    enum Pass {
        /// Each client sends its next request when it has the answer.
        case closed
        /// Requests are due at fixed times; latency counts from then.
        case open
        /// Connections are opened, used once and kept.
        case idle
        /// h2load asks.
        case h2load
        /// An open loop beside a harmful shadow.
        case harm
    }

    var pass: Pass {
        switch self {
        case .open: .open
        case .harm: .harm
        case .idle, .tlsIdle: .idle
        case .h2: .h2load
        default: .closed
        }
    }

    var isTLS: Bool {
        switch self {
        case .tls, .h2, .handshake, .tlsLarge, .tlsIdle: true
        default: false
        }
    }

    var isLarge: Bool { self == .large || self == .tlsLarge }
    var isShadowed: Bool { self == .shadow || self == .compared || self == .harm }

    /// Connections at once.
    var clients: Int {
        switch self {
        case .compared: 1
        case .large, .tlsLarge, .handshake: 16
        default: 64
        }
    }

    /// Whether instructions are counted: where all of the time is in the proxy's own code or the
    /// kernel, not in a library's cryptography.
    var countsInstructions: Bool {
        switch self {
        case .plain, .tenants, .shadow, .redirect: true
        default: false
        }
    }

    /// What each answer must be.
    var answer: ExpectedAnswer {
        switch self {
        case .redirect: .redirect
        case .large, .tlsLarge: .large
        default: .small
        }
    }

    static func host(tenant: Int) -> String { "t\(tenant).care.example" }
    static func prefix(migration: Int) -> String { "m\(migration)" }

    /// Where a cell of the table stands: odd sums of wave and migration are at modern.
    static func isModern(tenant: Int, migration: Int) -> Bool {
        (tenant % waveCount + migration) % 2 == 1
    }

    /// The requests, in the order in which they are sent over and over.
    var requests: [BenchRequest] {
        switch self {
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
        default:
            return [BenchRequest(host: "edge.care.example", path: "/m0/items/81", isModern: false)]
        }
    }
}

/// What an answer must be to count as good.
enum ExpectedAnswer: BitwiseCopyable {
    /// 200 with ``LoadGenerator/bodyBytes``, from the origin that the request names.
    case small
    /// 200 with ``LoadGenerator/largeBytes``; what comes behind the head is dropped unread.
    case large
    /// 301 with a Location.
    case redirect
}

/// One GET and the origin that must answer it.
struct BenchRequest {
    let host: String
    let path: String
    let isModern: Bool

    /// Fields as a browser sends them.
    static let fields = [
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) banyan-bench",
        "Accept: application/json", "Accept-Encoding: gzip, br",
        "Authorization: Bearer 0123456789abcdef0123456789abcdef",
    ]

    var bytes: [UInt8] {
        let lines =
            ["GET \(self.path) HTTP/1.1", "Host: \(self.host)"] + BenchRequest.fields + ["", ""]
        return Array(lines.joined(separator: "\r\n").utf8)
    }
}
