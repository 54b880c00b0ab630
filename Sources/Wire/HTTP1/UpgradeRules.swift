// SPDX-License-Identifier: Apache-2.0
public import Bytes

// When a connection may change its protocol (RFC 9110 7.8, RFC 6455 4).
//
// request                                        verdict   why
// not GET, or HTTP/1.0                           no        RFC 6455 4.1; 7.8: ignored in 1.0
// content of any length                          no        7.8: not in the middle of a message
// Connection does not list `upgrade`             no        7.8: a hop-by-hop field stands there
// Sec-WebSocket-Version other than one `13`      no        RFC 6455 4.2.1
// Sec-WebSocket-Key other than one of 16 bytes   no        RFC 6455 4.2.1
//
// "No" is no error: the Upgrade field is removed and the request goes on as an ordinary one.
// An answer switches only when it is a 101 that lists `upgrade` and names the protocol asked for,
// and for WebSocket carries one Sec-WebSocket-Accept.

/// Whether a request asks, properly, to become a WebSocket (RFC 6455 4.2.1).
public func asksForWebSocket(
    _ head: ByteWindow,
    _ fields: borrowing FieldTable,
    _ request: RequestHead
) -> Bool {
    guard request.asksForUpgrade, request.method == .get, request.versionMinor == 1,
        request.framing == .none,
        hasElement(head, fields, .connection, "upgrade"),
        hasElement(head, fields, .upgrade, "websocket")
    else { return false }
    var versions = 0
    var keys = 0
    for index in 0..<fields.count where fields[index].name == .other {
        let slot = fields[index]
        let name = head.slice(Int(slot.nameStart), Int(slot.nameLength))
        let value = head.slice(Int(slot.valueStart), Int(slot.valueLength))
        if name.equalsIgnoringCase("sec-websocket-version") {
            versions &+= 1
            guard !slot.isHopByHop, value.equals("13") else { return false }
        } else if name.equalsIgnoringCase("sec-websocket-key") {
            keys &+= 1
            guard !slot.isHopByHop, isWebSocketKey(value) else { return false }
        }
    }
    return versions == 1 && keys == 1
}

/// The only protocol that a request asks to change to, when it may change at all; `nil` else.
///
/// For protocols that a route allows by name; ``asksForWebSocket(_:_:_:)`` is stricter.
public func upgradeToken(
    _ head: ByteWindow,
    _ fields: borrowing FieldTable,
    _ request: RequestHead
) -> HeadRange? {
    guard request.asksForUpgrade, request.versionMinor == 1, request.framing == .none,
        hasElement(head, fields, .connection, "upgrade"),
        let index = onlyIndex(fields, .upgrade)
    else { return nil }
    let value = head.slice(Int(fields[index].valueStart), Int(fields[index].valueLength))
    var at = 0
    while at < value.count {
        // A token, with one `/` before its version (RFC 9110 16.7).
        guard isTokenByte(value[at]) || (value[at] == ASCII.slash && at > 0) else { return nil }
        at &+= 1
    }
    return at == 0 ? nil : HeadRange(Int(fields[index].valueStart), value.count)
}

/// Whether an answer changes the protocol to WebSocket, with its one Sec-WebSocket-Accept.
///
/// Only for an answer to a request that asked for it (CVE-2026-2833).
public func switchesToWebSocket(
    _ head: ByteWindow,
    _ fields: borrowing FieldTable,
    _ response: ResponseHead
) -> Bool {
    guard let name = switchedProtocol(head, fields, response),
        name.equalsIgnoringCase("websocket")
    else { return false }
    var accepts = 0
    for index in 0..<fields.count where fields[index].name == .other {
        let slot = fields[index]
        let name = head.slice(Int(slot.nameStart), Int(slot.nameLength))
        guard name.equalsIgnoringCase("sec-websocket-accept") else { continue }
        // The base64 of a SHA-1: the client alone can compare it, but nothing else is one.
        guard !slot.isHopByHop, slot.valueLength == 28 else { return false }
        accepts &+= 1
    }
    return accepts == 1
}

/// Whether an answer changes the protocol to `token`, which its request has asked for.
public func switchesProtocol(
    _ head: ByteWindow,
    _ fields: borrowing FieldTable,
    _ response: ResponseHead,
    to token: ByteWindow
) -> Bool {
    guard let name = switchedProtocol(head, fields, response), name.count == token.count else {
        return false
    }
    for at in 0..<name.count where asciiLowercased(name[at]) != asciiLowercased(token[at]) {
        return false
    }
    return true
}

/// The one protocol that a proper 101 names; `nil`: it is none.
private func switchedProtocol(
    _ head: ByteWindow,
    _ fields: borrowing FieldTable,
    _ response: ResponseHead
) -> ByteWindow? {
    guard response.status == 101, response.versionMinor == 1,
        hasElement(head, fields, .connection, "upgrade"),
        let index = onlyIndex(fields, .upgrade)
    else { return nil }
    return head.slice(Int(fields[index].valueStart), Int(fields[index].valueLength))
}

/// Whether a request's `Accept` asks for an event stream, as every EventSource does.
public func asksForEvents(_ head: ByteWindow, _ fields: borrowing FieldTable) -> Bool {
    hasElement(head, fields, .accept, "text/event-stream")
}

/// Whether an answer's content is an event stream.
public func isEventStream(_ head: ByteWindow, _ fields: borrowing FieldTable) -> Bool {
    guard let index = fields.firstIndex(of: .contentType) else { return false }
    let value = head.slice(Int(fields[index].valueStart), Int(fields[index].valueLength))
    var end = value.firstIndex(of: 0x3b) ?? value.count
    while end > 0 && ASCII.isBlank(value[end &- 1]) { end &-= 1 }
    return value.slice(0, end).equalsIgnoringCase("text/event-stream")
}

/// 24 characters of base64 that stand for 16 bytes.
private func isWebSocketKey(_ value: ByteWindow) -> Bool {
    guard value.count == 24, value[22] == 0x3d, value[23] == 0x3d else { return false }
    for at in 0..<22 {
        let byte = value[at]
        let isLetter = (byte | 0x20) &- 0x61 < 26
        guard isLetter || byte &- 0x30 < 10 || byte == 0x2b || byte == 0x2f else { return false }
    }
    return true
}

/// Whether any field of this name lists the element.
private func hasElement(
    _ head: ByteWindow,
    _ fields: borrowing FieldTable,
    _ name: HeaderName,
    _ element: StaticString
) -> Bool {
    for index in 0..<fields.count where fields[index].name == name {
        let slot = fields[index]
        if listContains(head.slice(Int(slot.valueStart), Int(slot.valueLength)), element) {
            return true
        }
    }
    return false
}

/// The index of the only field of this name.
private func onlyIndex(_ fields: borrowing FieldTable, _ name: HeaderName) -> Int? {
    var found: Int?
    for index in 0..<fields.count where fields[index].name == name {
        if found != nil { return nil }
        found = index
    }
    return found
}
