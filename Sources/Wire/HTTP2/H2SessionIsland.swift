// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `state` is allocated in init, handed to libnghttp2 as its user data,
// and freed in deinit after the session; no access to a part of it is held across a call of
// libnghttp2.

public import Bytes
import CNGHTTP2

/// One end of one HTTP/2 connection: bytes in, events out; heads and content in, bytes out.
///
/// Knows no socket and no clock. Heads are HTTP/1.1 text in both directions, so that one strict
/// parser and one serialiser serve both protocols. Frames, HPACK and flow control are libnghttp2's;
/// the budgets of what a peer may do are ours.
///
/// The owner's loop: read bytes, ``receive(_:nowMilliseconds:)``, all of ``nextEvent()``; then
/// ``pull(into:)`` until it adds nothing, and all of ``nextEvent()`` again, since a stream may have
/// been finished by what was sent. ``isOver``: close the connection.
@safe
public struct H2Session: ~Copyable {
    let state: UnsafeMutablePointer<H2State>
    /// Scratch of one call; a table's sessions share one.
    private let fields: UnsafeMutablePointer<H2FieldList>
    private let ownsFields: Bool

    /// A session that has submitted its SETTINGS.
    ///
    /// Throws `refusedBuild` with a libnghttp2 older than 1.52.0 (what Debian added to that version
    /// is asked for when the project is configured: `.ci/nghttp2`), `unusable` without memory.
    public init(role: H2Role, limits: H2Limits) throws(H2Error) {
        let state = try unsafe openH2State(role, limits)
        let fields = UnsafeMutablePointer<H2FieldList>.allocate(capacity: 1)
        unsafe fields.initialize(to: H2FieldList())
        unsafe self.state = state
        unsafe self.fields = fields
        self.ownsFields = true
    }

    /// A session that uses `fields`, which must outlive it.
    @unsafe
    init(
        role: H2Role,
        limits: H2Limits,
        fields: UnsafeMutablePointer<H2FieldList>
    ) throws(H2Error) {
        unsafe self.state = try unsafe openH2State(role, limits)
        unsafe self.fields = fields
        self.ownsFields = false
    }

    deinit {
        // SAFETY: the session goes before the state that its callbacks use; nil is allowed.
        unsafe closeH2State(self.state)
        guard self.ownsFields else { return }
        unsafe self.fields.deinitialize(count: 1)
        unsafe self.fields.deallocate()
    }

    // MARK: In

    /// Takes all of `bytes`; the events that follow are asked for one by one, before the next call.
    ///
    /// Throws when the connection must end; what is to be said to the peer waits for
    /// ``pull(into:)``. A fault that libnghttp2 answers by itself does not throw: its GOAWAY is
    /// pulled, then ``isOver``. `nowMilliseconds` is any clock that does not go back.
    public mutating func receive(
        _ bytes: ByteWindow,
        nowMilliseconds: UInt64
    ) throws(H2Error) {
        if let failure = unsafe self.state.pointee.failure { throw failure }
        unsafe self.state.pointee.beginReceive(bytes, nowMilliseconds: nowMilliseconds)
        let result = unsafe readFrames(self.state, bytes)
        let waiting = unsafe nghttp2_session_get_outbound_queue_size(self.state.pointee.session)
        if waiting > Limits.h2OutboundFramesMax {
            unsafe self.state.pointee.flood = self.state.pointee.flood ?? .resetsSent
        }
        if let flood = unsafe self.state.pointee.flood { throw self.end(.flood(flood)) }
        if let fault = unsafe self.state.pointee.fault { throw self.end(.protocolError, fault) }
        guard result < 0 else { return }
        switch nghttp2_error(rawValue: Int32(result)) {
        case NGHTTP2_ERR_FLOODED: throw self.end(.flood(.ping))
        case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS: throw self.end(.flood(.continuation))
        case NGHTTP2_ERR_NOMEM: throw self.end(.unusable)
        default: throw self.end(.protocolError)
        }
    }

    /// Queues the GOAWAY that belongs to an error and remembers it.
    private func end(_ error: H2Error, _ fault: UInt32? = nil) -> H2Error {
        let code: UInt32 =
            switch error {
            case .flood: NGHTTP2_ENHANCE_YOUR_CALM.rawValue
            case .protocolError: fault ?? NGHTTP2_PROTOCOL_ERROR.rawValue
            case .refusedBuild, .unusable, .badHead, .connectRefused:
                NGHTTP2_INTERNAL_ERROR.rawValue
            }
        unsafe self.state.pointee.failure = error
        _ = unsafe nghttp2_session_terminate_session(self.state.pointee.session, code)
        return error
    }

    /// The next event, or `nil`; also those that arise from ``pull(into:)``.
    public mutating func nextEvent() -> H2Event? { unsafe self.state.pointee.nextEvent() }

    /// The text of a head or trailer event; valid until the next `receive`.
    public func text(_ event: H2Event) -> ByteWindow {
        precondition(event.kind == .head || event.kind == .trailers, "an event without text")
        return unsafe self.state.pointee.head.text.window(Int(event.offset), Int(event.count))
    }

    /// Gives a stream a word of the caller's; `.max` takes it back.
    public mutating func setTag(_ stream: Int32, _ tag: UInt32) {
        guard let slot = unsafe self.state.pointee.streams.find(stream) else { return }
        unsafe self.state.pointee.streams[slot].tag = tag
    }

    /// Content was read by whoever wants it: the peer may send that much more.
    ///
    /// Harmless on a stream that is gone: what it had left unread was given back with it.
    public mutating func consume(_ stream: Int32, _ count: Int) {
        guard let slot = unsafe self.state.pointee.streams.find(stream) else { return }
        let bytes = unsafe min(count, self.state.pointee.streams[slot].unread)
        guard bytes > 0 else { return }
        unsafe self.state.pointee.streams[slot].unread &-= bytes
        let session = unsafe self.state.pointee.session
        // A peer that has ended its side needs no window there.
        if unsafe self.state.pointee.streams[slot].hasPeerEnded {
            _ = unsafe nghttp2_session_consume_connection(session, bytes)
        } else {
            _ = unsafe nghttp2_session_consume(session, stream, bytes)
        }
    }

    // MARK: Out

    /// Sends an answer's head, HTTP/1.1 text with its blank line; 1xx heads are interim.
    ///
    /// A 101 to an extended CONNECT becomes 200 (RFC 8441 5). Throws `badHead` for text that is no
    /// head, `unusable` for a stream that cannot be answered any more.
    public mutating func submitAnswer(
        _ stream: Int32,
        head: ByteWindow,
        endsStream: Bool
    ) throws(H2Error) {
        guard let slot = unsafe self.state.pointee.streams.find(stream),
            unsafe !self.state.pointee.streams[slot].hasFinalHead
        else { throw .unusable }
        let isTunnel = unsafe self.state.pointee.streams[slot].isTunnel
        let status = try unsafe self.fields.pointee.fill(answer: head, isTunnel: isTunnel)
        let session = unsafe self.state.pointee.session
        let result: CInt
        if status < 200 {
            result = unsafe self.fields.pointee.withFields {
                unsafe nghttp2_submit_headers(session, 0, stream, nil, $0, $1, nil)
            }
        } else {
            unsafe self.state.pointee.streams[slot].hasFinalHead = true
            var content = unsafe h2Content()
            result = unsafe self.fields.pointee.withFields {
                endsStream
                    ? unsafe nghttp2_submit_response(session, stream, $0, $1, nil)
                    : unsafe nghttp2_submit_response(session, stream, $0, $1, &content)
            }
        }
        guard result == 0 else { throw .unusable }
    }

    /// Sends a request's head, HTTP/1.1 text with its blank line, on a new stream; its number.
    ///
    /// A WebSocket's opening becomes an extended CONNECT (RFC 8441), or throws `connectRefused`.
    public mutating func submitRequest(
        head: ByteWindow,
        isSecure: Bool,
        endsStream: Bool,
        tag: UInt32
    ) throws(H2Error) -> Int32 {
        guard self.takesRequests else { throw .unusable }
        let key = try unsafe self.fields.pointee.fill(
            request: head,
            isSecure: isSecure,
            allowsTunnel: self.peerAllowsConnectProtocol
        )
        let session = unsafe self.state.pointee.session
        var content = unsafe h2Content()
        let hasContent = !endsStream || key != nil
        let stream = unsafe self.fields.pointee.withFields {
            hasContent
                ? unsafe nghttp2_submit_request(session, nil, $0, $1, &content, nil)
                : unsafe nghttp2_submit_request(session, nil, $0, $1, nil, nil)
        }
        guard stream > 0 else { throw .unusable }
        guard let slot = unsafe self.state.pointee.streams.insert(stream) else {
            _ = unsafe nghttp2_submit_rst_stream(session, 0, stream, NGHTTP2_CANCEL.rawValue)
            throw .unusable
        }
        unsafe self.state.pointee.streams[slot].tag = tag
        unsafe self.state.pointee.streams[slot].isAnnounced = true
        unsafe self.state.pointee.budget.hasAsked()
        if let key {
            unsafe self.state.pointee.streams[slot].isTunnel = true
            withWindow(WebSocketHandshake.accept(for: key)) {
                unsafe self.state.pointee.streams[slot].keep($0)
            }
        }
        return stream
    }

    /// What the stream may send now; the windows must stay where they are until the next `offer` or
    /// `abandon`, or until ``taken(_:)`` has told of all of it, or the stream is closed.
    ///
    /// Replaces what is left of an earlier offer. `isLast`: END_STREAM goes behind it.
    public mutating func offer(
        _ stream: Int32,
        _ first: ByteWindow,
        _ second: ByteWindow,
        isLast: Bool
    ) {
        guard let slot = self.sendable(stream) else { return }
        unsafe self.state.pointee.streams[slot].offer(first, second, isLast: isLast)
        self.wake(slot)
    }

    /// Bytes of the offer that have left since this was last asked.
    public mutating func taken(_ stream: Int32) -> Int {
        guard let slot = unsafe self.state.pointee.streams.find(stream) else { return 0 }
        let count = unsafe self.state.pointee.streams[slot].taken
        unsafe self.state.pointee.streams[slot].taken = 0
        return count
    }

    /// Whether ``taken(_:)`` would tell of bytes.
    public func hasTaken(_ stream: Int32) -> Bool {
        guard let slot = unsafe self.state.pointee.streams.find(stream) else { return false }
        return unsafe self.state.pointee.streams[slot].taken > 0
    }

    /// Field lines (`name: value CRLF`) to be sent as trailers behind the last byte of the offer,
    /// with END_STREAM.
    ///
    /// They are copied; what is no field, or belongs to one connection, is left out.
    public mutating func offerTrailers(_ stream: Int32, _ fields: ByteWindow) {
        guard let slot = self.sendable(stream) else { return }
        unsafe self.state.pointee.streams[slot].isLast = true
        let isSome = unsafe withH2Trailers(fields) { $1 > 0 }
        if isSome {
            unsafe self.state.pointee.streams[slot].keep(fields)
            unsafe self.state.pointee.streams[slot].hasTrailers = true
        }
        self.wake(slot)
    }

    /// Whether our side of the stream has been sent to its end, or the stream is gone.
    public mutating func isFinished(_ stream: Int32) -> Bool {
        guard let slot = unsafe self.state.pointee.streams.find(stream) else { return true }
        return unsafe self.state.pointee.streams[slot].hasEnded
    }

    /// The windows offered are about to go: nothing of them is sent any more.
    public mutating func abandon(_ stream: Int32) {
        guard let slot = unsafe self.state.pointee.streams.find(stream) else { return }
        unsafe self.state.pointee.streams[slot].abandon()
        unsafe self.state.pointee.streams[slot].isLast = false
        unsafe self.state.pointee.streams[slot].hasTrailers = false
    }

    /// Ends a stream with an error code (RFC 9113 7); harmless when it is gone.
    public mutating func reset(_ stream: Int32, code: UInt32) {
        guard let slot = unsafe self.state.pointee.streams.find(stream) else { return }
        self.abandon(stream)
        unsafe self.state.pointee.streams[slot].isReset = true
        _ = unsafe nghttp2_submit_rst_stream(self.state.pointee.session, 0, stream, code)
        // A request that still waits for its turn never becomes a stream that could close.
        if unsafe self.state.pointee.role == .client && !self.state.pointee.streams[slot].isSent {
            unsafe self.state.pointee.close(stream, code)
        }
    }

    /// The slot of a stream that may still send.
    private func sendable(_ stream: Int32) -> Int? {
        guard let slot = unsafe self.state.pointee.streams.find(stream),
            unsafe !self.state.pointee.streams[slot].hasEnded
        else { return nil }
        return slot
    }

    private func wake(_ slot: Int) {
        guard unsafe self.state.pointee.streams[slot].isDeferred,
            unsafe !self.state.pointee.streams[slot].waits
        else { return }
        unsafe self.state.pointee.streams[slot].isDeferred = false
        let stream = unsafe self.state.pointee.streams[slot].stream
        _ = unsafe nghttp2_session_resume_data(self.state.pointee.session, stream)
    }

    /// Fills `writer` with frames, as many as fit; adds nothing when none wait.
    ///
    /// Content is copied once, from the offer to the writer. Give it at least 2 KiB of room.
    public mutating func pull(into writer: inout ByteWriter) throws(H2Error) {
        let state = unsafe self.state
        var isBroken = false
        // SAFETY: the memory is used by callbacks only during this call.
        unsafe writer.fill { output, room in
            unsafe state.pointee.output = output
            unsafe state.pointee.outputCount = 0
            unsafe state.pointee.outputCapacity = room
            unsafe isBroken = !sendFrames(state)
            unsafe state.pointee.output = nil
            return unsafe state.pointee.outputCount
        }
        if isBroken { throw self.end(.unusable) }
        guard unsafe self.state.pointee.failure == nil else { return }
        if let flood = unsafe self.state.pointee.flood {
            _ = self.end(.flood(flood))
        } else if let fault = unsafe self.state.pointee.fault {
            _ = self.end(.protocolError, fault)
        }
    }

    /// Whether ``pull(into:)`` may add something.
    public var hasOutput: Bool {
        unsafe !self.state.pointee.rest.isEmpty
            || nghttp2_session_want_write(self.state.pointee.session) != 0
    }

    // MARK: The connection

    /// Asks the peer not to open streams any more, in good time (RFC 9113 6.8).
    public mutating func beginShutdown() {
        guard unsafe self.state.pointee.role == .server else { return }
        _ = unsafe nghttp2_submit_shutdown_notice(self.state.pointee.session)
    }

    /// Says which stream was the last one; those up to it are finished.
    public mutating func finishShutdown() {
        let session = unsafe self.state.pointee.session
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        _ = unsafe nghttp2_submit_goaway(session, 0, last, 0, nil, 0)
    }

    /// Asks the peer whether it is still there; `pingAcknowledged` tells.
    public mutating func ping() {
        _ = unsafe nghttp2_submit_ping(self.state.pointee.session, 0, nil)
    }

    /// Why the session cannot go on, once it cannot.
    public var failure: H2Error? { unsafe self.state.pointee.failure }

    /// The error code of the GOAWAY that we have sent; 0: none, or a peaceful one.
    public var goAwayCode: UInt32 { unsafe self.state.pointee.goAwayCode }

    /// Neither end has more to say.
    public var isOver: Bool {
        unsafe self.state.pointee.rest.isEmpty
            && nghttp2_session_want_read(self.state.pointee.session) == 0
            && nghttp2_session_want_write(self.state.pointee.session) == 0
    }

    /// Whether the peer owes the rest of its preface or of a head: nothing else can come before.
    public var isInHead: Bool { unsafe self.state.pointee.scanner.isInHead }

    /// Streams that are open, or whose end was not told yet.
    public var openStreams: Int { unsafe self.state.pointee.streams.count }

    /// Streams that the peer lets us have open at once, at most those that we let it have.
    public var peerStreamsMax: Int {
        let value = unsafe nghttp2_session_get_remote_settings(
            self.state.pointee.session,
            NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS
        )
        return unsafe Int(min(value, UInt32(self.state.pointee.limits.streamsMax)))
    }

    /// Whether new streams may be opened at all: no GOAWAY, numbers left.
    public var takesRequests: Bool {
        unsafe self.state.pointee.failure == nil
            && nghttp2_session_check_request_allowed(self.state.pointee.session) != 0
    }

    /// The peer speaks RFC 8441.
    public var peerAllowsConnectProtocol: Bool {
        unsafe nghttp2_session_get_remote_settings(
            self.state.pointee.session,
            NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL
        ) == 1
    }

    /// How often the peer has done something that has a budget.
    public func count(_ flood: H2Flood) -> UInt64 {
        unsafe self.state.pointee.budget.total(flood)
    }
}

/// The state of a session that has submitted its SETTINGS.
private func openH2State(
    _ role: H2Role,
    _ limits: H2Limits
) throws(H2Error) -> UnsafeMutablePointer<H2State> {
    // SAFETY: a static structure, or nil when the library is older.
    guard unsafe nghttp2_version(0x013400) != nil else { throw .refusedBuild }
    let state = UnsafeMutablePointer<H2State>.allocate(capacity: 1)
    unsafe state.initialize(to: H2State(role: role, limits: limits))
    unsafe state.pointee.session = openH2Session(role, limits, state)
    guard unsafe state.pointee.session != nil,
        unsafe submitH2Opening(state.pointee.session, role, limits)
    else {
        unsafe closeH2State(state)
        throw .unusable
    }
    return unsafe state
}

private func closeH2State(_ state: UnsafeMutablePointer<H2State>) {
    // SAFETY: the session goes before the state that its callbacks use; nil is allowed.
    unsafe nghttp2_session_del(state.pointee.session)
    unsafe state.pointee.streams.removeAll()
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
}

/// Counts frames and hands them to libnghttp2; its error, or 0.
///
/// Stops before a frame that is one too many or comes where it must not.
private func readFrames(_ state: UnsafeMutablePointer<H2State>, _ bytes: ByteWindow) -> Int {
    let session = unsafe state.pointee.session
    var handed = 0
    var at = 0
    /// Hands over what was scanned before `end`.
    func hand(_ end: Int) -> Int {
        guard end > handed else { return 0 }
        // SAFETY: the part lies inside the window, which stays in place during the call.
        let taken = unsafe nghttp2_session_mem_recv(session, bytes.base + handed, end - handed)
        handed = end
        return min(taken, 0)
    }
    while let frame = unsafe state.pointee.scanner.next(bytes, from: &at) {
        if unsafe state.pointee.depends(frame) {
            // Without its own header: an empty frame would be read with it, and judged as one that
            // comes behind itself.
            let result = hand(at - 9)
            if result < 0 { return result }
        }
        guard unsafe state.pointee.noteFrame(frame) else {
            _ = hand(at)
            return 0
        }
    }
    return hand(at)
}

/// Makes frames until the output is full or none wait; `false` when the session is broken.
private func sendFrames(_ state: UnsafeMutablePointer<H2State>) -> Bool {
    while unsafe state.pointee.outputCount < state.pointee.outputCapacity {
        var rest = unsafe state.pointee.rest
        if rest.isEmpty {
            var pointer: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(state.pointee.session, &pointer)
            guard count >= 0 else { return false }
            guard count > 0, let base = unsafe pointer else { return true }
            // SAFETY: valid until the next mem_send.
            rest = unsafe ByteWindow(base: base, count: count)
        }
        guard let output = unsafe state.pointee.output else { return false }
        let at = unsafe state.pointee.outputCount
        let count = unsafe min(rest.count, state.pointee.outputCapacity - at)
        // SAFETY: `count` bytes fit behind `at`.
        unsafe (output + at).update(from: rest.base, count: count)
        unsafe state.pointee.outputCount += count
        unsafe state.pointee.rest = rest.slice(count, rest.count - count)
    }
    return true
}
