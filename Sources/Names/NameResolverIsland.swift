// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `channel` is a live c-ares channel, driven by one thread at a time, and
// destroyed before the inbox that its callbacks write to.

import Bytes
import CCAres
import Glibc

/// Asks name servers for addresses: many questions at once, on one thread, never blocking longer
/// than it is told.
///
/// Aliases are followed, `/etc/hosts` and the search list of the system are honoured, an answer
/// that
/// was truncated is asked for again over TCP (RFC 7766). Frees everything at its end; questions
/// still
/// under way get no reply then.
@safe
public struct NameResolver: ~Copyable {
    private let channel: ares_channel
    private let inbox: NameInbox

    /// c-ares wants to be told once per process.
    private static let isReady: Bool = {
        ares_library_init(Int32(ARES_LIB_INIT_ALL)) == ARES_SUCCESS
    }()

    /// A resolver.
    ///
    /// - Throws: ``NameError/badServers`` when the plan's servers are none,
    /// ``NameError/unavailable``
    ///   when there is no memory.
    public init(_ plan: ResolverPlan) throws(NameError) {
        guard NameResolver.isReady else { throw .unavailable }
        let inbox = NameInbox()
        var options = unsafe ares_options()
        unsafe options.timeout = Int32(clamping: plan.timeoutMilliseconds)
        unsafe options.tries = Int32(clamping: plan.tries)
        unsafe options.sock_state_cb = { unsafe noteSocket($0, $1, $2, $3) }
        // SAFETY: kept by `self.inbox`, which outlives the channel.
        unsafe options.sock_state_cb_data = Unmanaged.passUnretained(inbox).toOpaque()
        let given =
            Int32(ARES_OPT_TIMEOUTMS) | Int32(ARES_OPT_TRIES) | Int32(ARES_OPT_SOCK_STATE_CB)
        var made: ares_channel?
        let status = unsafe ares_init_options(&made, &options, given)
        guard status == ARES_SUCCESS, let channel = unsafe made else {
            throw .unavailable
        }
        if !plan.servers.isEmpty {
            let list = plan.servers.joined(separator: ",")
            let taken = unsafe ares_set_servers_ports_csv(channel, list)
            guard taken == ARES_SUCCESS else {
                unsafe ares_destroy(channel)
                throw .badServers
            }
        }
        unsafe self.channel = channel
        self.inbox = inbox
    }

    deinit { unsafe ares_destroy(self.channel) }

    /// Questions that have no reply yet.
    public var waiting: Int { self.inbox.waiting }

    /// Asks for a name's addresses; the reply comes out of ``wait(milliseconds:waking:)``.
    ///
    /// Beyond `Limits.namesMax` questions at once the reply is ``NameError/tooMany``.
    public func ask(_ name: String, family: NameFamily = .any, tag: UInt32) {
        guard self.inbox.waiting < Limits.namesMax else {
            self.inbox.replies.append(NameReply(tag: tag, result: .failure(.tooMany)))
            return
        }
        var hints = ares_addrinfo_hints()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        switch family {
        case .any: hints.ai_family = AF_UNSPEC
        case .ipv4: hints.ai_family = AF_INET
        case .ipv6: hints.ai_family = AF_INET6
        }
        self.inbox.waiting += 1
        let pending = unsafe Unmanaged.passRetained(PendingName(self.inbox, tag: tag))
        // SAFETY: the callback, called once, takes the retained argument back.
        unsafe ares_getaddrinfo(
            self.channel,
            name,
            nil,
            &hints,
            { unsafe takeAddresses($0, $1, $2, $3) },
            pending.toOpaque()
        )
    }

    /// Drives the questions until one has a reply, `milliseconds` have passed, or `fd` is readable
    /// (-1: no such descriptor); what has been answered since.
    public func wait(milliseconds: Int, waking fd: Int32 = -1) -> [NameReply] {
        let deadline = NameResolver.now() &+ UInt64(max(0, milliseconds))
        while self.inbox.replies.isEmpty {
            let now = NameResolver.now()
            let left = now < deadline ? Int(deadline - now) : 0
            let woken = self.turn(milliseconds: min(left, self.nextTimeout(atMost: left)), fd)
            if woken || left == 0 { break }
        }
        let replies = self.inbox.replies
        self.inbox.replies = []
        return replies
    }

    /// One look at the sockets; whether `fd` is readable.
    private func turn(milliseconds: Int, _ fd: Int32) -> Bool {
        var entries = [pollfd(fd: fd, events: Int16(POLLIN), revents: 0)]
        for (socket, wish) in self.inbox.sockets {
            let events = (wish.reads ? POLLIN : 0) | (wish.writes ? POLLOUT : 0)
            entries.append(pollfd(fd: socket, events: Int16(events), revents: 0))
        }
        // SAFETY: as many initialised entries as are told; a negative descriptor is skipped.
        let count = unsafe poll(&entries, nfds_t(entries.count), Int32(clamping: milliseconds))
        if count > 0 {
            for entry in entries.dropFirst() where entry.revents != 0 {
                let wantsRead = entry.revents & ~Int16(POLLOUT) != 0
                let wantsWrite = entry.revents & ~Int16(POLLIN) != 0
                unsafe ares_process_fd(
                    self.channel,
                    wantsRead ? entry.fd : ARES_SOCKET_BAD,
                    wantsWrite ? entry.fd : ARES_SOCKET_BAD
                )
            }
        }
        // Without a socket: timeouts only.
        unsafe ares_process_fd(self.channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
        return entries[0].revents != 0
    }

    /// When c-ares wants to look at its clock again.
    private func nextTimeout(atMost milliseconds: Int) -> Int {
        var longest = timeval(
            tv_sec: milliseconds / 1_000,
            tv_usec: (milliseconds % 1_000) * 1_000
        )
        var next = timeval()
        // SAFETY: both live through the call; the result is one of them.
        guard let chosen = unsafe ares_timeout(self.channel, &longest, &next) else {
            return milliseconds
        }
        // Rounded up: a wait that ends too early would turn in a circle.
        return unsafe chosen.pointee.tv_sec * 1_000 + (chosen.pointee.tv_usec + 999) / 1_000
    }

    private static func now() -> UInt64 {
        var time = timespec()
        // SAFETY: the kernel writes one timespec.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
