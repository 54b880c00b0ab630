// SPDX-License-Identifier: Apache-2.0

import Documents

/// One source of a request's tenant on a listener (design.md 4).
public enum TenantSourceModel: Hashable, Sendable {
    /// The Host, looked up in the tenants' `hosts`.
    case host
    /// Segment `index` (from 0) of the path, looked up as id or alias.
    case pathSegment(Int)
    /// A header that only peers in `trustedPeers` may set, looked up as id or alias.
    case trustedHeader(String)
    /// The names (DNS, URI) of a client's verified certificate that begin with this prefix: what is
    /// behind it is looked up as host, id or alias.
    case certificate(prefix: String)
}

/// A block of addresses, `10.0.0.0/8` or `::1/128`.
public struct AddressBlock: Hashable, Sendable {
    /// 16 bytes; IPv4 as mapped IPv6.
    public var bytes: [UInt8]
    /// Leading bits that count, of 128.
    public var prefixBits: Int

    /// A block from its parts.
    public init(bytes: [UInt8], prefixBits: Int) {
        self.bytes = bytes
        self.prefixBits = prefixBits
    }
}

/// One entry of `listeners`.
public struct ListenerModel: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Address to listen on.
    public var host: String
    /// Port; 0: the kernel chooses (tests).
    public var port: Int
    /// Tenant sources; all that are present must agree.
    public var tenantSources: [TenantSourceModel] = [.host]
    /// Peers whose tenant, user and forwarding headers are believed.
    public var trustedPeers: [AddressBlock] = []
    /// Upstream of requests that match no route; `nil`: 404.
    public var defaultUpstream: String?
    /// `tls`; `nil`: clear text.
    public var tls: ListenerTLSModel?
    /// `hsts`; `nil`: not sent.
    public var strictTransport: StrictTransportModel?
    /// `http2`: by ALPN under TLS, by prior knowledge in clear text.
    public var allowsHTTP2 = true
    /// `redirectToHTTPS.port`: everybody is sent there; `nil`: nobody.
    public var redirectPort: Int?
    /// Where it is written.
    public var source: ModelSource

    /// A listener from its parts.
    public init(name: String, host: String, port: Int, source: ModelSource) {
        self.name = name
        self.host = host
        self.port = port
        self.source = source
    }
}

/// `banyan.yaml`, validated, every path resolved against the file's folder.
public struct ConfigurationModel: Hashable, Sendable {
    /// Where traffic comes in, at least one.
    public var listeners: [ListenerModel] = []
    /// `admin.socket`: Unix socket of the CLI.
    public var adminSocket = "banyan.sock"
    /// `admin.listen`: host and port of `/livez`, `/readyz`, `/metrics`; loopback by default.
    public var observeHost = "127.0.0.1"
    /// Its port; 0: the kernel chooses.
    public var observePort = 9901
    /// `store.path`: the SQLite file.
    public var storePath = "banyan.db"
    /// `store.state`: folder of journal and last known good.
    public var statePath = "state"
    /// `routes`: folder of route files.
    public var routesPath = "Routes"
    /// `flags`: folder of flag documents.
    public var flagsPath = "FeatureFlags"
    /// `accessLog.path`; `nil`: none, `-`: stdout.
    public var accessLogPath: String?
    /// `workers`; 0: one per core.
    public var workers = 0
    /// `drain.timeout`: how long requests may finish after SIGTERM.
    public var drainTimeoutMilliseconds = 30_000
    /// `drain.delay`: between `readyz` 503 and closing the listeners.
    public var drainDelayMilliseconds = 0
    /// `limits`: bounds on clients, kept connections and copies.
    public var limits = EdgeLimits()
    /// `dns`: who is asked for the names of endpoints.
    public var nameServers = NameServersModel()
    /// `name`: the edge's name in `Via` and answers.
    public var edgeName = "banyan"

    /// The defaults.
    public init() {}

    /// The sections in which it differs from `other`, as they are called in the file.
    ///
    /// `accessLog` and places of files count too: an edge reads its configuration once.
    public func sections(unlike other: ConfigurationModel) -> [String] {
        func listener(_ model: ListenerModel) -> ListenerModel {
            var plain = model
            // Where it is written may change.
            plain.source = ModelSource(file: "", position: SourcePosition(line: 1, column: 1))
            // Certificates, trust and protocols are taken by a reload; only whether a listener has
            // TLS at all is settled when it opens.
            plain.tls = model.tls.map { _ in
                ListenerTLSModel(certificates: [], ticketRotationSeconds: 0)
            }
            plain.strictTransport = nil
            plain.allowsHTTP2 = true
            plain.redirectPort = nil
            return plain
        }
        let isSame: [(String, Bool)] = [
            ("accessLog", self.accessLogPath == other.accessLogPath),
            (
                "admin",
                self.adminSocket == other.adminSocket && self.observeHost == other.observeHost
                    && self.observePort == other.observePort
            ),
            ("dns", self.nameServers == other.nameServers),
            (
                "drain",
                self.drainTimeoutMilliseconds == other.drainTimeoutMilliseconds
                    && self.drainDelayMilliseconds == other.drainDelayMilliseconds
            ),
            ("flags", self.flagsPath == other.flagsPath),
            ("limits", self.limits == other.limits),
            ("listeners", self.listeners.map(listener) == other.listeners.map(listener)),
            ("name", self.edgeName == other.edgeName),
            ("routes", self.routesPath == other.routesPath),
            (
                "store",
                self.storePath == other.storePath && self.statePath == other.statePath
            ),
        ]
        return isSame.filter { !$0.1 }.map(\.0)
    }
}
