// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: reads go to memory of at least the size that is passed with them, and
// a descriptor is closed by the function that opened it.

import Bytes
import CLinux
import COpenSSL
import Glibc

/// The bytes of a certificate, list or stapled answer.
func readFile(_ path: String, bytesMax: Int) throws(TLSError) -> [UInt8] {
    let fd = try openFile(path)
    defer { close(fd) }
    let status = try statusOf(fd, path)
    guard status.st_size <= bytesMax else { throw .tooLarge(file: path) }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe readAll(fd, $0) }
    guard let count else { throw .unreadable(file: path, reason: lastReason()) }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// The bytes of a private key, straight into the secret heap.
func readSecret(_ path: String) throws(TLSError) -> SecretBytes {
    let fd = try openFile(path)
    defer { close(fd) }
    let status = try statusOf(fd, path)
    guard status.st_mode & 0o077 == 0 else {
        throw .keyExposed(file: path, mode: UInt32(status.st_mode) & 0o777)
    }
    guard status.st_size <= Limits.tlsFileBytesMax / 64 else { throw .tooLarge(file: path) }
    guard status.st_size > 0 else { throw .noKey(file: path) }
    guard let secret = SecretBytes(count: Int(status.st_size)) else {
        throw .library(what: path, reason: "no room in the heap for keys")
    }
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: secret.base, count: secret.count)
    guard let count = unsafe readAll(fd, buffer) else {
        throw .unreadable(file: path, reason: lastReason())
    }
    guard count == secret.count else { throw .unreadable(file: path, reason: "it was cut short") }
    return secret
}

/// Tells whether a file is still the one that was read, without reading it.
public struct TLSFileStamp: Sendable, Hashable {
    private let device: UInt64
    private let node: UInt64
    private let bytes: Int64
    private let changedSeconds: Int64
    private let changedNanoseconds: Int64

    /// The stamp of the file behind a path, links followed; `nil` when there is none.
    public init?(_ path: String) {
        var status = stat()
        // SAFETY: the path is a terminated copy for the length of the call.
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.device = UInt64(status.st_dev)
        self.node = UInt64(status.st_ino)
        self.bytes = Int64(status.st_size)
        // The status changes with the content, the mode and the owner, and cannot be set back.
        self.changedSeconds = Int64(status.st_ctim.tv_sec)
        self.changedNanoseconds = Int64(status.st_ctim.tv_nsec)
    }
}

/// The file of the issuers that this system trusts, as OpenSSL's tools find it.
///
/// A file, never OpenSSL's folder of them: that is searched while a handshake waits.
public func systemIssuers() throws(TLSError) -> String {
    var candidates: [String] = []
    // SAFETY: both are terminated texts, copied at once.
    if let set = unsafe getenv("SSL_CERT_FILE") { unsafe candidates.append(String(cString: set)) }
    if let own = unsafe X509_get_default_cert_file() {
        unsafe candidates.append(String(cString: own))
    }
    candidates += ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
    if let found = candidates.first(where: { TLSFileStamp($0) != nil }) { return found }
    throw .unreadable(
        file: candidates[candidates.count - 2],
        reason: "this system has no list of issuers (install ca-certificates, or name a `ca`)"
    )
}

private func openFile(_ path: String) throws(TLSError) -> Int32 {
    // SAFETY: the path is a terminated copy for the length of the call.
    let fd = unsafe banyan_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0)
    guard fd >= 0 else { throw .unreadable(file: path, reason: lastReason()) }
    return fd
}

private func statusOf(_ fd: Int32, _ path: String) throws(TLSError) -> stat {
    var status = stat()
    guard unsafe fstat(fd, &status) == 0 else {
        throw .unreadable(file: path, reason: lastReason())
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
        throw .unreadable(file: path, reason: "it is not a file")
    }
    return status
}

/// How many bytes were read until the buffer was full or the file ended; `nil` on an error.
@unsafe
private func readAll(_ fd: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard let base = buffer.baseAddress else { return 0 }
    var count = 0
    while count < buffer.count {
        let got = unsafe read(fd, base + count, buffer.count - count)
        if got == 0 { break }
        if got < 0 {
            if errno == EINTR { continue }
            return nil
        }
        count += got
    }
    return count
}

private func lastReason() -> String {
    // SAFETY: strerror returns a terminated text for every number.
    unsafe String(cString: strerror(errno))
}
