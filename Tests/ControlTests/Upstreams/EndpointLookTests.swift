// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel
import Migration
import Testing

@testable import Control

@Suite("Looking at endpoints")
struct EndpointLookTests {
    private func check(
        _ address: SocketAddress,
        _ kind: ActiveHealthModel.Kind = .http,
        timeout: Int = 5_000
    ) -> EndpointCheck {
        var rules = ActiveHealthModel(kind)
        rules.path = "/livez?deep=1"
        rules.timeoutMilliseconds = timeout
        return EndpointCheck(number: 1, address: address, host: "care.test:81", rules: rules)
    }

    @Test func `the status of the final answer tells`() throws {
        let rows: [(String, EndpointProblem?)] = [
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", nil),
            ("HTTP/1.1 204 No Content\r\n\r\n", nil),
            ("HTTP/1.0 200 OK\r\n\r\nbody without length", nil),
            ("HTTP/1.1 399 X\r\n\r\n", nil), ("HTTP/1.1 400 X\r\n\r\n", .status(400)),
            ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nabc", .status(503)),
            ("HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", nil),
            ("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 500 X\r\n\r\n", .status(500)),
            (String(repeating: "HTTP/1.1 103 Early\r\n\r\n", count: 40), .malformed),
            ("HTTP/1.1 200 OK\r\nnever", .closed), ("", .closed), ("SSH-2.0-x\r\n", .malformed),
            ("HTTP/1.1 2OO OK\r\n\r\n", .malformed), ("HTTP/2 200\r\n\r\n", .malformed),
            ("HTTP/1.1 200 OK\r\na: \(String(repeating: "x", count: 40_000))", .malformed),
        ]
        for (answer, expected) in rows {
            let peer = try ScriptedPeer(.answer(answer))
            defer { peer.stop() }
            #expect(lookAtEndpoint(self.check(peer.address)) == expected, "\(answer.prefix(60))")
        }
    }

    @Test func `the request names path and host, and asks to close`() throws {
        let peer = try ScriptedPeer(.answer("HTTP/1.1 200 OK\r\n\r\n"))
        defer { peer.stop() }
        #expect(lookAtEndpoint(self.check(peer.address)) == nil)
        #expect(
            peer.requests == [
                "GET /livez?deep=1 HTTP/1.1\r\nhost: care.test:81\r\nuser-agent: banyan-health\r\n"
                    + "accept: */*\r\nconnection: close\r\n\r\n"
            ]
        )
    }

    @Test
    func `a peer that refuses, closes, resets, is silent or trickles fails by name and in time`()
        throws
    {
        let gone = try ScriptedPeer(.close)
        gone.stop()
        let rows: [(ScriptedPeer.Script, Set<EndpointProblem>)] = [
            (.close, [.closed]), (.reset, [.closed]), (.silence, [.timedOut]),
            (.trickle("HTTP/1.1 200 OK\r\n" + String(repeating: "a", count: 5_000)), [.timedOut]),
        ]
        for (script, expected) in rows {
            let peer = try ScriptedPeer(script)
            defer { peer.stop() }
            let start = ContinuousClock.now
            let problem = lookAtEndpoint(self.check(peer.address, timeout: 300))
            #expect(
                problem.map { expected.contains($0) } == true,
                "\(script): \(String(describing: problem))"
            )
            #expect(ContinuousClock.now - start < .seconds(4))
        }
        let path = NSTemporaryDirectory() + "banyan-none-\(UInt32.random(in: 0 ... .max)).sock"
        let nowhere = try #require(SocketAddress(unixPath: path))
        #expect(lookAtEndpoint(self.check(nowhere)) == .refused)
    }

    @Test func `a connect is enough for tcp, over a Unix socket too`() throws {
        let path = NSTemporaryDirectory() + "banyan-\(UInt32.random(in: 0 ... .max)).sock"
        let peer = try ScriptedPeer(.silence, unixPath: path)
        defer {
            peer.stop()
            removeSocketFile(path)
        }
        #expect(lookAtEndpoint(self.check(peer.address, .tcp)) == nil)
        peer.set(.answer("HTTP/1.1 204 No Content\r\n\r\n"))
        #expect(lookAtEndpoint(self.check(peer.address)) == nil)
    }
}
