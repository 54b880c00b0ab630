// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

/// Sets of header names that Banyan writes itself.
enum HeaderMask {
    /// On a request to an upstream; the client's word about itself is never taken (design.md 4).
    static var request: FieldMask {
        FieldMask().inserting(.host).inserting(.contentLength).inserting(.transferEncoding)
            .inserting(.via)
    }

    /// On an answer to a client.
    static var answer: FieldMask {
        FieldMask().inserting(.contentLength).inserting(.transferEncoding)
    }
}

extension Reactor {
    /// Serialises the exchange's head for the origin it asks, into the upstream's output block.
    ///
    /// `false`: it does not fit, or no block is left.
    mutating func writeRequestHead(_ e: UInt32, _ u: UInt32) -> Bool {
        guard self.readFields(e), self.takeUpstreamOutput(u) else { return false }
        let bytes = self.headWindow(e)
        let head = self.exchanges[e].head
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let block = self.upstreams[u].output.block
        var writer = self.blocks.writer(block, from: Int(self.upstreams[u].output.end))
        writer.append(bytes.slice(Int(head.methodRange.start), Int(head.methodRange.length)))
        writer.append(0x20)
        self.writeTarget(e, view, bytes, &writer)
        writer.append(" HTTP/1.1\r\nhost: ")
        self.writeHost(e, u, view, bytes, &writer)
        writer.append("\r\n")
        var mask = HeaderMask.request
        if !self.exchanges[e].isTrusted {
            mask = mask.union(.identity).union(.forwarding)
            self.countIdentity(e)
        } else {
            // A trusted peer's chain is kept and continued; the tenant is always Banyan's word.
            mask = mask.inserting(.xTenantID).inserting(.banyanShadow).inserting(.forwarded)
                .inserting(.xForwardedFor)
        }
        let isCopy = self.exchanges[e].kind == .copy
        if isCopy { mask = mask.union(.conditional).inserting(.expect) }
        if head.framing == .none { mask = mask.inserting(.expect) }
        self.writeFields(e, view, bytes, mask, &writer)
        self.writeForwarding(e, view, bytes, &writer)
        if isCopy { writer.append("banyan-shadow: 1\r\n") }
        if head.acceptsTrailers { self.writeTE(e, u, &writer) }
        self.writeUpgrade(e, &writer)
        self.writeRequestFraming(e, u, &writer)
        writer.append("\r\n")
        guard !writer.overflowed else { return false }
        let start = Int(self.upstreams[u].output.end)
        self.upstreams[u].output.end = Int32(writer.position)
        if self.exchanges[e].observation != .max {
            self.captureRequest(e, self.blocks.window(block, start, writer.position))
        }
        return true
    }

    /// Trailers are taken (RFC 9110 10.1.4), which in HTTP/1.1 each hop says for itself.
    private func writeTE(_ e: UInt32, _ u: UInt32, _ writer: inout ByteWriter) {
        if self.upstreams[u].transport == .stream {
            writer.append("te: trailers\r\n")
        } else if self.exchanges[e].upgrade == .none {
            writer.append("te: trailers\r\nconnection: te\r\n")
        }
    }

    /// The raw bytes of the exchange's head.
    func headWindow(_ e: UInt32) -> ByteWindow {
        let start = Int(self.exchanges[e].headStart)
        return self.blocks.window(
            self.exchanges[e].headBlock,
            start,
            start + self.exchanges[e].head.length
        )
    }

    /// The canonical path: what was matched is what is forwarded (design.md 5).
    func pathWindow(_ e: UInt32) -> ByteWindow {
        let block = self.exchanges[e].pathBlock
        if block != .none { return self.blocks.window(block, 0, Int(self.exchanges[e].pathCount)) }
        let path = self.exchanges[e].head.path
        return self.headWindow(e).slice(Int(path.start), Int(path.length))
    }

    /// The query without `?`.
    func queryWindow(_ e: UInt32) -> ByteWindow {
        let query = self.exchanges[e].head.query
        return self.headWindow(e).slice(Int(query.start), Int(query.length))
    }

    /// Makes `requestFields` describe this exchange's head: parsed again when another came between.
    mutating func readFields(_ e: UInt32) -> Bool {
        guard let handle = self.exchanges.handle(at: e) else { return false }
        if self.fieldsOwner == handle { return true }
        let bytes = self.headWindow(e)
        self.fieldsOwner = .none
        do throws(WireError) {
            _ = try parseRequestHead(bytes, into: &self.requestFields)
        } catch {
            return false
        }
        self.fieldsOwner = handle
        return true
    }

    /// Counts what a client said of itself and only Banyan may say; once per request.
    private func countIdentity(_ e: UInt32) {
        guard self.exchanges[e].kind == .client, !self.exchanges[e].isRetried,
            !self.exchanges[e].isRescued
        else { return }
        for index in 0..<self.requestFields.count
        where FieldMask.identity.contains(self.requestFields[index].name) {
            self.counters.count(.identityFieldsRemoved)
        }
    }

    private func writeTarget(
        _ e: UInt32,
        _ view: SnapshotView,
        _ bytes: ByteWindow,
        _ writer: inout ByteWriter
    ) {
        if self.exchanges[e].head.asksServer {
            // RFC 9112 3.2.4: for the server as a whole, whatever the route does to paths.
            writer.append(0x2a)
            return
        }
        let path = self.pathWindow(e)
        let query = self.queryWindow(e)
        let hasQuery = self.exchanges[e].head.hasQuery
        guard let hit = self.exchanges[e].hit else {
            writer.append(path)
            if hasQuery {
                writer.append(0x3f)
                writer.append(query)
            }
            return
        }
        view.writeUpstreamPath(hit, origin: self.exchanges[e].origin, path: path, into: &writer)
        if self.exchanges[e].isPlain {
            if hasQuery {
                writer.append(0x3f)
                writer.append(query)
            }
            return
        }
        view.writeUpstreamQuery(
            hit,
            origin: self.exchanges[e].origin,
            query: query,
            hasQuery: hasQuery,
            into: &writer
        )
    }

    private func writeHost(
        _ e: UInt32,
        _ u: UInt32,
        _ view: SnapshotView,
        _ bytes: ByteWindow,
        _ writer: inout ByteWriter
    ) {
        let head = self.exchanges[e].head
        let authority = bytes.slice(Int(head.authority.start), Int(head.authority.length))
        let fallback = view.window(view.endpoint(self.exchanges[e].endpoint).hostHeader)
        guard let hit = self.exchanges[e].hit else {
            writer.append(authority.isEmpty ? fallback : authority)
            return
        }
        if self.exchanges[e].isPlain {
            writer.append(fallback)
            return
        }
        let origin = view.origin(hit.route, self.exchanges[e].origin)
        switch origin.hostMode {
        case .preserve: writer.append(authority.isEmpty ? fallback : authority)
        case .fixed: writer.append(view.window(origin.host))
        case .endpoint: writer.append(fallback)
        }
    }

    private func writeFields(
        _ e: UInt32,
        _ view: SnapshotView,
        _ bytes: ByteWindow,
        _ mask: FieldMask,
        _ writer: inout ByteWriter
    ) {
        guard !self.exchanges[e].isPlain, let hit = self.exchanges[e].hit,
            view.hasHeaderEdits(hit.route, self.exchanges[e].origin)
        else {
            writer.appendFields(of: bytes, self.requestFields, dropping: mask)
            return
        }
        // Named edits: field by field, since names outside the token list may be meant.
        let origin = self.exchanges[e].origin
        for index in 0..<self.requestFields.count {
            let field = self.requestFields[index]
            let name = bytes.slice(Int(field.nameStart), Int(field.nameLength))
            guard !field.isHopByHop, !mask.contains(field.name),
                !view.dropsHeader(hit.route, origin, name: name)
            else { continue }
            writer.append(name)
            writer.append(": ")
            writer.append(bytes.slice(Int(field.valueStart), Int(field.valueLength)))
            writer.append("\r\n")
        }
        view.writeSetHeaders(hit.route, origin, into: &writer)
    }

    /// `Via`, `Forwarded`, `X-Forwarded-*`, `X-Tenant-Id` (RFC 9110 7.6.3, RFC 7239).
    private func writeForwarding(
        _ e: UInt32,
        _ view: SnapshotView,
        _ bytes: ByteWindow,
        _ writer: inout ByteWriter
    ) {
        let head = self.exchanges[e].head
        let authority = bytes.slice(Int(head.authority.start), Int(head.authority.length))
        let isTrusted = self.exchanges[e].isTrusted
        writer.append("via: ")
        self.writeEarlier(.via, bytes, &writer)
        if self.exchanges[e].isStream {
            writer.append("2.0 ")
        } else {
            writer.append(head.versionMinor == 0 ? "1.0 " : "1.1 ")
        }
        writer.append(self.edge.name)
        writer.append("\r\nforwarded: ")
        if isTrusted { self.writeEarlier(.forwarded, bytes, &writer) }
        let isIPv6 = self.clientAddressByteIsColon(e)
        writer.append("for=")
        if isIPv6 { writer.append("\"[") }
        self.writeClientAddress(e, &writer)
        if isIPv6 { writer.append("]\"") }
        if !authority.isEmpty {
            writer.append(";host=\"")
            writer.append(authority)
            writer.append("\"")
        }
        writer.append(self.exchanges[e].isSecure ? ";proto=https" : ";proto=http")
        writer.append("\r\nx-forwarded-for: ")
        if isTrusted { self.writeEarlier(.xForwardedFor, bytes, &writer) }
        self.writeClientAddress(e, &writer)
        writer.append("\r\n")
        if !isTrusted || self.requestFields.firstIndex(of: .xForwardedProto) == nil {
            writer.append("x-forwarded-proto: ")
            writer.append(self.exchanges[e].isSecure ? "https\r\n" : "http\r\n")
        }
        if !authority.isEmpty,
            !isTrusted || self.requestFields.firstIndex(of: .xForwardedHost) == nil
        {
            writer.append("x-forwarded-host: ")
            writer.append(authority)
            writer.append("\r\n")
        }
        if self.exchanges[e].tenant != 0 {
            writer.append("x-tenant-id: ")
            writer.append(view.tenantID(self.exchanges[e].tenant))
            writer.append("\r\n")
        }
    }

    /// The values of an earlier hop's field, each followed by a comma.
    private func writeEarlier(
        _ name: HeaderName,
        _ bytes: ByteWindow,
        _ writer: inout ByteWriter
    ) {
        for index in 0..<self.requestFields.count where self.requestFields[index].name == name {
            let field = self.requestFields[index]
            guard field.valueLength > 0 else { continue }
            writer.append(bytes.slice(Int(field.valueStart), Int(field.valueLength)))
            writer.append(", ")
        }
    }

    private func clientAddressByteIsColon(_ e: UInt32) -> Bool {
        let count = Int(self.exchanges[e].peerTextCount)
        for index in 0..<count where self.exchanges[e].peerText[index] == 0x3a { return true }
        return false
    }

    private func writeClientAddress(_ e: UInt32, _ writer: inout ByteWriter) {
        writer.append(
            self.exchanges[e].peerText,
            count: Int(self.exchanges[e].peerTextCount)
        )
    }

    /// The framing towards the upstream.
    ///
    /// Also starts the body: what is to be sent, and from where.
    private mutating func writeRequestFraming(
        _ e: UInt32,
        _ u: UInt32,
        _ writer: inout ByteWriter
    ) {
        if self.exchanges[e].sendsTee {
            self.exchanges[e].teeSent = 0
            self.exchanges[e].isRequestComplete = self.exchanges[e].teeCount == 0
            writer.append("content-length: ")
            writer.append(decimal: UInt64(self.exchanges[e].teeCount))
            writer.append("\r\n")
            return
        }
        switch self.exchanges[e].head.framing {
        case .none: break
        case .length(let count):
            writer.append("content-length: ")
            writer.append(decimal: count)
            writer.append("\r\n")
        case .chunked, .untilClose:
            guard self.upstreams[u].transport != .stream else { break }
            writer.append("transfer-encoding: chunked\r\n")
        }
    }
}
