// SPDX-License-Identifier: Apache-2.0

import Bytes
import Glibc
import Kernel
import Wire

/// Asks a control server: one request, one connection.
///
/// For the CLI and for tests.
public struct ControlClient: Sendable {
    private let address: SocketAddress
    private let host: String
    /// The longest wait for the answer's next byte.
    public var timeoutMilliseconds = 30_000
    /// Bytes of an answer's content.
    public var bodyBytesMax = 64 * 1_048_576

    /// A client of the Unix socket at `path`.
    public init(socketPath path: String) throws(ControlServerError) {
        guard let address = SocketAddress(unixPath: path) else { throw .badAddress(path) }
        self.address = address
        self.host = "localhost"
    }

    /// A client of a TCP port.
    public init(host: String, port: Int) throws(ControlServerError) {
        guard let address = try? resolve(host: host, port: port).first else {
            throw .badAddress(host)
        }
        self.address = address
        self.host = "\(host):\(port)"
    }

    /// Sends a request and reads the whole answer.
    public func send(
        _ method: String,
        _ target: String,
        headers: [ControlField] = [],
        body: [UInt8] = []
    ) throws(ControlServerError) -> ControlResponse {
        let fd: FileDescriptor
        do {
            fd = try connectBlocking(to: self.address, timeoutMilliseconds: 2_000)
        } catch {
            let words = "connect to \(self.address.text)"
            let isNobody = error.number == ENOENT || error.number == ECONNREFUSED
            throw isNobody ? .nobody(words, error.text) : .system(words, error.text)
        }
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(self.host)\r\nConnection: close\r\n"
        for field in headers { head += "\(field.name): \(field.value)\r\n" }
        if !body.isEmpty || method == "POST" || method == "PUT" {
            head += "Content-Length: \(body.count)\r\n"
        }
        let bytes = Array((head + "\r\n").utf8) + body
        // An early refusal may end the write: the answer tells, so a failed write is no error yet.
        _ = writeBlocking(fd.number, bytes, timeoutMilliseconds: self.timeoutMilliseconds)
        do throws(ControlMessageError) {
            return try self.readAnswer(fd.number, to: method)
        } catch {
            throw .system("read the answer of \(self.address.text)", "\(error)")
        }
    }

    private func readAnswer(
        _ fd: Int32,
        to method: String
    ) throws(ControlMessageError) -> ControlResponse {
        var connection = ControlConnection(
            fd: fd,
            idleTimeoutMilliseconds: self.timeoutMilliseconds,
            messageTimeoutMilliseconds: self.timeoutMilliseconds,
            bodyBytesMax: self.bodyBytesMax
        )
        let token: MethodToken = method == "HEAD" ? .head : .get
        var head = try connection.readHead(answering: token)
        while head.firstLine.count > 1, head.firstLine[1].hasPrefix("1") {
            head = try connection.readHead(answering: token)
        }
        guard head.firstLine[0].hasPrefix("HTTP/1."), let status = Int(head.firstLine[1]) else {
            throw .refused(502, "no status line")
        }
        let hasBody = method != "HEAD" && status != 204 && status != 304
        let body = hasBody ? try connection.readBody(of: head, untilEnd: true) : []
        return ControlResponse(
            status: status,
            contentType: head.values("content-type").first,
            headers: head.fields,
            body: body
        )
    }
}
