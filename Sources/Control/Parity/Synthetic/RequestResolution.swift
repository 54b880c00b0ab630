// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

extension Explanation {
    /// Resolves a request that nobody has sent: by the same match, tenants and rewriting as the
    /// data plane's, on the same snapshot.
    ///
    /// `seed` keys the digest; `turn` chooses among an upstream's endpoints.
    func resolve(
        _ order: ExplainOrder,
        seed: UInt64,
        turn: Int
    ) throws(SyntheticRefusal) -> ResolvedRequest {
        guard let bytes = try? self.head(of: order) else { throw .malformed }
        var fields = FieldTable()
        let result = withWindow(bytes) { window -> Result<ResolvedRequest, SyntheticRefusal> in
            do throws(SyntheticRefusal) {
                let message = try self.message(window, &fields)
                let route = try self.matched(order, message, fields)
                return .success(try self.resolved(message, route, fields, seed: seed, turn: turn))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// What was found out about a request.
    private struct Matched {
        var hit: RouteHit
        var tenant: Finding
        var path: [UInt8]
        var model: RouteModel
        var record: RouteRecord
        var label: String
    }

    private func message(
        _ head: ByteWindow,
        _ fields: inout FieldTable
    ) throws(SyntheticRefusal) -> Message {
        let request: RequestHead
        do throws(WireError) {
            guard let end = try requestHeadEnd(head, scannedFrom: 0), end == head.count else {
                throw .badTarget
            }
            request = try parseRequestHead(head, into: &fields)
        } catch {
            throw .malformed
        }
        guard !request.asksServer else { throw .malformed }
        return Message(
            request: request,
            head: head,
            method: head.slice(Int(request.methodRange.start), Int(request.methodRange.length)),
            path: head.slice(Int(request.path.start), Int(request.path.length)),
            query: head.slice(Int(request.query.start), Int(request.query.length))
        )
    }

    private func matched(
        _ order: ExplainOrder,
        _ message: Message,
        _ fields: borrowing FieldTable
    ) throws(SyntheticRefusal) -> Matched {
        let view = self.edge.snapshot.view
        guard let path = Explanation.canonical(message.path) else { throw .pathRefused }
        let request = message.request
        let host = message.head.slice(Int(request.host.start), Int(request.host.length))
        var matcher = RouteMatcher()
        let hit = withWindow(path) { path in
            view.match(
                host: host,
                path: path,
                method: message.method,
                head: message.head,
                fields: fields,
                query: message.query,
                matcher: &matcher
            )
        }
        guard let hit else { throw .noRoute }
        let record = view.route(hit.route)
        let name = view.window(record.name).text
        guard let model = self.edge.files.set.routes.first(where: { $0.name == name }) else {
            throw .noRoute
        }
        let tenant: Finding
        do {
            tenant = try self.tenant(order, view, host, path, message.head, fields)
        } catch {
            throw .tenantUnknown
        }
        guard !tenant.isConflict else { throw .tenantConflict }
        guard !record.isTenantRequired || tenant.name != nil else { throw .tenantRequired }
        guard record.legacyUpstream != .max, model.legacy != nil else { throw .noLegacy }
        let isSafe = withWindow(path) {
            view.isSafe(
                route: hit.route,
                methodIsSafe: request.method.isSafe,
                method: message.method,
                path: $0
            )
        }
        // A declared safe operation with content is not repeated from a file that has none of it.
        guard isSafe, request.method.isSafe else { throw .unsafeMethod }
        let label = view.window(view.pathLabel(hit)).text
        return Matched(
            hit: hit,
            tenant: tenant,
            path: path,
            model: model,
            record: record,
            label: label
        )
    }

    private func resolved(
        _ message: Message,
        _ matched: Matched,
        _ fields: borrowing FieldTable,
        seed: UInt64,
        turn: Int
    ) throws(SyntheticRefusal) -> ResolvedRequest {
        let tenant = matched.tenant.name ?? ""
        let migration = matched.model.migration
        let cell = CellName(tenant: matched.tenant.name ?? "*", migration: migration)
        let stored = self.stored(cell)
        let everyone = self.stored(CellName(tenant: "*", migration: migration))
        let entry = matched.model.matches.first { $0.path == matched.label }
        let isTemplate = entry?.pathType == .template && !matched.label.contains("{")
        func side(_ origin: Origin) throws(SyntheticRefusal) -> ResolvedSide {
            try self.side(origin, message, matched, fields, turn: turn)
        }
        return ResolvedRequest(
            tenant: tenant,
            migration: migration,
            route: matched.model.name,
            operation: message.method.text + " " + matched.label,
            generation: max(stored.generation, everyone.generation),
            isDiverged: self.isDiverged(cell),
            isWholePath: entry?.pathType == .exact || isTemplate,
            isHead: message.request.method == .head,
            digest: digest(message, matched.path, tenant: tenant, seed: seed),
            legacy: try side(.legacy),
            modern: try side(.modern),
            parity: matched.model.parity,
            timeoutMilliseconds: matched.model.shadow.timeoutMilliseconds
        )
    }

    /// The request as `origin` gets it: what `RequestHeadWriter` writes for a copy.
    private func side(
        _ origin: Origin,
        _ message: Message,
        _ matched: Matched,
        _ fields: borrowing FieldTable,
        turn: Int
    ) throws(SyntheticRefusal) -> ResolvedSide {
        let view = self.edge.snapshot.view
        let upstream = view.upstream(
            origin == .legacy ? matched.record.legacyUpstream : matched.record.modernUpstream
        )
        guard upstream.endpointCount > 0 else { throw .noRoute }
        // A name's further addresses may be empty places: the next one that is somewhere.
        var endpoint = EndpointRecord()
        var address: [UInt8] = []
        for offset in 0..<Int(upstream.endpointCount) where address.isEmpty {
            let chosen = UInt32((turn + offset) % Int(upstream.endpointCount))
            endpoint = view.endpoint(upstream.firstEndpoint + chosen)
            address = self.address(endpoint.number) ?? view.window(endpoint.address).array
        }
        guard !address.isEmpty else { throw .noRoute }
        let request = message.request
        let authority = message.head.slice(
            Int(request.authority.start),
            Int(request.authority.length)
        )
        let record = view.origin(matched.hit.route, origin)
        var host = view.window(endpoint.hostHeader).text
        if record.hostMode == .preserve, !authority.isEmpty { host = authority.text }
        if record.hostMode == .fixed { host = view.window(record.host).text }
        // A head is at most half of what an observation keeps of one.
        var pool = BlockPool(capacity: 1)
        guard let block = pool.take() else { throw .malformed }
        var writer = pool.writer(block, from: 0)
        writer.append(message.method)
        writer.append(0x20)
        withWindow(matched.path) { path in
            view.writeUpstreamPath(matched.hit, origin: origin, path: path, into: &writer)
        }
        view.writeUpstreamQuery(
            matched.hit,
            origin: origin,
            query: message.query,
            hasQuery: request.hasQuery,
            into: &writer
        )
        writer.append(" HTTP/1.1\r\nhost: ")
        withWindow(Array(host.utf8)) { writer.append($0) }
        writer.append("\r\n")
        self.appendFields(origin, message, matched, fields, &writer)
        appendMarks(matched, authority, &writer)
        guard !writer.overflowed else { throw .malformed }
        return ResolvedSide(
            head: pool.window(block, 0, writer.position).array,
            address: address,
            host: host
        )
    }

    private func appendFields(
        _ origin: Origin,
        _ message: Message,
        _ matched: Matched,
        _ fields: borrowing FieldTable,
        _ writer: inout ByteWriter
    ) {
        let view = self.edge.snapshot.view
        let mask = FieldMask.identity.union(.forwarding).union(.conditional).inserting(.host)
            .inserting(.contentLength).inserting(.transferEncoding).inserting(.via)
            .inserting(.expect)
        for index in 0..<fields.count {
            let field = fields[index]
            let name = message.head.slice(Int(field.nameStart), Int(field.nameLength))
            guard !field.isHopByHop, !mask.contains(field.name),
                !view.dropsHeader(matched.hit.route, origin, name: name)
            else { continue }
            writer.append(name)
            writer.append(": ")
            writer.append(message.head.slice(Int(field.valueStart), Int(field.valueLength)))
            writer.append("\r\n")
        }
        view.writeSetHeaders(matched.hit.route, origin, into: &writer)
    }

    /// What Banyan says of itself and of the tenant, as on a copy.
    private func appendMarks(
        _ matched: Matched,
        _ authority: ByteWindow,
        _ writer: inout ByteWriter
    ) {
        writer.append("via: 1.1 banyan\r\nx-forwarded-proto: http\r\n")
        if !authority.isEmpty {
            writer.append("x-forwarded-host: ")
            writer.append(authority)
            writer.append("\r\n")
        }
        if matched.tenant.name != nil {
            writer.append("x-tenant-id: ")
            writer.append(self.edge.snapshot.view.tenantID(matched.tenant.number))
            writer.append("\r\n")
        }
        writer.append("banyan-shadow: 1\r\n\r\n")
    }

    /// Equal requests have equal digests, and nobody can tell what was asked.
    private func digest(
        _ message: Message,
        _ path: [UInt8],
        tenant: String,
        seed: UInt64
    ) -> [UInt8] {
        let words = [seed, ~seed].map { key in
            let who = withWindow(Array(tenant.utf8)) { byteHash($0, seed: key) }
            let method = byteHash(message.method, seed: who)
            let target = withWindow(path) { byteHash($0, seed: method) }
            return byteHash(message.query, seed: target)
        }
        return words.flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
    }
}
