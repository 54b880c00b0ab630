// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel
import Parity
import Synchronization
import Testing

@testable import Control

@Suite("Origin session") struct OriginSessionTests {
    /// A server that counts its connections by what peers' addresses it sees.
    private final class Origin: Sendable {
        let server: ControlServer
        let address: SocketAddress
        let peers: Peers

        final class Peers: Sendable {
            let seen = Mutex<Set<ControlPeer>>([])
        }

        init(_ answer: @escaping @Sendable (ControlRequest) -> ControlResponse) throws {
            let peers = Peers()
            self.peers = peers
            self.server = try ControlServer(.tcp(host: "127.0.0.1", port: 0), name: "origin") {
                request in
                peers.seen.withLock { _ = $0.insert(request.peer) }
                return answer(request)
            }
            self.address = try resolve(host: "127.0.0.1", port: self.server.port)[0]
        }

        deinit { self.server.stop(timeoutMilliseconds: 100) }

        var connections: Int { self.peers.seen.withLock { $0.count } }
    }

    private static let head = Array("GET /a HTTP/1.1\r\nhost: x\r\n\r\n".utf8)

    @Test func `a connection is kept, whatever the framing, and closed when the origin says so`()
        throws
    {
        let turn = Mutex(0)
        let origin = try Origin { _ in
            let number = turn.withLock { turn in
                turn += 1
                return turn
            }
            var response = ControlResponse.text("answer \(number)")
            if number == 2 { response.chunkBytes = 3 }
            if number == 3 { response = ControlResponse(status: 204) }
            if number == 5 { response.closes = true }
            return response
        }
        let session = OriginSession()
        let answers = (1...6).map { _ in session.send(Self.head, to: origin.address) }
        #expect(answers.allSatisfy { $0.end == .complete && $0.microseconds > 0 })
        #expect(
            answers.map { String(decoding: $0.body, as: UTF8.self) } == [
                "answer 1", "answer 2", "", "answer 4", "answer 5", "answer 6",
            ]
        )
        #expect(origin.connections == 2)
    }

    @Test func `a kept connection that the origin has closed is replaced`() throws {
        let origin = try Origin { _ in
            // It promises to keep the connection, and does not.
            var response = ControlResponse(status: 200)
            response.body = .raw { fd in
                _ = writeBlocking(
                    fd,
                    Array("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\none".utf8),
                    timeoutMilliseconds: 1_000
                )
            }
            return response
        }
        let session = OriginSession()
        for _ in 0..<20 {
            let answer = session.send(Self.head, to: origin.address)
            #expect(String(decoding: answer.body, as: UTF8.self) == "one")
        }
        #expect(origin.connections == 20)
        origin.server.stop(timeoutMilliseconds: 100)
        #expect(session.send(Self.head, to: origin.address).end == .failed)
    }

    @Test func `an answer that is too long, or trickles beyond the deadline, says so`() throws {
        let origin = try Origin { request in
            guard request.path == "/slow" else {
                return .text(String(repeating: "a", count: 5_000))
            }
            var response = ControlResponse(status: 200)
            response.body = .raw { fd in
                _ = writeBlocking(
                    fd,
                    Array("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".utf8),
                    timeoutMilliseconds: 100
                )
                // A byte now and then would keep a mere idle timeout waiting for ever.
                for _ in 0..<200 {
                    guard case .bytes = writeBlocking(fd, [0x61], timeoutMilliseconds: 100) else {
                        return
                    }
                    sleepThread(milliseconds: 20)
                }
            }
            return response
        }
        let session = OriginSession()
        session.bodyBytesMax = 4_096
        #expect(session.send(Self.head, to: origin.address).end == .tooLarge)
        session.bodyBytesMax = 1_048_576
        session.deadlineMilliseconds = 300
        let slow = Array("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n".utf8)
        let start = monotonicNanoseconds()
        #expect(session.send(slow, to: origin.address).end == .failed)
        #expect(monotonicNanoseconds() - start < 3_000_000_000)
    }
}
