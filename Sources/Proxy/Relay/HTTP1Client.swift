// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

extension Reactor {
    /// Takes the head of an answer, if it is whole.
    ///
    /// `false`: the exchange has taken another way.
    mutating func takeAnswerHead(_ exchange: Handle, _ upstream: Handle) -> Bool {
        let e = exchange.index
        let u = upstream.index
        let input = self.upstreams[u].input
        let window = self.blocks.window(input.block, Int(input.start), Int(input.end))
        var head: ResponseHead
        let bytes: ByteWindow
        do throws(WireError) {
            guard
                let length = try responseHeadEnd(
                    window,
                    scannedFrom: Int(self.upstreams[u].scanned)
                )
            else {
                self.upstreams[u].scanned = Int32(window.count)
                return true
            }
            bytes = window.slice(0, length)
            head = try parseResponseHead(
                bytes,
                into: &self.answerFields,
                requestMethod: self.exchanges[e].head.method
            )
        } catch {
            self.failUpstream(upstream, .badHead)
            return false
        }
        self.upstreams[u].scanned = 0
        self.upstreams[u].input.start &+= Int32(head.length)
        if head.framing == .untilClose, head.status >= 200, self.hasEndedWithHead(u) {
            // A head that ended its stream: no content, and so it is told on (RFC 9113 8.1).
            head.framing = .length(0)
            if !self.exchanges[e].isStream { head.contentLength = 0 }
        }
        if head.status < 200 { return self.takeInterim(exchange, upstream, head, bytes) }
        // For an extended CONNECT any 2xx means that the tunnel is open (RFC 8441 5).
        if self.exchanges[e].upgrade == .asked, self.exchanges[e].isStream, head.status < 300 {
            self.failUpstream(upstream, .badHead)
            return false
        }
        self.exchanges[e].upstreamNanoseconds =
            self.nowNanoseconds &- self.exchanges[e].upstreamStartNanoseconds
        let status = self.judgeHead(e, u, head, bytes)
        if status >= 500 {
            if self.retryElsewhere(exchange, nil, status: status) { return false }
            if self.rescueStatus(exchange) { return false }
        }
        return self.startAnswer(exchange, upstream, head, bytes)
    }

    /// An interim answer (RFC 9110 15.2): passed on to HTTP/1.1 clients, bounded in number.
    ///
    /// A 101 is final: it switches the protocol, or its sender is out of step.
    private mutating func takeInterim(
        _ exchange: Handle,
        _ upstream: Handle,
        _ head: ResponseHead,
        _ bytes: ByteWindow
    ) -> Bool {
        let e = exchange.index
        if head.status == 101 { return self.takeSwitch(exchange, upstream, head, bytes) }
        self.exchanges[e].interimCount &+= 1
        guard Int(self.exchanges[e].interimCount) <= Limits.interimResponsesMax else {
            self.failUpstream(upstream, .badHead)
            return false
        }
        guard self.exchanges[e].kind == .client, self.exchanges[e].head.versionMinor >= 1 else {
            return true
        }
        let d = self.exchanges[e].downstream.index
        guard let block = self.takeOutput(d) else { return true }
        var writer = self.blocks.writer(block, from: Int(self.downstreams[d].output.end))
        writer.appendStatusLine(
            status: head.status,
            reason: bytes.slice(Int(head.reason.start), Int(head.reason.length))
        )
        writer.appendFields(of: bytes, self.answerFields, dropping: HeaderMask.answer)
        writer.append("\r\n")
        // An interim answer is a hint: one that does not fit is left out.
        if !writer.overflowed { self.downstreams[d].output.end = Int32(writer.position) }
        return true
    }

    /// The final head goes to the client: from here the answer can only be finished or cut.
    private mutating func startAnswer(
        _ exchange: Handle,
        _ upstream: Handle,
        _ head: ResponseHead,
        _ bytes: ByteWindow
    ) -> Bool {
        let e = exchange.index
        let u = upstream.index
        self.exchanges[e].answer = .streaming
        self.exchanges[e].status = head.status
        self.exchanges[e].answeredBy = self.exchanges[e].origin == .legacy ? .legacy : .modern
        self.exchanges[e].keepsUpstream = head.keepsAlive && !self.exchanges[e].isUpstreamDeaf
        self.exchanges[e].upstreamFraming = head.framing
        self.exchanges[e].answerDecoder = ChunkedDecoder()
        if case .length(let count) = head.framing {
            self.exchanges[e].answerRemaining = count
            if count == 0 { self.exchanges[e].upstreamFraming = .none }
        }
        self.noteAnswerStream(e, bytes)
        self.setUpstreamDeadline(u, after: self.exchanges[e].idleTimeout)
        if self.exchanges[e].observation != .max {
            self.captureHead(e, bytes, status: head.status)
        }
        if self.exchanges[e].hold == .holding,
            self.exchanges[e].isLasting || !self.holdsHead(e)
        {
            self.exchanges[e].hold = .none
        }
        if self.exchanges[e].kind == .client, self.exchanges[e].hold == .none {
            guard self.writeAnswerHead(e, head, bytes) else {
                self.exchanges[e].answer = .waiting
                self.failUpstream(upstream, .badHead)
                return false
            }
        }
        if self.exchanges[e].upstreamFraming == .none {
            self.completeAnswer(e)
            return true
        }
        // Body bytes that came with the head go out with it: one send for both.
        guard !self.upstreams[u].input.isEmpty, self.hasRoomForBody(e), !self.awaitsEnd(e, u)
        else { return true }
        return self.takeAnswerBody(exchange, upstream)
    }

    private func hasRoomForBody(_ e: UInt32) -> Bool {
        let downstream = self.exchanges[e].downstream
        guard self.downstreams.isLive(downstream) else { return true }
        return Limits.blockBytes - Int(self.downstreams[downstream.index].output.end) > 1_024
    }

    /// Serialises the answer's head into the client's output block.
    mutating func writeAnswerHead(
        _ e: UInt32,
        _ head: ResponseHead,
        _ bytes: ByteWindow
    ) -> Bool {
        let d = self.exchanges[e].downstream.index
        self.chooseFraming(e, head)
        guard let block = self.takeOutput(d) else { return false }
        var writer = self.blocks.writer(block, from: Int(self.downstreams[d].output.end))
        writer.appendStatusLine(
            status: head.status,
            reason: bytes.slice(Int(head.reason.start), Int(head.reason.length))
        )
        var mask = HeaderMask.answer
        let location = self.answerFields.firstIndex(of: .location)
        if location != nil { mask = mask.inserting(.location) }
        let rewritesCookies = self.rewritesCookies(e)
        if rewritesCookies { mask = mask.inserting(.setCookie) }
        writer.appendFields(of: bytes, self.answerFields, dropping: mask)
        if rewritesCookies { self.writeCookies(e, bytes, &writer) }
        if let location { self.writeLocation(e, bytes, self.answerFields[location], &writer) }
        self.writeTransportSecurity(e, &writer)
        writer.append(self.isUpstreamStream(e) ? "via: 2.0 " : "via: 1.1 ")
        writer.append(self.edge.name)
        writer.append("\r\n")
        self.writeDeprecation(e, &writer)
        switch self.exchanges[e].answerFraming {
        case .chunked: writer.append("transfer-encoding: chunked\r\n")
        case .none, .length:
            if let count = head.contentLength {
                writer.append("content-length: ")
                writer.append(decimal: count)
                writer.append("\r\n")
            }
        case .untilClose: break
        }
        if self.downstreams[d].closesAfterAnswer {
            writer.append("connection: close\r\n")
        } else if self.exchanges[e].head.versionMinor == 0 {
            writer.append("connection: keep-alive\r\n")
        }
        writer.append("\r\n")
        guard !writer.overflowed else { return false }
        self.downstreams[d].output.end = Int32(writer.position)
        return true
    }

    /// How the body goes to this client (RFC 9112 6.3), and whether its connection lives on.
    private mutating func chooseFraming(_ e: UInt32, _ head: ResponseHead) {
        let d = self.exchanges[e].downstream.index
        switch head.framing {
        case .none:
            self.exchanges[e].answerFraming = .none
        case .length:
            self.exchanges[e].answerFraming = .length
        case .chunked, .untilClose:
            let isModern = self.exchanges[e].head.versionMinor >= 1
            // A stream says itself where it ends.
            self.exchanges[e].answerFraming =
                isModern && !self.exchanges[e].isStream ? .chunked : .untilClose
        }
        // An early answer: whether the rest of the upload will come nobody knows.
        if self.exchanges[e].answerFraming == .untilClose || !self.exchanges[e].head.keepsAlive
            || !self.exchanges[e].isRequestComplete || self.isDraining
            || Int(self.downstreams[d].requests) >= Limits.requestsPerConnectionMax
        {
            self.downstreams[d].closesAfterAnswer = true
        }
    }

    /// `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) on what legacy still answers.
    private func writeDeprecation(_ e: UInt32, _ writer: inout ByteWriter) {
        guard !self.exchanges[e].isPlain, self.exchanges[e].answeredBy == .legacy,
            let hit = self.exchanges[e].hit
        else {
            return
        }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let route = view.route(hit.route)
        if route.deprecation.length > 0 {
            writer.append("deprecation: ")
            writer.append(view.window(route.deprecation))
            writer.append("\r\n")
        }
        if route.sunset.length > 0 {
            writer.append("sunset: ")
            writer.append(view.window(route.sunset))
            writer.append("\r\n")
        }
    }
}
