// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import TLS
import Wire

/// What the hot path needs to know of a listener: a plain value.
struct ListenerFace: BitwiseCopyable {
    /// HTTP/2 is spoken: by ALPN, or by prior knowledge in clear text.
    var allowsHTTP2 = true
    /// Everybody is sent to HTTPS on this port; 0: nobody.
    var redirectPort: UInt16 = 0
    /// The value of `Strict-Transport-Security` (RFC 6797).
    var hsts = InlineArray<64, UInt8>(repeating: 0)
    var hstsCount: UInt8 = 0
}

extension Reactor {
    /// Connections that begin from now on use these certificates and protocols.
    mutating func take(_ transports: TransportSet) {
        self.transports = transports
        self.faces = transports.listeners.map { listener in
            var face = ListenerFace()
            face.allowsHTTP2 = listener.allowsHTTP2
            face.redirectPort = listener.redirectPort
            for (index, byte) in listener.hsts.prefix(64).enumerated() { face.hsts[index] = byte }
            face.hstsCount = UInt8(min(listener.hsts.count, 64))
            return face
        }
        // Kept connections were agreed on under other certificates.
        for index in 0..<UInt32(self.upstreams.touchedCount) {
            guard let handle = self.upstreams.handle(at: index) else { continue }
            if self.upstreams[index].step == .carrier {
                self.upstreamCarriers[Int(index)].isEnding = true
                self.resumeUpstream(handle)
            } else if self.upstreams[index].step == .idle,
                self.upstreams[index].transport == .tls
            {
                self.closeUpstream(handle)
            }
        }
    }

    /// A listener's face; the default one where the configuration says nothing of it.
    func face(of listener: UInt16) -> ListenerFace {
        Int(listener) < self.faces.count ? self.faces[Int(listener)] : ListenerFace()
    }

    /// `Strict-Transport-Security` on what went over TLS; never in clear text (RFC 6797 7.2).
    func writeTransportSecurity(_ e: UInt32, _ writer: inout ByteWriter) {
        guard self.exchanges[e].isSecure else { return }
        let listener = Int(self.exchanges[e].listener)
        guard listener < self.faces.count, self.faces[listener].hstsCount > 0 else { return }
        writer.append("strict-transport-security: ")
        writer.append(self.faces[listener].hsts, count: Int(self.faces[listener].hstsCount))
        writer.append("\r\n")
    }

    /// On a listener that sends everybody to HTTPS: the same URL there.
    ///
    /// Never cached: it can be taken back. `Strict-Transport-Security` is what browsers remember.
    /// `true`: answered.
    mutating func answerSecureRedirect(_ exchange: Handle) -> Bool {
        let e = exchange.index
        let listener = Int(self.exchanges[e].listener)
        guard listener < self.faces.count, self.faces[listener].redirectPort != 0,
            !self.exchanges[e].isSecure
        else { return false }
        self.exchanges[e].decision.reason = .httpsOnly
        let head = self.exchanges[e].head
        guard head.host.length > 0, !head.asksServer else {
            self.answer(exchange, status: 400, code: "HTTPS_ONLY")
            return true
        }
        self.prepareLocalAnswer(e, status: 308)
        let d = self.exchanges[e].downstream.index
        guard let block = self.takeOutput(d) else {
            self.abortExchange(exchange)
            return true
        }
        let bytes = self.headWindow(e)
        var writer = self.blocks.writer(block, from: Int(self.downstreams[d].output.end))
        writer.append("HTTP/1.1 308 Permanent Redirect\r\nlocation: https://")
        writer.append(bytes.slice(Int(head.host.start), Int(head.host.length)))
        let port = self.faces[listener].redirectPort
        if port != 443 {
            writer.append(0x3a)
            writer.append(decimal: UInt64(port))
        }
        writer.append(self.pathWindow(e))
        if head.hasQuery {
            writer.append(0x3f)
            writer.append(self.queryWindow(e))
        }
        writer.append("\r\ncache-control: no-store\r\n")
        if self.downstreams[d].closesAfterAnswer { writer.append("connection: close\r\n") }
        writer.append("content-length: 0\r\n\r\n")
        guard !writer.overflowed else {
            self.downstreams[d].output.end = self.downstreams[d].output.start
            self.answer(exchange, status: 414, code: "TARGET_TOO_LONG")
            return true
        }
        self.downstreams[d].output.end = Int32(writer.position)
        self.pumpAnswer(exchange)
        return true
    }
}
