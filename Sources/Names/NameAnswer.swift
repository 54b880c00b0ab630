// SPDX-License-Identifier: Apache-2.0

/// The addresses of a name, best first (RFC 6724), each once.
public struct NameAnswer: Sendable, Equatable {
    /// 4 bytes (IPv4) or 16 (IPv6) each; `Limits.nameAddressesMax` at most, at least one.
    public var addresses: [[UInt8]]
    /// How long it holds: the lowest TTL of all records on the way, aliases included.
    ///
    /// 0 for names out of `/etc/hosts`, and where a server says so.
    public var ttlSeconds: UInt32
    /// Whether there were more addresses than are kept.
    public var isCut: Bool

    /// An answer from its parts.
    public init(addresses: [[UInt8]], ttlSeconds: UInt32, isCut: Bool = false) {
        self.addresses = addresses
        self.ttlSeconds = ttlSeconds
        self.isCut = isCut
    }
}

/// What came of one question.
public struct NameReply: Sendable, Equatable {
    /// The number that it was asked under.
    public var tag: UInt32
    /// The addresses, or why there are none.
    public var result: Result<NameAnswer, NameError>

    /// A reply from its parts.
    public init(tag: UInt32, result: Result<NameAnswer, NameError>) {
        self.tag = tag
        self.result = result
    }
}
