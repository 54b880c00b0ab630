// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: OpenSSL reads `count` bytes of an array and writes at most 32 bytes
// into another of that size.

import COpenSSL

/// A SHA-256 value.
public struct Digest: Hashable, Sendable {
    /// Its 32 bytes.
    public let bytes: [UInt8]

    /// The digest of `bytes`.
    public init(of bytes: [UInt8]) {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let result = unsafe EVP_Digest(
            bytes,
            bytes.count,
            &digest,
            &length,
            EVP_sha256(),
            nil
        )
        precondition(result == 1 && length == 32, "SHA-256 is not available")
        self.bytes = digest
    }

    /// A digest from its 32 bytes, or `nil`.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// What a chain without entries starts from: 32 zero bytes.
    public static let zero = Digest(unchecked: [UInt8](repeating: 0, count: 32))

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// Lower-case hexadecimal.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self.bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

/// HMAC-SHA-256 (RFC 2104) of `bytes` under `key`: 32 bytes.
public func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    // SAFETY: OpenSSL reads both arrays and writes 32 bytes.
    let result = unsafe HMAC(
        EVP_sha256(),
        key,
        Int32(key.count),
        bytes,
        bytes.count,
        &code,
        &length
    )
    precondition(unsafe result != nil && length == 32, "HMAC-SHA-256 is not available")
    return code
}

/// Random bytes for keys, from OpenSSL's generator.
public func randomKey(count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: OpenSSL writes `count` bytes.
    let result = unsafe RAND_bytes(&bytes, Int32(count))
    precondition(result == 1, "no random bytes")
    return bytes
}
