// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing
import Wire

@Suite("Hop-by-hop fields")
struct HopByHopTests {
    @Test func `fields of one connection end here, in any case of letters`() throws {
        for name in [
            "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade",
            "Proxy-Authenticate", "Proxy-Authorization", "HTTP2-Settings", "Proxy",
        ] {
            for spelled in [name, name.lowercased(), name.uppercased()] {
                try Self.fields("\(spelled): x") { fields in
                    #expect(fields[1].isHopByHop, Comment(rawValue: spelled))
                }
            }
        }
    }

    @Test func `a field that Connection names is dropped before and behind it`() throws {
        try Self.fields("X-A: 1\r\nConnection: x-a, X-B\r\nx-b: 2\r\nX-AB: 3") { fields in
            #expect(fields[1].isHopByHop && fields[3].isHopByHop)
            #expect(!fields[4].isHopByHop)
        }
    }

    @Test func `Connection cannot strip a field that is for all recipients`() throws {
        let hop: Set<HeaderName> = [
            .connection, .transferEncoding, .trailer, .te, .upgrade, .keepAlive, .proxyConnection,
            .proxyAuthenticate, .proxyAuthorization, .http2Settings, .proxy,
        ]
        for name in HeaderName.allCases
        where name != .other && name != .host && name != .contentLength && name != .expect
            && !hop.contains(name)
        {
            try Self.fields("\(name.lowercased): 1\r\nConnection: close, \(name.lowercased)") {
                #expect(!$0[1].isHopByHop, "\(name)")
            }
        }
    }

    @Test func `underscore twins of framing and identity end here, others do not`() throws {
        for (name, isDropped) in [
            ("X_Tenant_Id", true), ("x-tenant_id", true), ("Content_Length", true),
            ("TRANSFER_ENCODING", true), ("X_Forwarded_For", true), ("X_User_Id", true),
            ("Banyan_Shadow", true), ("User_Agent", false), ("X_Y", false), ("_", false),
        ] {
            try Self.fields("\(name): 1") {
                #expect($0[1].isHopByHop == isDropped, Comment(rawValue: name))
            }
        }
    }

    @Test func `a name is known by every spelling of its letters and by nothing else`() {
        for name in HeaderName.allCases where name != .other {
            let lower = Array("\(name.lowercased)".utf8)
            var spellings = [lower, Array("\(name.lowercased)".uppercased().utf8)]
            for index in lower.indices {
                var mixed = lower
                if (0x61...0x7a).contains(mixed[index]) { mixed[index] -= 0x20 }
                spellings.append(mixed)
            }
            for spelling in spellings { #expect(Self.lookup(spelling) == name, "\(name)") }
            for index in lower.indices {
                for byte in UInt8.min...UInt8.max where isTokenByte(byte) {
                    var changed = lower
                    changed[index] = byte
                    let expected = HeaderName.allCases.first {
                        $0 != .other
                            && Array("\($0.lowercased)".utf8) == changed.map(asciiLowercased)
                    }
                    #expect(Self.lookup(changed) == expected ?? .other)
                }
            }
            #expect(Self.lookup(lower + [0x78]) == .other)
        }
    }

    /// With and without bytes behind the name: the words are loaded in two ways.
    private static func lookup(_ name: [UInt8]) -> HeaderName {
        let tight = withWindow(name) { HeaderName.lookup($0, start: 0, length: name.count) }
        let wide = withWindow([0x3a] + name + Array(": value of it".utf8)) {
            HeaderName.lookup($0, start: 1, length: name.count)
        }
        #expect(tight == wide)
        return tight
    }

    private static func fields(
        _ lines: String,
        _ body: (borrowing FieldTable) -> Void
    ) throws {
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n"
        try RequestHeadParserTests.parse(text) { _, _, fields in body(fields) }
    }
}
