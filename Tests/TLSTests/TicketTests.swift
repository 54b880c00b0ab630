// SPDX-License-Identifier: Apache-2.0
import TLS
import Testing

@Suite("TLS session tickets")
struct TicketTests {
    /// Shakes hands, passes a byte each way, closes; whether an earlier session was resumed.
    private func visit(
        _ pair: TestPair,
        _ server: TLSServerContext,
        _ client: TLSClientContext
    ) throws -> Bool {
        try #require(pair.shake(server, client))
        #expect(pair.client.writeBytes(0, [1]) == .bytes(1))
        #expect(pair.server.readBytes(0).1 == [1])
        #expect(pair.server.writeBytes(0, [2]) == .bytes(1))
        #expect(pair.client.readBytes(0).1 == [2])
        let isResumed = pair.server.isResumed(0)
        #expect(pair.client.isResumed(0) == isResumed)
        pair.client.close(0)
        pair.server.close(0)
        return isResumed
    }

    @Test func `a session is resumed, over reloads and one rotation, and no longer`() throws {
        let world = try TestWorld()
        let certificate = world.authority.issue("a.example")
        let client = try world.client()
        let server = try world.server([certificate])
        let pair = TestPair()
        #expect(try !self.visit(pair, server, client))
        #expect(try self.visit(pair, server, client))
        #expect(try self.visit(pair, server, client))
        // A reload: another certificate even, the same ticket keys.
        let reloaded = try world.server([world.authority.issue("a.example")])
        #expect(try self.visit(pair, reloaded, client))
        world.tickets.rotateNow()
        #expect(try self.visit(pair, reloaded, client))
        // The last visit brought a ticket under the new key.
        world.tickets.rotateNow()
        #expect(try self.visit(pair, reloaded, client))
        world.tickets.rotateNow()
        world.tickets.rotateNow()
        #expect(try !self.visit(pair, reloaded, client))
        #expect(try self.visit(pair, reloaded, client))
    }

    @Test func `sessions are never resumed under another context or endpoint`() throws {
        let world = try TestWorld()
        let server = try world.server([world.authority.issue("a.example")])
        let first = try world.client()
        let second = try world.client()
        let pair = TestPair()
        #expect(try !self.visit(pair, server, first))
        #expect(try !self.visit(pair, server, second))
        #expect(try self.visit(pair, server, first))
        try begin(pair.server.accept(0, server, fd: pair.sockets.first))
        try begin(pair.client.connect(0, first, fd: pair.sockets.second, endpoint: 7))
        try #require(pair.shake())
        #expect(pair.client.isResumed(0) == false)
    }

    @Test func `another listener's tickets, and other trust in clients, resume nothing`() throws {
        let world = try TestWorld()
        let certificate = world.authority.issue("a.example")
        let client = try world.client()
        let pair = TestPair()
        #expect(try !self.visit(pair, world.server([certificate]), client))
        let other = try world.server([certificate]) { $0.name = "other" }
        #expect(try !self.visit(pair, other, client))
        let asking = try world.server([certificate]) {
            $0.name = "other"
            $0.clients = TLSClientsPlan(ca: world.caFile, isRequired: false)
        }
        #expect(try !self.visit(pair, asking, client))
        #expect(try self.visit(pair, asking, client))
        let list = try world.folder.write("crl.pem", world.authority.revocationList())
        let revoking = try world.server([certificate]) {
            $0.name = "other"
            $0.clients = TLSClientsPlan(ca: world.caFile, crl: list, isRequired: false)
        }
        #expect(try !self.visit(pair, revoking, client))
    }

    @Test func `keys rotate by their period, twice after a long silence`() throws {
        let world = try TestWorld(rotationSeconds: 1_000_000)
        let keys = world.tickets
        #expect(!keys.rotate(now: 0))
        let far: Int64 = 1 << 40
        #expect(keys.rotate(now: far))
        #expect(!keys.rotate(now: far + 999_999))
        #expect(keys.rotate(now: far + 1_000_000))
    }
}
