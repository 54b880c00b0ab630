// SPDX-License-Identifier: Apache-2.0

/// Why a context cannot be made: which file, and what is wrong with it.
public enum TLSError: Error, Sendable, Equatable {
    /// The file cannot be opened or read; the kernel's reason.
    case unreadable(file: String, reason: String)
    /// The file is larger than `Limits.tlsFileBytesMax`.
    case tooLarge(file: String)
    /// A key that others than its owner may read.
    case keyExposed(file: String, mode: UInt32)
    /// A key that needs a passphrase.
    case keyEncrypted(file: String)
    /// No private key in PEM.
    case noKey(file: String)
    /// No certificate in PEM.
    case noCertificate(file: String)
    /// No revocation list in PEM.
    case noList(file: String)
    /// The key does not belong to the certificate.
    case keyMismatch(certificate: String, key: String)
    /// A certificate, or one of its chain, that OpenSSL refuses at this level of security.
    case weak(file: String, reason: String)
    /// Two certificates of one kind bear the same name.
    case nameTwice(name: String, first: String, second: String)
    /// The stapled answer cannot be used.
    case badStaple(file: String, reason: String)
    /// Not a host name or address.
    case badServerName(String)
    /// A server without certificates.
    case noCertificates
    /// OpenSSL refused, for a reason of its own.
    case library(what: String, reason: String)

    /// One line for people.
    public var text: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .tooLarge(let file): "\(file): too large for a certificate, key or list"
        case .keyExposed(let file, let mode):
            "\(file): the private key has mode \(octal(mode)); others than its owner may read it"
                + " (chmod 600 \(file))"
        case .keyEncrypted(let file): "\(file): the private key is encrypted (needs a passphrase)"
        case .noKey(let file): "\(file): no private key in PEM"
        case .noCertificate(let file): "\(file): no certificate in PEM"
        case .noList(let file): "\(file): no revocation list in PEM"
        case .keyMismatch(let certificate, let key):
            "\(key): not the key of the certificate in \(certificate)"
        case .weak(let file, let reason): "\(file): refused as too weak: \(reason)"
        case .nameTwice(let name, let first, let second):
            "\(second): bears the name \(name), as \(first) does"
        case .badStaple(let file, let reason): "\(file): cannot be stapled: \(reason)"
        case .badServerName(let name): "\"\(name)\" is no host name or address"
        case .noCertificates: "no certificates"
        case .library(let what, let reason): "\(what): \(reason)"
        }
    }

    /// The file that is at fault, or `nil`.
    public var file: String? {
        switch self {
        case .unreadable(let file, _), .tooLarge(let file), .keyExposed(let file, _),
            .keyEncrypted(let file), .noKey(let file), .noCertificate(let file),
            .noList(let file), .keyMismatch(_, let file), .weak(let file, _),
            .nameTwice(_, _, let file), .badStaple(let file, _):
            file
        case .badServerName, .noCertificates, .library: nil
        }
    }
}

private func octal(_ mode: UInt32) -> String { "0" + String(mode & 0o777, radix: 8) }
