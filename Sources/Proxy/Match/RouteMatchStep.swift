// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

extension Reactor {
    /// Path, tenant and route of a request; then its decision.
    mutating func matchExchange(_ exchange: Handle) {
        let e = exchange.index
        guard self.canonicalise(e) else {
            self.counters.count(.requestsMalformed)
            self.answer(exchange, status: 400, code: "BAD_PATH")
            return
        }
        if self.answerSecureRedirect(exchange) { return }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let head = self.exchanges[e].head
        let bytes = self.headWindow(e)
        let host = bytes.slice(Int(head.host.start), Int(head.host.length))
        let method = bytes.slice(Int(head.methodRange.start), Int(head.methodRange.length))
        self.exchanges[e].hit = view.match(
            host: host,
            path: self.pathWindow(e),
            method: method,
            head: bytes,
            fields: self.requestFields,
            query: self.queryWindow(e),
            matcher: &self.matcher
        )
        guard let hit = self.exchanges[e].hit else {
            guard self.acceptsPath(e, encodedSlash: false, doubleSlash: false) else {
                self.answer(exchange, status: 400, code: "BAD_PATH")
                return
            }
            self.forwardUnrouted(exchange, view)
            return
        }
        let route = view.route(hit.route)
        self.exchanges[e].metricsRow = route.number &+ 1
        self.exchanges[e].routeName = route.name
        guard
            self.acceptsPath(
                e,
                encodedSlash: route.keepsEncodedSlash,
                doubleSlash: route.keepsDoubleSlash
            )
        else {
            self.answer(exchange, status: 400, code: "BAD_PATH")
            return
        }
        self.decideExchange(exchange, view, hit, route)
    }

    /// Brings the path into its one form.
    ///
    /// `false`: it has none (RFC 3986, design.md 5).
    private mutating func canonicalise(_ e: UInt32) -> Bool {
        let raw = self.pathWindow(e)
        var writer = self.blocks.writer(self.scratch, from: 0)
        let result = canonicalPath(raw, into: &writer)
        switch result.form {
        case .refused: return false
        case .unchanged: break
        case .rewritten:
            guard let block = self.blocks.take() else { return false }
            var copy = self.blocks.writer(block, from: 0)
            copy.append(self.blocks.window(self.scratch, 0, writer.position))
            self.exchanges[e].pathBlock = block
            self.exchanges[e].pathCount = Int32(copy.position)
        }
        self.exchanges[e].hasEncodedSlash = result.hasEncodedSlash
        self.exchanges[e].hasDoubleSlash = result.hasDoubleSlash
        return true
    }

    /// `%2f` and `//` are refused unless the route keeps them; the counters tell who was refused.
    private func acceptsPath(_ e: UInt32, encodedSlash: Bool, doubleSlash: Bool) -> Bool {
        if self.exchanges[e].hasEncodedSlash, !encodedSlash {
            self.counters.count(.encodedSlashRefused)
            return false
        }
        if self.exchanges[e].hasDoubleSlash, !doubleSlash {
            self.counters.count(.doubleSlashRefused)
            return false
        }
        return true
    }

    /// No route: the listener's default upstream, else 404.
    private mutating func forwardUnrouted(_ exchange: Handle, _ view: SnapshotView) {
        let e = exchange.index
        guard let upstream = view.defaultUpstream(listener: Int(self.exchanges[e].listener)) else {
            self.answer(exchange, status: 404, code: "NO_ROUTE")
            return
        }
        // No route says what else may be had there.
        if self.exchanges[e].upgrade == .asked, !self.exchanges[e].isWebSocket {
            self.removeUpgrade(e)
        }
        self.exchanges[e].upstreamIndex = upstream
        self.exchanges[e].origin = .legacy
        self.exchanges[e].decision = Decision(
            .forward,
            stage: .legacy,
            origin: .legacy,
            reason: .noRoute
        )
        self.setTimeouts(
            e,
            connect: UInt32(Limits.connectTimeoutMilliseconds),
            firstByte: UInt32(Limits.firstByteTimeoutMilliseconds),
            idle: UInt32(Limits.upstreamIdleTimeoutMilliseconds),
            total: UInt32(Limits.totalTimeoutMilliseconds)
        )
        if case .conflict = self.findTenant(e, view) {
            self.counters.count(.tenantConflicts)
            self.answer(exchange, status: 403, code: "TENANT_CONFLICT")
            return
        }
        self.reach(exchange)
    }

    /// The deadlines of an exchange, from its route or from Limits.
    mutating func setTimeouts(
        _ e: UInt32,
        connect: UInt32,
        firstByte: UInt32,
        idle: UInt32,
        total: UInt32
    ) {
        self.exchanges[e].connectTimeout = connect
        self.exchanges[e].firstByteTimeout = firstByte
        self.exchanges[e].idleTimeout = idle
        self.exchanges[e].totalDeadline = total == 0 ? 0 : self.nowMilliseconds &+ UInt64(total)
    }
}
