// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a BIO's data is the entry of its session, which stays where it is from
// `TLSSessionTable.open` until the session is freed; OpenSSL passes buffers of the size it names.

import Bytes
import CLinux
import COpenSSL
import Glibc

/// One session of a ``TLSSessionTable``; all zero: none.
@safe
struct SessionEntry: BitwiseCopyable {
    /// SSL *.
    @unsafe var session: OpaquePointer?
    /// SSL_SESSION *: a session that the upstream has offered for resumption, until it is taken.
    @unsafe var offered: OpaquePointer?
    var fd: Int32
    /// Bytes received so far while shaking hands.
    var receivedBytes: UInt32
    /// Which context and which endpoint a client session belongs to.
    var contextNumber: UInt32
    var endpoint: UInt32
    var marks: SessionMarks
    var failure: UInt8
    var chosen: UInt8
    var speaks: UInt8
}

/// What has happened to a session.
struct SessionMarks: OptionSet, BitwiseCopyable {
    let rawValue: UInt8
    /// The handshake is complete.
    static let established = SessionMarks(rawValue: 1)
    /// This side is the client.
    static let isClient = SessionMarks(rawValue: 2)
    /// The peer's direction of the socket has ended.
    static let socketEnded = SessionMarks(rawValue: 4)
    /// The socket is broken.
    static let socketBroken = SessionMarks(rawValue: 8)
    /// Nothing more can be done with it.
    static let failed = SessionMarks(rawValue: 16)
    /// The peer sends more than a handshake can need.
    static let tooLarge = SessionMarks(rawValue: 32)
    /// Its first record has fewer than 256 bytes.
    static let startsSmall = SessionMarks(rawValue: 64)
    /// The record being sent has others behind it.
    static let hasMore = SessionMarks(rawValue: 128)
}

/// Between OpenSSL and the socket: no SIGPIPE, and a bound on what a handshake may send.
enum SocketBIO {
    @unsafe private nonisolated(unsafe) static let method: OpaquePointer? = {
        let kind = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR
        guard let method = unsafe BIO_meth_new(kind, "banyan socket") else { return nil }
        unsafe BIO_meth_set_read(method, receive)
        unsafe BIO_meth_set_write(method, transmit)
        unsafe BIO_meth_set_ctrl(method, control)
        return unsafe method
    }()

    /// A BIO on the entry's descriptor; `nil` without memory.
    @unsafe
    static func make(_ entry: UnsafeMutablePointer<SessionEntry>) -> OpaquePointer? {
        guard let bio = unsafe BIO_new(self.method) else { return nil }
        unsafe BIO_set_data(bio, entry)
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    @unsafe
    static func entry(of bio: OpaquePointer?) -> UnsafeMutablePointer<SessionEntry>? {
        unsafe BIO_get_data(bio)?.assumingMemoryBound(to: SessionEntry.self)
    }
}

private let retryFlags =
    BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

private func receive(
    _ bio: OpaquePointer?,
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ count: Int32
) -> Int32 {
    guard let entry = unsafe SocketBIO.entry(of: bio), let buffer = unsafe buffer, count > 0 else {
        return 0
    }
    unsafe BIO_clear_flags(bio, retryFlags)
    while true {
        let got = unsafe recv(entry.pointee.fd, buffer, Int(count), 0)
        if got > 0 {
            if unsafe !entry.pointee.marks.contains(.established),
                unsafe !isBounded(entry, buffer, got)
            {
                unsafe entry.pointee.marks.insert(.tooLarge)
                return -1
            }
            return Int32(got)
        }
        if got == 0 {
            unsafe entry.pointee.marks.insert(.socketEnded)
            return 0
        }
        switch errno {
        case EINTR: continue
        case EAGAIN: unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        default: unsafe entry.pointee.marks.insert(.socketBroken)
        }
        return -1
    }
}

/// Counts what a handshake brings.
///
/// OpenSSL sets aside as much memory as the first message says it has, up to 128 KiB, before any of
/// it has come: so the length is looked at here. Record header: 5 bytes, its length in bytes 3 and
/// 4; message header: type, then the length in bytes 6 to 8 (RFC 8446 4, 5.1). A first record that
/// splits the message's header is refused with it: no client does that in good faith.
@unsafe
private func isBounded(
    _ entry: UnsafeMutablePointer<SessionEntry>,
    _ buffer: UnsafeMutablePointer<CChar>,
    _ count: Int
) -> Bool {
    let before = Int(unsafe entry.pointee.receivedBytes)
    unsafe entry.pointee.receivedBytes += UInt32(count)
    let isClient = unsafe entry.pointee.marks.contains(.isClient)
    if before < 9 && !isClient {
        for position in before..<min(before + count, 9) {
            let byte = UInt8(bitPattern: unsafe buffer[position - before])
            switch position {
            // 0x16: a handshake record; anything else OpenSSL refuses by its own rules.
            case 0 where byte != 0x16:
                unsafe entry.pointee.receivedBytes = 9
                return true
            case 3 where byte == 0: unsafe entry.pointee.marks.insert(.startsSmall)
            case 4 where byte < 4:
                if unsafe entry.pointee.marks.contains(.startsSmall) { return false }
            case 6 where byte != 0: return false
            case 7 where Int(byte) << 8 >= Limits.tlsHelloBytesMax: return false
            default: continue
            }
        }
    }
    return before + count <= Limits.tlsHandshakeBytesMax
}

private func transmit(
    _ bio: OpaquePointer?,
    _ bytes: UnsafePointer<CChar>?,
    _ count: Int32
) -> Int32 {
    guard let entry = unsafe SocketBIO.entry(of: bio), let bytes = unsafe bytes, count > 0 else {
        return 0
    }
    unsafe BIO_clear_flags(bio, retryFlags)
    // Records that follow each other at once leave as one, which saves the kernel a quarter.
    let more = unsafe entry.pointee.marks.contains(.hasMore) ? Int32(MSG_MORE) : 0
    let flags = Int32(MSG_NOSIGNAL) | more
    while true {
        let sent = unsafe send(entry.pointee.fd, bytes, Int(count), flags)
        if sent >= 0 { return Int32(sent) }
        switch errno {
        case EINTR: continue
        case EAGAIN: unsafe BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
        default: unsafe entry.pointee.marks.insert(.socketBroken)
        }
        return -1
    }
}

private func control(
    _ bio: OpaquePointer?,
    _ command: Int32,
    _ number: Int,
    _ argument: UnsafeMutableRawPointer?
) -> Int {
    switch command {
    case BIO_CTRL_FLUSH: return 1
    case BIO_CTRL_EOF:
        guard let entry = unsafe SocketBIO.entry(of: bio) else { return 0 }
        return unsafe entry.pointee.marks.contains(.socketEnded) ? 1 : 0
    default: return 0
    }
}

/// A session that an upstream offers for resumption: kept until the table takes it.
func keepSession(_ session: OpaquePointer?, _ offered: OpaquePointer?) -> Int32 {
    guard let entry = unsafe SocketBIO.entry(of: SSL_get_rbio(session)) else { return 0 }
    unsafe SSL_SESSION_free(entry.pointee.offered)
    unsafe entry.pointee.offered = offered
    // 1: the reference is ours now.
    return 1
}
