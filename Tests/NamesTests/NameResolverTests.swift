// SPDX-License-Identifier: Apache-2.0

import Bytes
import Corpora
import Foundation
import Glibc
import Names
import Testing

@Suite("Name resolver")
struct NameResolverTests {
    private func plan(_ server: NameServer, timeout: Int = 300, tries: Int = 1) -> ResolverPlan {
        ResolverPlan(servers: [server.address], timeoutMilliseconds: timeout, tries: tries)
    }

    /// Asks for one name and waits for the reply, 20 s at most.
    private func ask(
        _ name: String,
        family: NameFamily = .any,
        _ plan: ResolverPlan
    ) throws -> Result<NameAnswer, NameError> {
        let resolver = try NameResolver(plan)
        // With a dot at its end no search list of the machine is tried.
        resolver.ask(name + ".", family: family, tag: 7)
        for _ in 0..<200 {
            if let reply = resolver.wait(milliseconds: 100).first {
                #expect(reply.tag == 7 && resolver.waiting == 0)
                return reply.result
            }
        }
        Issue.record("no reply to \(name) within 20 s")
        return .failure(.timedOut)
    }

    private let v4: [UInt8] = [10, 0, 0, 1]
    private let v6: [UInt8] = [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]

    @Test func `A and AAAA are asked for by family, and their TTL is told`() throws {
        let both = [self.v4, self.v6]
        let server = NameServer { _, _ in .addresses(both, ttl: 42) }
        defer { server.stop() }
        let rows: [(NameFamily, Set<[UInt8]>)] = [
            (.any, Set(both)), (.ipv4, [self.v4]), (.ipv6, [self.v6]),
        ]
        for (family, expected) in rows {
            let answer = try self.ask("a.test", family: family, self.plan(server)).get()
            #expect(Set(answer.addresses) == expected, "\(family)")
            #expect(answer.ttlSeconds == 42 && !answer.isCut)
        }
    }

    @Test func `the lowest TTL on the way counts, that of an alias too`() throws {
        let v4 = self.v4
        let server = NameServer { _, _ in .alias("b.test", aliasTTL: 5, [v4], ttl: 300) }
        defer { server.stop() }
        let answer = try self.ask("a.test", family: .ipv4, self.plan(server)).get()
        #expect(answer == NameAnswer(addresses: [v4], ttlSeconds: 5))
    }

    @Test func `a TTL with its highest bit set counts as none`() throws {
        let v4 = self.v4
        let server = NameServer { _, _ in .addresses([v4], ttl: 0x8000_0001) }
        defer { server.stop() }
        let answer = try self.ask("a.test", family: .ipv4, self.plan(server)).get()
        #expect(answer.ttlSeconds == 0)
    }

    @Test func `one family that fails does not hide the other`() throws {
        let v4 = self.v4
        let server = NameServer { _, type in
            type == 1 ? .addresses([v4], ttl: 9) : .code(2)
        }
        defer { server.stop() }
        let answer = try self.ask("a.test", self.plan(server)).get()
        #expect(answer.addresses == [v4])
    }

    @Test func `each failure of a server has its name`() throws {
        let loop: [UInt8] = [0xc0, 12 + 8 + 4, 0xc0, 12 + 8 + 4]
        let self16: [UInt8] = [0xc0, 0x19]
        let tail: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 1]
        let rows: [(String, NameServer.Reply, [NameError])] = [
            ("NXDOMAIN", .code(3), [.notFound]),
            ("SERVFAIL", .code(2), [.serverFailed, .unreachable]),
            ("REFUSED", .code(5), [.refused, .unreachable]),
            ("NOTIMP", .code(4), [.refused, .unreachable]),
            ("no record", .addresses([], ttl: 1), [.noAddress]),
            ("silence", .silence, [.timedOut]),
            ("a pointer to itself", .raw(self16 + tail, count: 1), [.malformed]),
            ("pointers in a ring", .raw(loop + tail, count: 1), [.malformed]),
            ("a pointer beyond the end", .raw([0xff, 0xff] + tail, count: 1), [.malformed]),
            ("a record cut short", .raw([0xc0, 12, 0, 1, 0, 1, 0, 0], count: 1), [.malformed]),
            ("more records told than sent", .raw([0xc0, 12] + tail, count: 900), [.malformed]),
            (
                "an address of two bytes",
                .raw(
                    NameServer.record([0xc0, 12], type: 1, ttl: 1, [1, 2]),
                    count: 1
                ), [.malformed, .noAddress]
            ),
            (
                "a header alone", .datagram([0, 0, 0x81, 0x80, 0, 0, 0, 0, 0, 0, 0, 0]),
                [.timedOut, .malformed, .noAddress]
            ),
            ("three bytes", .datagram([0, 0, 0x81]), [.timedOut, .malformed]),
        ]
        for (situation, reply, expected) in rows {
            let server = NameServer { _, _ in reply }
            defer { server.stop() }
            let result = try self.ask("a.test", family: .ipv4, self.plan(server, timeout: 200))
            guard case .failure(let problem) = result else {
                Issue.record("\(situation): \(result)")
                continue
            }
            #expect(expected.contains(problem), "\(situation): \(problem)")
        }
    }

    @Test func `a truncated answer is asked for again over TCP`() throws {
        let many = (0..<40).map { [10, 0, 1, UInt8($0)] }
        let server = NameServer { _, _ in .truncated(many, ttl: 11) }
        defer { server.stop() }
        let answer = try self.ask("a.test", family: .ipv4, self.plan(server, timeout: 2_000)).get()
        #expect(Set(answer.addresses) == Set(many) && answer.ttlSeconds == 11)
    }

    @Test func `of thousands of addresses only so many are kept`() throws {
        let many = (0..<3_000).map { [10, 0, UInt8($0 / 250), UInt8($0 % 250)] }
        let server = NameServer { _, _ in .truncated(many, ttl: 11) }
        defer { server.stop() }
        let answer = try self.ask("a.test", family: .ipv4, self.plan(server, timeout: 5_000)).get()
        #expect(answer.addresses.count == Limits.nameAddressesMax && answer.isCut)
    }

    @Test func `a silent server is given up for the next one`() throws {
        let v4 = self.v4
        let silent = NameServer { _, _ in .silence }
        let server = NameServer { _, _ in .addresses([v4], ttl: 1) }
        defer {
            silent.stop()
            server.stop()
        }
        var plan = self.plan(server, timeout: 100)
        plan.servers = [silent.address, server.address]
        #expect(try self.ask("a.test", family: .ipv4, plan).get().addresses == [v4])
        #expect(!silent.questions.isEmpty)
    }

    @Test func `one silent name does not hold others up`() throws {
        let v4 = self.v4
        let server = NameServer { name, _ in
            name == "silent.test" ? .silence : .addresses([v4], ttl: 1)
        }
        defer { server.stop() }
        let resolver = try NameResolver(self.plan(server, timeout: 60_000))
        resolver.ask("silent.test.", family: .ipv4, tag: 0)
        for tag in 1...50 { resolver.ask("n\(tag).test.", family: .ipv4, tag: UInt32(tag)) }
        var tags: Set<UInt32> = []
        for _ in 0..<200 where tags.count < 50 {
            tags.formUnion(resolver.wait(milliseconds: 100).map(\.tag))
        }
        #expect(tags == Set(1...50) && resolver.waiting == 1)
    }

    @Test func `a server that is none, and a name that is none, are told`() throws {
        #expect(throws: NameError.badServers) {
            _ = try NameResolver(ResolverPlan(servers: ["no server"]))
        }
        let server = NameServer { _, _ in .code(3) }
        defer { server.stop() }
        let name = String(repeating: "a", count: 64) + ".test"
        #expect(try self.ask(name, self.plan(server)) == .failure(.badName))
    }

    @Test func `a descriptor that is readable ends the wait`() throws {
        let server = NameServer { _, _ in .silence }
        defer { server.stop() }
        let resolver = try NameResolver(self.plan(server, timeout: 60_000))
        resolver.ask("a.test.", tag: 1)
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(write(ends[1], "x", 1) == 1)
        let start = ContinuousClock.now
        #expect(resolver.wait(milliseconds: 30_000, waking: ends[0]).isEmpty)
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func `a thousand resolvers with questions under way leave nothing behind`() throws {
        let server = NameServer { _, _ in .silence }
        defer { server.stop() }
        func resident() throws -> Int {
            let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
            return try #require(Int(text.split(separator: " ")[1])) * 4
        }
        func descriptors() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        }
        func round(_ count: Int) throws {
            for _ in 0..<count {
                let resolver = try NameResolver(self.plan(server, timeout: 60_000))
                for tag in 0..<4 { resolver.ask("n\(tag).test.", tag: UInt32(tag)) }
                _ = resolver.wait(milliseconds: 0)
            }
        }
        try round(50)
        let (memory, open) = (try resident(), try descriptors())
        try round(1_000)
        // Other tests of this process open descriptors at the same time.
        #expect(try descriptors() < open + 200)
        // A sanitizer's heap keeps for a while what was freed.
        if ProcessInfo.processInfo.environment["BANYAN_SANITIZER"] == nil {
            #expect(try resident() < memory + 8_192)
        }
    }
}
