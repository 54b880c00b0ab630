// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// The built `banyan serve` on files that a test writes, on free ports, in a folder of its own.
final class EdgeUnderTest: @unchecked Sendable {
    let folder: TemporaryFolder
    let port: Int
    let observePort: Int
    private(set) var child: ChildProcess
    private let binary: URL
    private let environment: [String: String]
    private let arguments: [String]

    /// Where an edge's traffic and its health are found, for templates of `configuration`.
    struct Ports: Sendable {
        var edge: Int
        var observe: Int
    }

    /// Writes the files, starts the edge, and waits until it is ready.
    ///
    /// `files` are paths (`Routes/a.yaml`) and texts. `lines` end `banyan.yaml`, or `configuration`
    /// writes all of it; the default trusts X-Tenant-Id and X-User-Id of this machine, beside the
    /// tenants' hosts.
    init(
        files: [String: String],
        workers: Int = 2,
        lines: [String] = ["drain: { timeout: 5s }"],
        trustedPeers: String = "127.0.0.0/8",
        environment: [String: String] = [:],
        binary: URL = Places.binary,
        arguments: [String] = [],
        configuration: ((Ports) -> String)? = nil
    ) throws {
        self.folder = try TemporaryFolder()
        let ports = try freePorts(2)
        self.port = ports[0]
        self.observePort = ports[1]
        self.environment = environment
        self.binary = binary
        self.arguments = arguments
        let plain = """
            listeners:
              - name: web
                address: "127.0.0.1:\(ports[0])"
                tenant: { sources: [host, { header: X-Tenant-Id }] }
                trustedPeers: ["\(trustedPeers)"]
            admin: { socket: admin.sock, listen: "127.0.0.1:\(ports[1])" }
            store: { path: banyan.db, state: state }
            accessLog: { path: access.log }
            workers: \(workers)
            \(lines.joined(separator: "\n"))

            """
        let own = configuration.map { $0(Ports(edge: ports[0], observe: ports[1])) }
        try self.folder.write("banyan.yaml", own ?? plain)
        for name in ["Routes", "FeatureFlags"] {
            let url = self.folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }
        for (name, text) in files { try self.folder.write(name, text) }
        self.child = try Self.start(binary, arguments, self.folder, environment)
        try self.waitUntilReady()
    }

    private static func start(
        _ binary: URL,
        _ arguments: [String],
        _ folder: TemporaryFolder,
        _ environment: [String: String]
    ) throws -> ChildProcess {
        try ChildProcess(
            binary.path,
            ["serve", "--config", folder.path("banyan.yaml")] + arguments,
            environment: environment,
            directory: folder.path
        )
    }

    /// Starts it again on the same files and state, after it has ended.
    func restart() throws {
        precondition(!self.child.isRunning, "it runs")
        self.child = try Self.start(self.binary, self.arguments, self.folder, self.environment)
        try self.waitUntilReady()
    }

    /// Polls `/readyz` until it says 200.
    func waitUntilReady(seconds: Double = 30) throws {
        try waitUntil("the edge is ready; it said: \(self.child.error)", seconds: seconds) {
            guard self.child.isRunning else {
                throw AcceptanceError("the edge has ended: \(self.child.out)\(self.child.error)")
            }
            return try curl([self.observe("/readyz")]).status == 200
        }
    }

    /// A URL of its traffic listener.
    func url(_ path: String) -> String { "http://127.0.0.1:\(self.port)\(path)" }
    /// A URL of its health and metrics listener.
    func observe(_ path: String) -> String { "http://127.0.0.1:\(self.observePort)\(path)" }

    /// Asks as `tenant` (by the trusted header); further curl options before the path.
    func ask(_ path: String, tenant: String? = nil, _ options: [String] = []) throws -> CurlAnswer {
        let header = tenant.map { ["-H", "X-Tenant-Id: \($0)"] } ?? []
        return try curl(header + options + [self.url(path)])
    }

    /// Runs a command of the CLI against this edge.
    @discardableResult
    func banyan(_ arguments: [String]) throws -> CommandResult {
        try runCommand(self.binary.path, arguments, directory: self.folder.path)
    }

    /// The lines of its access log, parsed.
    func accessLog() throws -> [[String: Any]] {
        try self.folder.read("access.log").split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return object as? [String: Any] ?? [:]
        }
    }
}

/// Ports that the kernel had free a moment ago, all different.
func freePorts(_ count: Int) throws -> [Int] {
    var descriptors: [Int32] = []
    defer { for fd in descriptors { close(fd) } }
    return try (0..<count).map { _ in
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard fd >= 0 else { throw AcceptanceError("no socket") }
        descriptors.append(fd)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(fd, generic, length) == 0 ? getsockname(fd, generic, &length) : -1
            }
        }
        guard result == 0 else { throw AcceptanceError("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
