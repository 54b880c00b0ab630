// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the entries are mapped once, zero-filled and never moved; indices are
// checked; an entry with a session owns it until `close`. OpenSSL's error queue of the thread is
// empty before each of its calls: whoever meets an error empties it.

public import Bytes
import COpenSSL
import Glibc

/// All TLS sessions of one worker for one slab of connections, by connection index.
///
/// Sessions work on the connection's descriptor, which they never close. Not for more than one
/// thread. What is left is freed with the table.
@safe
public struct TLSSessionTable: ~Copyable {
    private let entries: UnsafeMutablePointer<SessionEntry>
    private let capacity: Int
    /// Sessions that are open.
    public private(set) var openCount = 0
    /// One record's worth: where two pieces become one write.
    private let record: UnsafeMutablePointer<UInt8>
    private static let recordBytes = 16_384
    private var shelf = SessionShelf()

    /// Reserves addresses for `capacity` sessions; only touched pages cost memory.
    public init(capacity: Int) {
        precondition(capacity > 0 && capacity < Int(UInt32.max), "\(capacity) sessions")
        let bytes = capacity * MemoryLayout<SessionEntry>.stride
        let mapped = unsafe mmap(
            nil,
            bytes,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1,
            0
        )
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            fatalError("cannot reserve \(bytes) bytes of address space for TLS sessions")
        }
        unsafe self.entries = mapped.bindMemory(to: SessionEntry.self, capacity: capacity)
        self.capacity = capacity
        unsafe self.record = .allocate(capacity: TLSSessionTable.recordBytes)
    }

    deinit {
        if self.openCount > 0 {
            for index in 0..<self.capacity where unsafe self.entries[index].session != nil {
                unsafe SSL_free(self.entries[index].session)
                unsafe SSL_SESSION_free(self.entries[index].offered)
            }
        }
        unsafe munmap(self.entries, self.capacity * MemoryLayout<SessionEntry>.stride)
        unsafe self.record.deallocate()
    }

    private func entry(_ index: UInt32) -> UnsafeMutablePointer<SessionEntry> {
        precondition(Int(index) < self.capacity, "session \(index) of \(self.capacity)")
        return unsafe self.entries + Int(index)
    }

    // MARK: Beginning and end

    /// Begins a session as server on an accepted socket; `false` without memory.
    ///
    /// Call ``handshake(_:)`` next.
    public mutating func accept(
        _ index: UInt32,
        _ context: TLSServerContext,
        fd: Int32
    ) -> Bool {
        guard let session = unsafe self.open(index, context.first, fd) else { return false }
        unsafe SSL_set_accept_state(session)
        return true
    }

    /// Begins a session as client on a connected socket; `false` without memory.
    ///
    /// Sends SNI, requires the context's name of the certificate, and resumes a session with that
    /// `endpoint` when one is kept. Call ``handshake(_:)`` next.
    public mutating func connect(
        _ index: UInt32,
        _ context: TLSClientContext,
        fd: Int32,
        endpoint: UInt32 = 0
    ) -> Bool {
        guard let session = unsafe self.open(index, context.context, fd) else { return false }
        let entry = unsafe self.entry(index)
        unsafe entry.pointee.marks.insert(.isClient)
        unsafe entry.pointee.contextNumber = context.number
        unsafe entry.pointee.endpoint = endpoint
        unsafe entry.pointee.speaks = context.speaks.rawValue
        unsafe SSL_set_connect_state(session)
        if let name = context.serverName {
            let isSet = unsafe name.withUnsafeBytes { bytes in
                unsafe banyan_tls_set_server_name(
                    session,
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                )
            }
            guard isSet == 1 else {
                ERR_clear_error()
                self.close(index)
                return false
            }
        }
        let key = UInt64(context.number) << 32 | UInt64(endpoint)
        if let earlier = unsafe self.shelf.session(key) {
            // Failing costs a full handshake, no more.
            if unsafe SSL_set_session(session, earlier) != 1 { ERR_clear_error() }
        }
        return true
    }

    @unsafe
    private mutating func open(
        _ index: UInt32,
        _ context: Context,
        _ fd: Int32
    ) -> OpaquePointer? {
        let entry = unsafe self.entry(index)
        precondition(unsafe entry.pointee.session == nil, "session \(index) is open")
        guard let session = unsafe SSL_new(context.handle) else {
            ERR_clear_error()
            return nil
        }
        guard let bio = unsafe SocketBIO.make(entry) else {
            unsafe SSL_free(session)
            ERR_clear_error()
            return nil
        }
        unsafe SSL_set_bio(session, bio, bio)
        unsafe entry.pointee.session = session
        unsafe entry.pointee.fd = fd
        self.openCount += 1
        return unsafe session
    }

    /// Tells the peer that this side sends no more (close_notify), as far as the socket takes it.
    public mutating func endWriting(_ index: UInt32) {
        let entry = unsafe self.entry(index)
        guard let session = unsafe entry.pointee.session,
            unsafe entry.pointee.marks.isSuperset(of: .established),
            unsafe entry.pointee.marks.isDisjoint(with: [.failed, .socketBroken])
        else { return }
        if unsafe SSL_shutdown(session) < 0 { ERR_clear_error() }
    }

    /// Frees the session; the descriptor stays open.
    ///
    /// Nothing happens when there is none.
    public mutating func close(_ index: UInt32) {
        let entry = unsafe self.entry(index)
        guard let session = unsafe entry.pointee.session else { return }
        if unsafe entry.pointee.marks.contains(.established),
            unsafe !entry.pointee.marks.contains(.failed)
        {
            // Else OpenSSL takes a connection that ended without close_notify for an attack, and
            // its session for spoilt (RFC 2246 7.2.1; gone with RFC 5246).
            unsafe SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        }
        unsafe SSL_free(session)
        unsafe SSL_SESSION_free(entry.pointee.offered)
        unsafe entry.initialize(
            to: SessionEntry(
                session: nil,
                offered: nil,
                fd: 0,
                receivedBytes: 0,
                contextNumber: 0,
                endpoint: 0,
                marks: [],
                failure: 0,
                chosen: 0,
                speaks: 0
            )
        )
        self.openCount -= 1
    }

    // MARK: Handshake, read, write

    /// Goes on with the handshake as far as the socket allows.
    public mutating func handshake(_ index: UInt32) -> TLSStep {
        let entry = unsafe self.entry(index)
        guard let session = unsafe entry.pointee.session else { return .failed }
        if unsafe entry.pointee.marks.contains(.failed) { return .failed }
        if unsafe entry.pointee.marks.contains(.established) { return .done }
        let result = unsafe SSL_do_handshake(session)
        if result == 1 {
            ERR_clear_error()
            return unsafe self.established(entry, session)
        }
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            unsafe fail(entry, session)
            let isGone = unsafe entry.pointee.failure == TLSFailure.cut.rawValue
            return isGone ? .ended : .failed
        }
    }

    @unsafe
    private mutating func established(
        _ entry: UnsafeMutablePointer<SessionEntry>,
        _ session: OpaquePointer
    ) -> TLSStep {
        unsafe entry.pointee.marks.insert(.established)
        let chosen = unsafe chosenProtocol(session)
        unsafe entry.pointee.chosen = chosen.rawValue
        let isClient = unsafe entry.pointee.marks.contains(.isClient)
        var failure = TLSFailure.none
        if isClient {
            unsafe self.keepOffered(entry)
            // HTTP/2 over TLS is spoken only when it was agreed (RFC 9113 3.2).
            if unsafe entry.pointee.speaks == TLSProtocol.http2.rawValue && chosen != .http2 {
                failure = .noSharedProtocol
            }
        } else if unsafe SSL_session_reused(session) == 1 {
            failure = unsafe resumedClientFailure(session)
        }
        if failure != .none {
            unsafe entry.pointee.failure = failure.rawValue
            unsafe entry.pointee.marks.insert(.failed)
            return .failed
        }
        return .done
    }

    /// Reads decrypted bytes into memory of at least `count` bytes.
    ///
    /// At most one record per call: go on until `wantsRead`.
    @unsafe
    public mutating func read(
        _ index: UInt32,
        into target: UnsafeMutableRawPointer,
        count: Int
    ) -> TLSRead {
        let entry = unsafe self.entry(index)
        guard let session = unsafe entry.pointee.session,
            unsafe entry.pointee.marks.isDisjoint(with: .failed)
        else { return .failed }
        var got = 0
        let result = unsafe SSL_read_ex(session, target, count, &got)
        if result == 1 {
            if unsafe entry.pointee.offered != nil { unsafe self.keepOffered(entry) }
            return .bytes(got)
        }
        let error = unsafe SSL_get_error(session, result)
        if unsafe entry.pointee.offered != nil { unsafe self.keepOffered(entry) }
        switch error {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            unsafe fail(entry, session)
            let isCut = unsafe entry.pointee.failure == TLSFailure.cut.rawValue
            return isCut ? .cut : .failed
        }
    }

    /// Reads decrypted bytes into [`start`, `end`) of a block.
    public mutating func read(
        _ index: UInt32,
        into pool: borrowing BlockPool,
        _ block: BlockIndex,
        _ start: Int,
        _ end: Int
    ) -> TLSRead {
        precondition(start >= 0 && start < end && end <= Limits.blockBytes, "\(start)..<\(end)")
        // SAFETY: [start, end) lies inside the block.
        return unsafe self.read(index, into: pool.pointer(block) + start, count: end - start)
    }

    /// Bytes that are decrypted already: a read gives them without an edge.
    public func pendingBytes(_ index: UInt32) -> Int {
        guard let session = unsafe self.entry(index).pointee.session else { return 0 }
        return Int(unsafe SSL_pending(session))
    }

    /// Encrypts and sends `first`, then `second`; either may be empty, not both.
    ///
    /// Goes on until all is taken or the socket is full: fewer bytes than given mean that an edge
    /// will come. What was not taken must come again, from wherever it is then, with whatever
    /// follows it.
    public mutating func write(
        _ index: UInt32,
        _ first: ByteWindow,
        _ second: ByteWindow
    ) -> TLSWrite {
        let entry = unsafe self.entry(index)
        let all = first.count + second.count
        precondition(all > 0, "nothing to send")
        guard let session = unsafe entry.pointee.session,
            unsafe entry.pointee.marks.isDisjoint(with: .failed)
        else { return .failed }
        var taken = 0
        while taken < all {
            let piece = self.piece(first, second, from: taken)
            let isLast = taken + piece.count == all
            if !isLast { unsafe entry.pointee.marks.insert(.hasMore) }
            var count = 0
            let result = unsafe SSL_write_ex(session, piece.base, piece.count, &count)
            if !isLast { unsafe entry.pointee.marks.remove(.hasMore) }
            if result == 1 {
                taken += count
                continue
            }
            switch unsafe SSL_get_error(session, result) {
            case SSL_ERROR_WANT_READ: return taken > 0 ? .bytes(taken) : .wantsRead
            case SSL_ERROR_WANT_WRITE: return taken > 0 ? .bytes(taken) : .wantsWrite
            default:
                unsafe fail(entry, session)
                return .failed
            }
        }
        return .bytes(taken)
    }

    /// What the next record holds: one of the windows as it lies, or the parts of both joined.
    private func piece(_ first: ByteWindow, _ second: ByteWindow, from: Int) -> ByteWindow {
        let most = TLSSessionTable.recordBytes
        if from >= first.count {
            return second.slice(from - first.count, min(first.count + second.count - from, most))
        }
        let left = first.count - from
        if left >= most || second.isEmpty { return first.slice(from, min(left, most)) }
        let more = min(most - left, second.count)
        // SAFETY: left + more <= recordBytes, and the windows cover what is copied.
        unsafe memcpy(self.record, first.base + from, left)
        unsafe memcpy(self.record + left, second.base, more)
        return unsafe ByteWindow(base: self.record, count: left + more)
    }

    @unsafe
    private mutating func keepOffered(_ entry: UnsafeMutablePointer<SessionEntry>) {
        guard let offered = unsafe entry.pointee.offered else { return }
        unsafe entry.pointee.offered = nil
        let key = unsafe UInt64(entry.pointee.contextNumber) << 32 | UInt64(entry.pointee.endpoint)
        unsafe self.shelf.put(key, offered)
    }

    // MARK: What is known of a session

    /// The application protocol that was agreed.
    public func alpn(_ index: UInt32) -> TLSProtocol {
        TLSProtocol(rawValue: unsafe self.entry(index).pointee.chosen) ?? .none
    }

    /// Why the session failed; `none` while it has not.
    public func failure(_ index: UInt32) -> TLSFailure {
        TLSFailure(rawValue: unsafe self.entry(index).pointee.failure) ?? .internalError
    }

    /// Whether the handshake is complete.
    public func isEstablished(_ index: UInt32) -> Bool {
        unsafe self.entry(index).pointee.marks.contains(.established)
    }

    /// Whether an earlier session was resumed.
    public func isResumed(_ index: UInt32) -> Bool {
        guard let session = unsafe self.entry(index).pointee.session else { return false }
        return unsafe SSL_session_reused(session) == 1
    }

    /// The version that was agreed; `nil` before.
    public func version(_ index: UInt32) -> TLSVersion? {
        guard self.isEstablished(index), let session = unsafe self.entry(index).pointee.session
        else { return nil }
        return unsafe SSL_version(session) == TLS1_3_VERSION ? .tls13 : .tls12
    }

    /// Appends the first DNS name or URI of a verified client certificate; `false` without one.
    ///
    /// Names longer than `Limits.tlsClientNameBytesMax`, or with bytes that are not graphic ASCII,
    /// are none.
    public func clientName(_ index: UInt32, into writer: inout ByteWriter) -> Bool {
        guard self.isEstablished(index), let session = unsafe self.entry(index).pointee.session,
            unsafe SSL_get_verify_result(session) == Int(X509_V_OK),
            let certificate = unsafe SSL_get0_peer_certificate(session)
        else { return false }
        let start = writer.position
        var isFound = false
        unsafe forEachName(of: certificate) { _, bytes in
            let isGraphic = unsafe bytes.allSatisfy { $0 > 0x20 && $0 < 0x7f }
            guard let base = bytes.baseAddress, isGraphic,
                bytes.count <= Limits.tlsClientNameBytesMax
            else { return true }
            unsafe writer.append(ByteWindow(base: base, count: bytes.count))
            isFound = !writer.overflowed
            return false
        }
        if !isFound { writer.rewind(to: start) }
        return isFound
    }

    /// Appends every DNS name and URI of a verified client's certificate, a line feed behind each.
    ///
    /// Names with other than graphic characters are left out. Appends nothing when there are none,
    /// or when they are longer than `Limits.tlsClientNamesBytesMax` together.
    public func clientNames(_ index: UInt32, into writer: inout ByteWriter) {
        guard self.isEstablished(index), let session = unsafe self.entry(index).pointee.session,
            unsafe SSL_get_verify_result(session) == Int(X509_V_OK),
            let certificate = unsafe SSL_get0_peer_certificate(session)
        else { return }
        let start = writer.position
        unsafe forEachName(of: certificate) { _, bytes in
            let isGraphic = unsafe bytes.allSatisfy { $0 > 0x20 && $0 < 0x7f }
            guard let base = bytes.baseAddress, isGraphic else { return true }
            unsafe writer.append(ByteWindow(base: base, count: bytes.count))
            writer.append(0x0a)
            return writer.position - start <= Limits.tlsClientNamesBytesMax
        }
        if writer.overflowed || writer.position - start > Limits.tlsClientNamesBytesMax {
            writer.rewind(to: start)
        }
    }
}
