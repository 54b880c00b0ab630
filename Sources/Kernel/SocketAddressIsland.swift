// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `storage` is a complete sockaddr of `length` bytes, made by the kernel,
// getaddrinfo or the initialisers here.

import CLinux
import Glibc

/// An IPv4, IPv6 or Unix address (107 bytes of path at most): a plain value.
@safe
public struct SocketAddress: BitwiseCopyable, Sendable {
    /// The bytes of the sockaddr.
    public private(set) var storage: InlineArray<112, UInt8>
    /// How many of them count.
    public private(set) var length: UInt32

    /// No address.
    public init() {
        self.storage = InlineArray(repeating: 0)
        self.length = 0
    }

    /// An address from the bytes of a sockaddr (at most 112), as `bytes` gives them.
    public init(bytes: [UInt8]) {
        precondition(bytes.count <= 112, "\(bytes.count) bytes")
        self.init()
        for index in bytes.indices { self.storage[index] = bytes[index] }
        self.length = UInt32(bytes.count)
    }

    /// A Unix socket's path, or `nil` when it does not fit (107 bytes).
    public init?(unixPath: String) {
        let path = Array(unixPath.utf8)
        guard path.count <= 107 else { return nil }
        self.init()
        self.storage[0] = UInt8(AF_UNIX)
        for index in path.indices { self.storage[index + 2] = path[index] }
        self.length = UInt32(path.count + 3)
    }

    /// A TCP address from the 4 or 16 bytes of an IP address, as they stand on the wire.
    public init(ip: [UInt8], port: Int) {
        precondition(ip.count == 4 || ip.count == 16, "\(ip.count) bytes")
        precondition((0...65_535).contains(port), "port \(port)")
        self.init()
        let isIPv4 = ip.count == 4
        self.storage[0] = UInt8(isIPv4 ? AF_INET : AF_INET6)
        self.storage[2] = UInt8(port >> 8)
        self.storage[3] = UInt8(port & 0xff)
        for index in ip.indices { self.storage[(isIPv4 ? 4 : 8) + index] = ip[index] }
        self.length = isIPv4 ? 16 : 28
    }

    /// The sockaddr's bytes.
    public var bytes: [UInt8] { (0..<Int(self.length)).map { self.storage[$0] } }

    /// `AF_INET`, `AF_INET6` or `AF_UNIX`; 0 when empty.
    public var family: Int32 { Int32(self.storage[0]) | Int32(self.storage[1]) << 8 }

    /// The TCP port; 0 for other families.
    public var port: Int {
        guard self.family == AF_INET || self.family == AF_INET6 else { return 0 }
        return Int(self.storage[2]) << 8 | Int(self.storage[3])
    }

    /// Byte `index` (0 to 15) of the address as IPv6, IPv4 mapped.
    public func addressByte(_ index: Int) -> UInt8 {
        precondition(index >= 0 && index < 16, "\(index)")
        switch self.family {
        case AF_INET:
            return index < 10 ? 0 : index < 12 ? 0xff : self.storage[4 + index - 12]
        case AF_INET6: return self.storage[8 + index]
        default: return 0
        }
    }

    /// Runs `body` over the C form.
    @unsafe func withPointer<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var copy = self
        return unsafe withUnsafePointer(to: &copy.storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, copy.length)
            }
        }
    }

    /// Has `fill` write the C form, as `accept` and `getsockname` do; the call's result.
    @unsafe mutating func fill(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int32 {
        var size = socklen_t(112)
        let result = unsafe withUnsafeMutablePointer(to: &self.storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe withUnsafeMutablePointer(to: &size) { unsafe body(address, $0) }
            }
        }
        self.length = min(size, 112)
        return result
    }

    /// `10.0.0.1:80`, `[::1]:80` or the path, for people.
    public var text: String {
        switch self.family {
        case AF_INET:
            return (0..<4).map { "\(self.storage[4 + $0])" }.joined(separator: ".")
                + ":\(self.port)"
        case AF_INET6:
            var words: [String] = []
            for index in 0..<8 {
                let word =
                    UInt16(self.storage[8 + 2 * index]) << 8
                    | UInt16(self.storage[9 + 2 * index])
                words.append(String(word, radix: 16))
            }
            return "[" + words.joined(separator: ":") + "]:\(self.port)"
        case AF_UNIX:
            return String(decoding: self.bytes.dropFirst(2).prefix { $0 != 0 }, as: UTF8.self)
        default: return "(none)"
        }
    }
}

extension SocketAddress: Hashable {
    /// The same sockaddr.
    public static func == (a: SocketAddress, b: SocketAddress) -> Bool {
        guard a.length == b.length else { return false }
        for index in 0..<Int(a.length) where a.storage[index] != b.storage[index] { return false }
        return true
    }

    /// All its bytes count.
    public func hash(into hasher: inout Hasher) {
        for index in 0..<Int(self.length) { hasher.combine(self.storage[index]) }
    }
}

/// Why a name has no address.
public struct ResolveError: Error, Sendable {
    /// The resolver's words.
    public let text: String
}

/// All TCP addresses of a host name or numeric address.
///
/// Blocks: for load time only.
public func resolve(host: String, port: Int) throws(ResolveError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let result = unsafe getaddrinfo(host, String(port), &hints, &list)
    guard result == 0, let first = unsafe list else {
        throw ResolveError(text: unsafe String(cString: gai_strerror(result)))
    }
    defer { unsafe freeaddrinfo(first) }
    var addresses: [SocketAddress] = []
    var next: UnsafeMutablePointer<addrinfo>? = unsafe first
    while let entry = unsafe next {
        let raw = unsafe UnsafeRawBufferPointer(
            start: entry.pointee.ai_addr,
            count: Int(entry.pointee.ai_addrlen)
        )
        unsafe addresses.append(SocketAddress(bytes: Array(raw)))
        unsafe next = entry.pointee.ai_next
    }
    return addresses
}
