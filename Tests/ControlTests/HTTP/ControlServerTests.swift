// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel
import Synchronization
import Testing

@testable import Control

@Suite("Control server")
struct ControlServerTests {
    private func echo() throws -> ControlServer {
        try ControlServer(.tcp(host: "127.0.0.1", port: 0), name: "echo") { request in
            var response = ControlResponse.text(
                "\(request.method) \(request.segments.joined(separator: "|")) "
                    + "\(request.query["q"] ?? "-") \(request.header("X-Probe") ?? "-") "
                    + String(decoding: request.body, as: UTF8.self)
            )
            response.headers.append(ControlField("X-Seen", "yes"))
            return response
        }
    }

    /// Everything that a server answers to raw bytes until it closes.
    private func raw(_ text: String, port: Int) throws -> String {
        let address = try #require(try resolve(host: "127.0.0.1", port: port).first)
        let fd = try connectBlocking(to: address, timeoutMilliseconds: 2_000)
        _ = writeBlocking(fd.number, Array(text.utf8), timeoutMilliseconds: 2_000)
        shutdownWrite(fd.number)
        var bytes: [UInt8] = []
        while case .bytes = readBlocking(
            fd.number,
            into: &bytes,
            atMost: 65_536,
            timeoutMilliseconds: 5_000
        ) {}
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a request reaches the handler with its parts decoded`() throws {
        let server = try self.echo()
        defer { server.stop() }
        let client = try ControlClient(host: "127.0.0.1", port: server.port)
        let answer = try client.send(
            "POST",
            "/a%20b/c?q=x+y%26",
            headers: [ControlField("x-probe", "7")],
            body: Array("content".utf8)
        )
        #expect(answer.status == 200)
        #expect(answer.text == "POST a b|c x y& 7 content")
        #expect(answer.header("x-seen") == "yes")
    }

    @Test func `pipelined requests are answered in order on one connection`() throws {
        let server = try self.echo()
        defer { server.stop() }
        let text = try self.raw(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                + "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n"
                + "GET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /5 HTTP/1.1\r\n\r\n",
            port: server.port
        )
        #expect(text.contains("GET 1 - - "))
        #expect(!text.contains("HEAD 2"))
        #expect(text.contains("POST 3 - - abcde"))
        #expect(text.contains("GET 4"))
        #expect(!text.contains("GET 5"))
        #expect(text.components(separatedBy: "HTTP/1.1 200 OK").count == 5)
    }

    @Test func `malformed messages are refused with the right status`() throws {
        let server = try self.echo()
        defer { server.stop() }
        let table: [(String, String)] = [
            ("GET\r\n\r\n", "400"),
            ("GET http://a/ HTTP/1.1\r\n\r\n", "400"),
            ("GET / HTTP/2.0\r\n\r\n", "505"),
            ("GET / HTTP/1.1\r\n\r\n", "400"),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "400"),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "400"
            ),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400"),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
                "400"
            ),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", "413"),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", "400"),
            ("GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n", "431"),
            ("GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 17_000) + "\r\n\r\n", "431"),
        ]
        for (request, status) in table {
            let text = try self.raw(request, port: server.port)
            #expect(
                text.hasPrefix("HTTP/1.1 \(status) "),
                "\(request.prefix(60)) -> \(text.prefix(80))"
            )
        }
    }

    @Test func `a raw writer owns the bytes on the wire`() throws {
        let server = try ControlServer(.tcp(host: "127.0.0.1", port: 0), name: "raw") { _ in
            .raw { fd in
                _ = writeBlocking(
                    fd,
                    Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort".utf8),
                    timeoutMilliseconds: 1_000
                )
            }
        }
        defer { server.stop() }
        let text = try self.raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n", port: server.port)
        #expect(text.hasSuffix("\r\n\r\nshort"))
    }

    @Test func `a unix socket tells who asks and its file goes with the server`() throws {
        let path = NSTemporaryDirectory() + "bn-\(UUID().uuidString.prefix(8)).sock"
        let server = try ControlServer(.unix(path: path, mode: 0o600), name: "unix") { request in
            guard case .local(let user, let process) = request.peer else { return .text("?") }
            return .text("\(user) \(process)")
        }
        let answer = try ControlClient(socketPath: path).send("GET", "/")
        #expect(answer.text == "\(getuid()) \(getpid())")
        #expect(throws: ControlServerError.inUse(path)) {
            _ = try ControlServer(.unix(path: path, mode: 0o600), name: "two") { _ in .text("") }
        }
        server.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `connections beyond the bound are answered 503`() throws {
        var options = ControlServerOptions()
        options.connectionsMax = 1
        let server = try ControlServer(
            .tcp(host: "127.0.0.1", port: 0),
            name: "one",
            options: options
        ) { _ in .text("ok") }
        defer { server.stop() }
        let address = try #require(try resolve(host: "127.0.0.1", port: server.port).first)
        let first = try connectBlocking(to: address, timeoutMilliseconds: 2_000)
        _ = writeBlocking(
            first.number,
            Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8),
            timeoutMilliseconds: 9
        )
        var bytes: [UInt8] = []
        _ = readBlocking(first.number, into: &bytes, atMost: 4_096, timeoutMilliseconds: 5_000)
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        let text = try self.raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n", port: server.port)
        #expect(text.hasPrefix("HTTP/1.1 503 "))
    }

    @Test func `a stop answers what is in work and ends idle connections`() throws {
        let entered = DispatchSemaphore(value: 0)
        let release = DispatchSemaphore(value: 0)
        let server = try ControlServer(.tcp(host: "127.0.0.1", port: 0), name: "stop") { _ in
            entered.signal()
            release.wait()
            return .text("finished")
        }
        let address = try #require(try resolve(host: "127.0.0.1", port: server.port).first)
        let idle = try connectBlocking(to: address, timeoutMilliseconds: 2_000)
        let busy = try connectBlocking(to: address, timeoutMilliseconds: 2_000)
        _ = writeBlocking(
            busy.number,
            Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8),
            timeoutMilliseconds: 9
        )
        entered.wait()
        let stopper = try CoreThread(name: "stopper") { server.stop() }
        var bytes: [UInt8] = []
        #expect(
            readBlocking(idle.number, into: &bytes, atMost: 1, timeoutMilliseconds: 5_000) == .end
        )
        release.signal()
        stopper.join()
        while case .bytes = readBlocking(
            busy.number,
            into: &bytes,
            atMost: 4_096,
            timeoutMilliseconds: 5_000
        ) {}
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasSuffix("finished"))
        #expect(text.contains("Connection: close"))
    }
}
