// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import TLS
import Testing

/// An authority, a server's certificate by it, and their files.
struct TestWorld {
    let folder: TestFolder
    let authority = TestCertificate.authority()
    let caFile: String
    let tickets: TLSTicketKeys

    init(rotationSeconds: Int = 3_600) throws {
        self.folder = try TestFolder()
        self.caFile = try self.folder.write("ca.pem", self.authority.pem, mode: 0o644)
        self.tickets = try TLSTicketKeys(rotationSeconds: rotationSeconds)
    }

    /// Files of a certificate.
    func plan(_ name: String, _ certificate: TestCertificate) throws -> TLSCertificatePlan {
        TLSCertificatePlan(
            name: name,
            chain: try self.folder.write("\(name).pem", certificate.chainPEM, mode: 0o644),
            key: try self.folder.write("\(name).key", certificate.key.pem)
        )
    }

    func server(
        _ certificates: [TestCertificate],
        change: (inout TLSServerPlan) throws -> Void = { _ in }
    ) throws -> TLSServerContext {
        var plans: [TLSCertificatePlan] = []
        for (index, certificate) in certificates.enumerated() {
            plans.append(try self.plan("s\(index)-\(certificate.serial)", certificate))
        }
        var plan = TLSServerPlan(name: "test", certificates: plans)
        try change(&plan)
        return try TLSServerContext(plan, tickets: self.tickets)
    }

    func client(
        _ serverName: String = "a.example",
        change: (inout TLSClientPlan) throws -> Void = { _ in }
    ) throws -> TLSClientContext {
        var plan = TLSClientPlan(serverName: serverName)
        plan.ca = self.caFile
        try change(&plan)
        return try TLSClientContext(plan)
    }
}

/// Two non-blocking sockets that are connected to each other.
final class SocketPair {
    let first: Int32
    let second: Int32
    private var isFirstOpen = true
    private var isSecondOpen = true

    init(bufferBytes: Int32? = nil) {
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        precondition(socketpair(AF_UNIX, type, 0, &pair) == 0)
        self.first = pair[0]
        self.second = pair[1]
        if var bytes = bufferBytes {
            for fd in pair {
                let size = socklen_t(MemoryLayout<Int32>.size)
                setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, size)
                setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, size)
            }
        }
    }

    func closeFirst() {
        if self.isFirstOpen { close(self.first) }
        self.isFirstOpen = false
    }

    func closeSecond() {
        if self.isSecondOpen { close(self.second) }
        self.isSecondOpen = false
    }

    deinit {
        self.closeFirst()
        self.closeSecond()
    }
}

/// One server and one client session over a socket pair; index 0 of a table each.
final class TestPair {
    var server: TLSSessionTable
    var client: TLSSessionTable
    let sockets: SocketPair
    private(set) var serverStep = TLSStep.wantsRead
    private(set) var clientStep = TLSStep.wantsWrite

    init(bufferBytes: Int32? = nil) {
        self.server = TLSSessionTable(capacity: 4)
        self.client = TLSSessionTable(capacity: 4)
        self.sockets = SocketPair(bufferBytes: bufferBytes)
    }

    /// Shakes hands until neither side can go on; whether both are done.
    func shake(_ server: TLSServerContext, _ client: TLSClientContext) -> Bool {
        precondition(self.server.accept(0, server, fd: self.sockets.first))
        precondition(self.client.connect(0, client, fd: self.sockets.second))
        return self.shake()
    }

    func shake() -> Bool {
        for _ in 0..<64 {
            self.clientStep = self.client.handshake(0)
            self.serverStep = self.server.handshake(0)
            if self.clientStep == .done && self.serverStep == .done { return true }
            if self.clientStep == .failed && self.serverStep == .failed { return false }
            if self.clientStep == .failed || self.serverStep == .failed {
                _ = self.client.handshake(0)
                _ = self.server.handshake(0)
                return false
            }
        }
        return false
    }
}

extension TLSSessionTable {
    /// Reads once into an array.
    mutating func readBytes(_ index: UInt32, most: Int = 65_536) -> (TLSRead, [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: most)
        let result = buffer.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return TLSRead.failed }
            return self.read(index, into: base, count: most)
        }
        if case .bytes(let count) = result { return (result, Array(buffer[..<count])) }
        return (result, [])
    }

    /// Writes an array as one or two windows.
    mutating func writeBytes(
        _ index: UInt32,
        _ first: [UInt8],
        _ second: [UInt8] = []
    ) -> TLSWrite {
        withWindow(first) { one in withWindow(second) { two in self.write(index, one, two) } }
    }
}

/// A session could be begun: there is memory.
func begin(_ isBegun: Bool) throws { try #require(isBegun) }
