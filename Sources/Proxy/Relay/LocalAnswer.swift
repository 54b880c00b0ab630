// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

extension Reactor {
    /// Banyan answers by itself, with a problem document.
    mutating func answer(_ exchange: Handle, status: UInt16, code: StaticString) {
        let e = exchange.index
        let d = self.exchanges[e].downstream.index
        self.prepareLocalAnswer(e, status: status)
        guard let block = self.takeOutput(d) else {
            self.abortExchange(exchange)
            return
        }
        var writer = self.blocks.writer(block, from: Int(self.downstreams[d].output.end))
        let closes = self.downstreams[d].closesAfterAnswer
        appendProblemHead(status: status, code: code, closes: closes, &writer)
        self.writeTransportSecurity(e, &writer)
        let isHead = self.exchanges[e].head.method == .head
        appendProblemEnd(status: status, code: code, isHead: isHead, &writer)
        guard !writer.overflowed else {
            self.abortExchange(exchange)
            return
        }
        self.downstreams[d].output.end = Int32(writer.position)
        self.pumpAnswer(exchange)
    }

    /// The redirect of a route whose cell stands at `redirect` (design.md 2).
    mutating func answerRedirect(
        _ exchange: Handle,
        _ view: SnapshotView,
        _ hit: RouteHit,
        _ route: RouteRecord
    ) {
        let e = exchange.index
        let d = self.exchanges[e].downstream.index
        // 301 lets clients turn POST into GET: other methods get 308 (RFC 9110 15.4.2).
        let method = self.exchanges[e].head.method
        let isRead = method == .get || method == .head
        let status = route.redirectStatus == 301 && !isRead ? 308 : route.redirectStatus
        self.prepareLocalAnswer(e, status: status)
        guard let block = self.takeOutput(d) else {
            self.abortExchange(exchange)
            return
        }
        var writer = self.blocks.writer(block, from: Int(self.downstreams[d].output.end))
        writer.append("HTTP/1.1 ")
        writer.append(decimal: UInt64(status))
        writer.append(0x20)
        writer.append(reasonPhrase(status))
        writer.append("\r\nlocation: ")
        view.writeRedirectTarget(hit, path: self.pathWindow(e), into: &writer)
        if self.exchanges[e].head.hasQuery {
            writer.append(0x3f)
            writer.append(self.queryWindow(e))
        }
        if route.redirectMaxAgeSeconds == 0 {
            writer.append("\r\ncache-control: no-store\r\n")
        } else {
            writer.append("\r\ncache-control: private, max-age=")
            writer.append(decimal: UInt64(route.redirectMaxAgeSeconds))
            writer.append("\r\n")
        }
        if self.downstreams[d].closesAfterAnswer { writer.append("connection: close\r\n") }
        self.writeTransportSecurity(e, &writer)
        writer.append("content-length: 0\r\n\r\n")
        guard !writer.overflowed else {
            self.downstreams[d].output.end = self.downstreams[d].output.start
            self.answer(exchange, status: 414, code: "TARGET_TOO_LONG")
            return
        }
        self.downstreams[d].output.end = Int32(writer.position)
        self.pumpAnswer(exchange)
    }

    /// The answer is Banyan's and whole; a body that has not come yet ends the connection.
    mutating func prepareLocalAnswer(_ e: UInt32, status: UInt16) {
        let d = self.exchanges[e].downstream.index
        self.exchanges[e].status = status
        self.exchanges[e].answeredBy = .banyan
        self.exchanges[e].answer = .complete
        self.exchanges[e].answerFraming = .none
        self.skipBufferedBody(e, d)
        if !self.exchanges[e].isRequestComplete || self.isDraining {
            self.downstreams[d].closesAfterAnswer = true
        }
    }

    /// A body that is wholly in the buffer is skipped, so that the connection may live on.
    private mutating func skipBufferedBody(_ e: UInt32, _ d: UInt32) {
        guard !self.exchanges[e].isRequestComplete,
            case .length = self.exchanges[e].head.framing,
            UInt64(self.downstreams[d].input.count) >= self.exchanges[e].requestRemaining
        else { return }
        self.downstreams[d].input.start &+= Int32(self.exchanges[e].requestRemaining)
        self.exchanges[e].requestRemaining = 0
        self.exchanges[e].isRequestComplete = true
    }

    mutating func abortExchange(_ exchange: Handle) {
        let downstream = self.exchanges[exchange.index].downstream
        self.exchanges[exchange.index].isAborted = true
        self.endExchange(exchange)
        if self.downstreams.isLive(downstream) { self.abortDownstream(downstream) }
    }
}
