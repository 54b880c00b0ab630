// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: libnghttp2 calls these only inside of a call of its session's owner,
// with the `user_data` that `openH2Session` gave it: a live H2State.

import Bytes
import CNGHTTP2

/// The state behind a callback's last argument.
private func state(_ data: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<H2State> {
    guard let data = unsafe data else { preconditionFailure("a callback without its state") }
    // SAFETY: what `openH2Session` was given.
    return unsafe data.assumingMemoryBound(to: H2State.self)
}

private let goOn: CInt = 0
private var giveUp: CInt { NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }
private var refuseStream: CInt { NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue }

/// A session with our callbacks and options, or `nil` without memory.
func openH2Session(
    _ role: H2Role,
    _ limits: H2Limits,
    _ user: UnsafeMutablePointer<H2State>
) -> OpaquePointer? {
    var callbacks: OpaquePointer?
    guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    defer { unsafe nghttp2_session_callbacks_del(callbacks) }
    unsafe setReceiving(callbacks)
    unsafe setSending(callbacks)
    var option: OpaquePointer?
    guard unsafe nghttp2_option_new(&option) == 0 else { return nil }
    defer { unsafe nghttp2_option_del(option) }
    // Windows are opened by whoever has read the content, not by its arrival.
    unsafe nghttp2_option_set_no_auto_window_update(option, 1)
    unsafe nghttp2_option_set_no_closed_streams(option, 1)
    unsafe nghttp2_option_set_max_reserved_remote_streams(option, 0)
    // Ours are counted first, by kind; these are the net below.
    unsafe nghttp2_option_set_max_outbound_ack(option, limits.pingsMax + limits.settingsMax + 2_000)
    unsafe nghttp2_option_set_stream_reset_rate_limit(option, 1_000_000, 1_000_000)
    unsafe nghttp2_option_set_max_continuations(option, 9 * (limits.continuationsMax + 1))
    var session: OpaquePointer?
    let result =
        role == .server
        ? unsafe nghttp2_session_server_new2(&session, callbacks, user, option)
        : unsafe nghttp2_session_client_new2(&session, callbacks, user, option)
    return result == 0 ? unsafe session : nil
}

/// Submits the SETTINGS and the connection's window; `false` without memory.
func submitH2Opening(_ session: OpaquePointer?, _ role: H2Role, _ limits: H2Limits) -> Bool {
    typealias Entry = nghttp2_settings_entry
    func entry(_ id: nghttp2_settings_id, _ value: Int) -> Entry {
        Entry(settings_id: Int32(id.rawValue), value: UInt32(value))
    }
    let isServer = role == .server
    let streams = isServer ? limits.streamsMax : 0
    let entries: InlineArray<5, Entry> = [
        entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.streamWindowBytes),
        entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.headBytesMax),
        entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
        entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams),
        isServer
            ? entry(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1)
            : entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0),
    ]
    let isSubmitted = unsafe entries.span.withUnsafeBufferPointer {
        // SAFETY: a live session; the entries are copied.
        unsafe nghttp2_submit_settings(session, 0, $0.baseAddress, $0.count) == 0
    }
    // SAFETY: a live session.
    return unsafe isSubmitted
        && nghttp2_session_set_local_window_size(
            session,
            0,
            0,
            Int32(limits.connectionWindowBytes)
        ) == 0
}

// MARK: Receiving

private func setReceiving(_ callbacks: OpaquePointer?) {
    // SAFETY: each closure gets the pointers that nghttp2.h promises for it.
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, data in
        guard let frame = unsafe frame, unsafe frame.pointee.hd.type == 0x1 else {
            return refuseStream
        }
        return unsafe state(data).pointee.beginHead(
            stream: frame.pointee.hd.stream_id,
            isRequest: frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
        ) ? goOn : refuseStream
    }
    unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
        _,
        _,
        name,
        nameCount,
        value,
        valueCount,
        _,
        data in
        guard let name = unsafe name, let value = unsafe value else { return giveUp }
        return unsafe state(data).pointee.addField(
            ByteWindow(base: name, count: nameCount),
            ByteWindow(base: value, count: valueCount)
        ) ? goOn : giveUp
    }
    // Without this libnghttp2 would drop the field and take the rest (CVE-2023-25725).
    unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) {
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _ in refuseStream
    }
    unsafe setReceivingFrames(callbacks)
}

private func setReceivingFrames(_ callbacks: OpaquePointer?) {
    // SAFETY: each closure gets the pointers that nghttp2.h promises for it.
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, data in
        guard let frame = unsafe frame else { return giveUp }
        return unsafe take(frame, state(data)) ? goOn : giveUp
    }
    unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) {
        _,
        frame,
        _,
        data in
        guard let stream = unsafe frame?.pointee.hd.stream_id, stream > 0 else { return goOn }
        let state = unsafe state(data)
        unsafe state.pointee.noteReset(stream)
        if let slot = unsafe state.pointee.streams.find(stream) {
            unsafe state.pointee.streams[slot].isFaultTold = true
        }
        return goOn
    }
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
        _,
        _,
        stream,
        bytes,
        count,
        data in
        guard let bytes = unsafe bytes else { return giveUp }
        unsafe takeContent(stream, bytes, count, state(data))
        return goOn
    }
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) {
        _,
        stream,
        code,
        data in
        unsafe state(data).pointee.close(stream, code)
        return goOn
    }
}

/// A whole frame that libnghttp2 found in order.
private func take(
    _ frame: UnsafePointer<nghttp2_frame>,
    _ state: UnsafeMutablePointer<H2State>
) -> Bool {
    let header = unsafe frame.pointee.hd
    let ends = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    let isAcknowledgement = header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
    switch header.type {
    case 0x0:
        // Nothing but padding is worth no more than nothing.
        if !ends, header.length > 0, unsafe frame.pointee.data.padlen == header.length {
            return unsafe state.pointee.spend(.emptyData)
        }
        guard ends, let slot = unsafe state.pointee.streams.find(header.stream_id) else {
            return true
        }
        unsafe state.pointee.streams[slot].hasPeerEnded = true
        if unsafe state.pointee.streams[slot].isAnnounced {
            unsafe state.pointee.queue(H2Event(.end, stream: header.stream_id))
        }
    case 0x1:
        return unsafe state.pointee.finishHead(stream: header.stream_id, endsStream: ends)
    case 0x4 where !isAcknowledgement:
        unsafe state.pointee.queue(H2Event(.settings, stream: 0))
    case 0x6 where isAcknowledgement:
        unsafe state.pointee.queue(H2Event(.pingAcknowledged, stream: 0))
    case 0x7:
        unsafe state.pointee.queue(
            H2Event(
                .goAway,
                stream: frame.pointee.goaway.last_stream_id,
                code: frame.pointee.goaway.error_code
            )
        )
    default: break
    }
    return true
}

/// Content, without its padding.
private func takeContent(
    _ stream: Int32,
    _ bytes: UnsafePointer<UInt8>,
    _ count: Int,
    _ state: UnsafeMutablePointer<H2State>
) {
    unsafe state.pointee.budget.hasReceivedContent()
    guard let slot = unsafe state.pointee.streams.find(stream),
        unsafe state.pointee.streams[slot].isAnnounced,
        let input = unsafe state.pointee.input
    else {
        // Nobody will ever read it.
        _ = unsafe nghttp2_session_consume(state.pointee.session, stream, count)
        return
    }
    unsafe state.pointee.streams[slot].unread &+= count
    var event = H2Event(.data, stream: stream)
    // SAFETY: libnghttp2 points into what it was given.
    event.offset = unsafe Int32(bytes - input)
    event.count = Int32(count)
    unsafe state.pointee.queue(event)
}

// MARK: Sending

private func setSending(_ callbacks: OpaquePointer?) {
    // SAFETY: each closure gets the pointers that nghttp2.h promises for it.
    unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, data in
        guard let frame = unsafe frame else { return giveUp }
        unsafe noteSent(frame, state(data))
        return goOn
    }
    // A request that the peer's GOAWAY has overtaken, say: it may be sent again elsewhere.
    unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) {
        _,
        frame,
        _,
        data in
        guard let frame = unsafe frame, unsafe frame.pointee.hd.type == 0x1,
            unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
        else { return goOn }
        unsafe state(data).pointee.close(
            frame.pointee.hd.stream_id,
            NGHTTP2_REFUSED_STREAM.rawValue
        )
        return goOn
    }
    unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks) {
        _,
        frame,
        header,
        count,
        _,
        data in
        guard let frame = unsafe frame, let header = unsafe header else { return giveUp }
        let state = unsafe state(data)
        guard let output = unsafe state.pointee.output,
            let slot = unsafe state.pointee.streams.find(frame.pointee.hd.stream_id),
            unsafe state.pointee.outputCapacity - state.pointee.outputCount >= count + 9
        else { return giveUp }
        let at = unsafe output + state.pointee.outputCount
        // SAFETY: the room for header and content was just checked.
        unsafe at.update(from: header, count: 9)
        unsafe state.pointee.streams[slot].move(count, to: at + 9)
        unsafe state.pointee.outputCount += count + 9
        return goOn
    }
}

/// A frame is on its way.
private func noteSent(
    _ frame: UnsafePointer<nghttp2_frame>,
    _ state: UnsafeMutablePointer<H2State>
) {
    let header = unsafe frame.pointee.hd
    let slot = unsafe state.pointee.streams.find(header.stream_id)
    switch header.type {
    case 0x0, 0x1:
        guard let slot else { return }
        unsafe state.pointee.streams[slot].isSent = true
        guard header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 else { return }
        unsafe state.pointee.streams[slot].hasEnded = true
        // The rest of a request that was refused is of no use (RFC 9113 8.1).
        if unsafe state.pointee.streams[slot].isRefused
            && !state.pointee.streams[slot].hasPeerEnded
        {
            _ = unsafe state.pointee.resetFaulty(slot, NGHTTP2_NO_ERROR.rawValue)
        }
    case 0x3:
        unsafe state.pointee.noteReset(header.stream_id)
        if let slot {
            if unsafe state.pointee.streams[slot].isReset { return }
            // SETTINGS that lift a window too far, or content beyond one: libnghttp2 resets the
            // stream, RFC 9113 6.9.2 asks for the connection's end.
            if unsafe frame.pointee.rst_stream.error_code == NGHTTP2_FLOW_CONTROL_ERROR.rawValue
                && !state.pointee.streams[slot].isFaultTold
            {
                unsafe state.pointee.fault = NGHTTP2_FLOW_CONTROL_ERROR.rawValue
            }
        }
        _ = unsafe state.pointee.spend(.resetsSent)
    case 0x7:
        unsafe state.pointee.hasSentGoAway = true
        unsafe state.pointee.goAwayCode = frame.pointee.goaway.error_code
    default: break
    }
}

/// Where libnghttp2 asks for a stream's content.
func h2Content() -> nghttp2_data_provider {
    var provider = unsafe nghttp2_data_provider()
    unsafe provider.read_callback = { _, stream, _, length, flags, _, data in
        guard let flags = unsafe flags else { return Int(giveUp) }
        return unsafe readContent(stream, length, flags, state(data))
    }
    return unsafe provider
}

/// How much of a stream's offer goes into its next DATA frame of at most `length` bytes.
private func readContent(
    _ stream: Int32,
    _ length: Int,
    _ flags: UnsafeMutablePointer<UInt32>,
    _ state: UnsafeMutablePointer<H2State>
) -> Int {
    guard let slot = unsafe state.pointee.streams.find(stream) else {
        return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    if unsafe state.pointee.streams[slot].waits {
        unsafe state.pointee.streams[slot].isDeferred = true
        return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    let offered = unsafe state.pointee.streams[slot].offered
    let room = unsafe state.pointee.outputCapacity - state.pointee.outputCount - 9
    // Frames are whole, and not made small by what is left of a block.
    guard room >= min(offered, length, 1_024) else { return Int(NGHTTP2_ERR_PAUSE.rawValue) }
    let count = min(offered, length, room)
    if offered > length && length < Limits.h2SmallFrameBytes {
        _ = unsafe state.pointee.spend(.smallFrames)
    } else if count > 0 {
        unsafe state.pointee.budget.hasSentContent()
    }
    var result = NGHTTP2_DATA_FLAG_NO_COPY.rawValue
    let isAll = count == offered
    if isAll, unsafe state.pointee.streams[slot].hasTrailers {
        result |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        guard unsafe submitTrailers(slot, state) else {
            return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
    } else if isAll, unsafe state.pointee.streams[slot].isLast {
        result |= NGHTTP2_DATA_FLAG_EOF.rawValue
    }
    unsafe flags.pointee = result
    return count
}

/// Sends the trailers of a stream behind the frame that is being made.
private func submitTrailers(_ slot: Int, _ state: UnsafeMutablePointer<H2State>) -> Bool {
    let lines = unsafe state.pointee.streams[slot].keptBytes
    let stream = unsafe state.pointee.streams[slot].stream
    let session = unsafe state.pointee.session
    unsafe state.pointee.streams[slot].hasTrailers = false
    return unsafe withH2Trailers(lines) { fields, count in
        unsafe nghttp2_submit_trailer(session, stream, fields, count) == 0
    }
}
