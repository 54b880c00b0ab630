// SPDX-License-Identifier: Apache-2.0
import Bytes
import TLS
import Testing

@Suite("TLS handshake")
struct HandshakeTests {
    @Test func `server and client agree on 1.3 and pass bytes both ways`() throws {
        let world = try TestWorld()
        let server = try world.server([world.authority.issue("a.example")])
        let client = try world.client()
        let pair = TestPair()
        #expect(pair.shake(server, client))
        #expect(pair.server.version(0) == .tls13)
        #expect(pair.server.alpn(0) == .http1)
        #expect(pair.client.alpn(0) == .http1)
        #expect(pair.client.writeBytes(0, Array("GET ".utf8), Array("/".utf8)) == .bytes(5))
        #expect(pair.server.readBytes(0).1 == Array("GET /".utf8))
        #expect(pair.server.readBytes(0).0 == .wantsRead)
        #expect(pair.server.writeBytes(0, Array("200".utf8)) == .bytes(3))
        #expect(pair.client.readBytes(0).1 == Array("200".utf8))
        pair.server.endWriting(0)
        #expect(pair.client.readBytes(0).0 == .ended)
        pair.client.close(0)
        pair.server.close(0)
        #expect(pair.server.openCount == 0)
    }
}
