// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Foundation
import Migration
import Wire

/// What is stored of a cell, as `explain` needs it.
struct ExplainedStanding: Sendable {
    var standing: Standing?
    var generation: UInt64 = 0
    var isFrozen = false
}

/// Says what would happen to a request, and why: the same match, flags and policy that the data
/// plane uses, on the same snapshot.
struct Explanation: Sendable {
    /// Snapshot and files.
    let edge: BuiltEdge
    /// Listeners of the configuration; the first one is asked.
    let listeners: [ListenerModel]
    /// Number of a name, as the snapshot has it.
    let numbers: SnapshotNumbers
    /// What is stored of a cell; offline: nothing.
    let stored: @Sendable (CellName) -> ExplainedStanding
    /// Whether legacy misses writes of a cell.
    let isDiverged: @Sendable (CellName) -> Bool
    /// Where an endpoint is now, by its number; `nil`: where the snapshot says.
    var address: @Sendable (UInt32) -> [UInt8]? = { _ in nil }

    /// Explains a request.
    func explain(_ order: ExplainOrder) throws(AdminProblem) -> DocumentValue {
        let bytes = try self.head(of: order)
        var fields = FieldTable()
        let result = withWindow(bytes) { window -> Result<DocumentValue, AdminProblem> in
            do throws(AdminProblem) {
                return .success(try self.explain(order, window, &fields))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The request as it would come over the wire.
    func head(of order: ExplainOrder) throws(AdminProblem) -> [UInt8] {
        var rest = Substring(order.url)
        var host = order.headers.first { $0.name.lowercased() == "host" }?.value
        if let scheme = rest.range(of: "://") {
            rest = rest[scheme.upperBound...]
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            host = host ?? String(rest[..<end])
            rest = rest[end...]
        }
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        let target = rest.hasPrefix("/") ? String(rest) : "/" + rest
        var text = "\(order.method) \(target) HTTP/1.1\r\nHost: \(host ?? "localhost")\r\n"
        for header in order.headers where header.name.lowercased() != "host" {
            text += "\(header.name): \(header.value)\r\n"
        }
        return Array((text + "\r\n").utf8)
    }

    private func explain(
        _ order: ExplainOrder,
        _ head: ByteWindow,
        _ fields: inout FieldTable
    ) throws(AdminProblem) -> DocumentValue {
        let request: RequestHead
        do {
            guard let end = try requestHeadEnd(head, scannedFrom: 0), end == head.count else {
                throw AdminProblem(.invalid, "the method, URL or headers hold a line break")
            }
            request = try parseRequestHead(head, into: &fields)
        } catch let error as WireError {
            throw AdminProblem(
                .invalid,
                "such a request is answered \(error.status): \(error)"
            )
        } catch let error as AdminProblem {
            throw error
        } catch {
            throw AdminProblem(.invalid, "\(error)")
        }
        let view = self.edge.snapshot.view
        let raw = head.slice(Int(request.path.start), Int(request.path.length))
        guard let canonical = Explanation.canonical(raw) else {
            throw AdminProblem(.invalid, "such a path is always answered 400")
        }
        let host = head.slice(Int(request.host.start), Int(request.host.length))
        let query = head.slice(Int(request.query.start), Int(request.query.length))
        let method = head.slice(Int(request.methodRange.start), Int(request.methodRange.length))
        var matcher = RouteMatcher()
        var value: DocumentValue = [
            "method": .string(method.text), "host": .string(host.text),
            "path": .string(String(decoding: canonical, as: UTF8.self)),
        ]
        let hit = withWindow(canonical) { path in
            view.match(
                host: host,
                path: path,
                method: method,
                head: head,
                fields: fields,
                query: query,
                matcher: &matcher
            )
        }
        let tenant = try self.tenant(order, view, host, canonical, head, fields)
        value.set("tenant", .optional(tenant.name))
        value.set("tenantFrom", .string(tenant.from))
        guard let hit else {
            self.addUnrouted(&value, view, tenant)
            return value
        }
        withWindow(canonical) { path in
            self.add(
                hit,
                order,
                Message(
                    request: request,
                    head: head,
                    method: method,
                    path: path,
                    query: query
                ),
                tenant,
                fields,
                &value
            )
        }
        return value
    }

    /// The canonical path, or `nil` when it has none.
    static func canonical(_ raw: ByteWindow) -> [UInt8]? {
        var pool = BlockPool(capacity: 1)
        guard let block = pool.take() else { return nil }
        var writer = pool.writer(block, from: 0)
        switch canonicalPath(raw, into: &writer).form {
        case .refused: return nil
        case .unchanged: return raw.array
        case .rewritten: return pool.window(block, 0, writer.position).array
        }
    }

    // MARK: Tenant

    /// Who the request belongs to, and how that is known.
    struct Finding {
        var number: UInt32 = 0
        var name: String?
        var from = "nothing"
        var isConflict = false
    }

    func tenant(
        _ order: ExplainOrder,
        _ view: SnapshotView,
        _ host: ByteWindow,
        _ path: [UInt8],
        _ head: ByteWindow,
        _ fields: borrowing FieldTable
    ) throws(AdminProblem) -> Finding {
        var finding = Finding()
        if let given = order.tenant {
            let number = withWindow(Array(given.utf8)) { view.tenant(word: $0) }
            guard let number else {
                throw AdminProblem(.nothingMatched, "no document defines the tenant \(given)")
            }
            return Finding(
                number: number,
                name: view.tenantID(number).text,
                from: "given",
                isConflict: false
            )
        }
        // A certificate is asked for by a listener with TLS, which need not be the first.
        let listener = order.certificate == nil ? 0 : view.listenerOfCertificates ?? 0
        for index in 0..<view.tenantSourceCount(listener: listener) {
            let source = view.tenantSource(listener: listener, index)
            let found: (number: UInt32?, from: String)
            switch source.kind {
            case .host: found = (view.tenant(host: host), "host")
            case .pathSegment:
                let segments = path.split(separator: 0x2f, omittingEmptySubsequences: false)
                let at = Int(source.segment) + 1
                guard at < segments.count else { continue }
                found = (
                    withWindow(Array(segments[at])) { view.tenant(word: $0) }, "path segment"
                )
            case .trustedHeader:
                // Who asks here is no trusted peer; --tenant says what such a peer would say.
                continue
            case .certificate:
                let certified = order.certificate.map {
                    view.tenant(certificateNames: $0, behind: view.window(source.text))
                }
                guard let certified else { continue }
                if certified.isConflict { finding.isConflict = true }
                found = (certified.number, "certificate")
            }
            guard let number = found.number else { continue }
            if finding.name != nil, finding.number != number { finding.isConflict = true }
            finding.number = number
            finding.name = view.tenantID(number).text
            finding.from = found.from
        }
        return finding
    }
}
