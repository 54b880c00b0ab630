// SPDX-License-Identifier: Apache-2.0

import Kernel
import Parity
import Testing

@testable import Control

@Suite("Origin client") struct OriginClientTests {
    private static let request = Array(
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".utf8
    )

    /// An origin that sends `head`, then a byte every 20 ms for as long as somebody reads.
    private static func trickling(_ head: String) throws -> ControlServer {
        try ControlServer(.tcp(host: "127.0.0.1", port: 0), name: "origin") { _ in
            .raw { fd in
                guard case .bytes = writeBlocking(fd, Array(head.utf8), timeoutMilliseconds: 1_000)
                else { return }
                while case .bytes = writeBlocking(fd, [0x61], timeoutMilliseconds: 1_000) {
                    sleepThread(milliseconds: 20)
                }
            }
        }
    }

    @Test func `an answer that trickles has one deadline as a whole`() throws {
        for head in [
            "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx-slow: ",
        ] {
            let server = try Self.trickling(head)
            defer { server.stop(timeoutMilliseconds: 100) }
            let address = try resolve(host: "127.0.0.1", port: server.port)[0]
            var client = OriginClient()
            client.timeoutMilliseconds = 300
            let start = monotonicNanoseconds()
            let answer = client.send(Self.request, to: address)
            let passed = (monotonicNanoseconds() - start) / 1_000_000
            #expect(answer.end == .failed, "\(head)")
            #expect(passed >= 250 && passed < 5_000, "\(passed) ms: \(head)")
        }
    }

    @Test func `an answer longer than the bound is too large, however it is sent`() throws {
        let server = try ControlServer(.tcp(host: "127.0.0.1", port: 0), name: "origin") {
            request in
            var response = ControlResponse.text(String(repeating: "a", count: 5_000))
            if request.query["chunked"] != nil { response.chunkBytes = 100 }
            return response
        }
        defer { server.stop(timeoutMilliseconds: 100) }
        let address = try resolve(host: "127.0.0.1", port: server.port)[0]
        var client = OriginClient()
        for (most, end) in [(5_000, AnswerEnd.complete), (4_999, .tooLarge)] {
            client.bodyBytesMax = most
            for path in ["/", "/?chunked=1"] {
                let request = "GET \(path) HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                #expect(client.send(Array(request.utf8), to: address).end == end, "\(path) \(most)")
            }
        }
    }
}
