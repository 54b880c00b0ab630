// SPDX-License-Identifier: Apache-2.0
// Invariant of this file: c-ares calls back exactly once per question, at the latest while its
// channel is destroyed, on the thread that drives the channel; the argument is a `PendingName`
// retained for that call, or the `NameInbox` that outlives the channel.

import Bytes
import CCAres
import Glibc

/// What a channel has to say: replies that wait to be taken, and the sockets it uses now.
///
/// Used by the one thread that drives the channel.
final class NameInbox {
    var replies: [NameReply] = []
    /// Questions that have no reply yet.
    var waiting = 0
    /// Socket and whether it is read, written.
    var sockets: [Int32: (reads: Bool, writes: Bool)] = [:]
}

/// One question on its way; lives from the asking to c-ares's call.
final class PendingName {
    let inbox: NameInbox
    let tag: UInt32

    init(_ inbox: NameInbox, tag: UInt32) {
        self.inbox = inbox
        self.tag = tag
    }
}

/// `ares_sock_state_cb`: a socket is wanted for reading or writing, or for neither any more.
@unsafe
func noteSocket(
    _ argument: UnsafeMutableRawPointer?,
    _ fd: Int32,
    _ reads: Int32,
    _ writes: Int32
) {
    guard let argument = unsafe argument else { return }
    // SAFETY: the inbox outlives the channel that calls.
    let inbox = unsafe Unmanaged<NameInbox>.fromOpaque(argument).takeUnretainedValue()
    inbox.sockets[fd] = reads != 0 || writes != 0 ? (reads != 0, writes != 0) : nil
}

/// `ares_addrinfo_callback`: a question is over; frees the list.
@unsafe
func takeAddresses(
    _ argument: UnsafeMutableRawPointer?,
    _ status: Int32,
    _ timeouts: Int32,
    _ list: UnsafeMutablePointer<ares_addrinfo>?
) {
    defer { if let list = unsafe list { unsafe ares_freeaddrinfo(list) } }
    guard let argument = unsafe argument else { return }
    // SAFETY: retained when asked; this is the one call.
    let pending = unsafe Unmanaged<PendingName>.fromOpaque(argument).takeRetainedValue()
    let result: Result<NameAnswer, NameError>
    if status == ARES_SUCCESS, let list = unsafe list {
        result = unsafe answer(from: list)
    } else {
        result = .failure(NameError(status: status))
    }
    pending.inbox.waiting -= 1
    pending.inbox.replies.append(NameReply(tag: pending.tag, result: result))
}

@unsafe
private func answer(
    from list: UnsafeMutablePointer<ares_addrinfo>
) -> Result<NameAnswer, NameError> {
    var addresses: [[UInt8]] = []
    var lowest = Int32.max
    var isCut = false
    var node: UnsafeMutablePointer<ares_addrinfo_node>? = unsafe list.pointee.nodes
    while let entry = unsafe node {
        unsafe node = entry.pointee.ai_next
        guard let bytes = unsafe addressBytes(entry.pointee) else { continue }
        unsafe lowest = min(lowest, entry.pointee.ai_ttl)
        if addresses.contains(bytes) { continue }
        guard addresses.count < Limits.nameAddressesMax else {
            isCut = true
            break
        }
        addresses.append(bytes)
    }
    guard !addresses.isEmpty else { return .failure(.noAddress) }
    var alias: UnsafeMutablePointer<ares_addrinfo_cname>? = unsafe list.pointee.cnames
    while let entry = unsafe alias {
        unsafe lowest = min(lowest, entry.pointee.ttl)
        unsafe alias = entry.pointee.next
    }
    // RFC 2181 8: a TTL with its highest bit set counts as 0.
    let seconds = UInt32(max(0, lowest))
    return .success(NameAnswer(addresses: addresses, ttlSeconds: seconds, isCut: isCut))
}

@unsafe
private func addressBytes(_ node: ares_addrinfo_node) -> [UInt8]? {
    guard let address = unsafe node.ai_addr else { return nil }
    // Where the address stands in a sockaddr_in and a sockaddr_in6.
    let place: Range<Int>
    switch unsafe node.ai_family {
    case AF_INET: place = 4..<8
    case AF_INET6: place = 8..<24
    default: return nil
    }
    guard unsafe Int(node.ai_addrlen) >= place.upperBound else { return nil }
    // SAFETY: the sockaddr has ai_addrlen bytes, more than are read.
    let raw = unsafe UnsafeRawBufferPointer(start: address, count: place.upperBound)
    return unsafe Array(raw[place])
}
