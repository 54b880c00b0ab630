// SPDX-License-Identifier: Apache-2.0

public import Bytes

extension SnapshotView {
    /// Writes the path that `origin` gets: its template filled, or the matched path as it is.
    public func writeUpstreamPath(
        _ hit: RouteHit,
        origin: Origin,
        path: ByteWindow,
        into writer: inout ByteWriter
    ) {
        let entry = self.record(MatchRecord.self, self.header.matches, hit.match)
        let template = origin == .legacy ? entry.legacyPath : entry.modernPath
        self.fill(template, hit, path, into: &writer)
    }

    /// Writes the redirect's target: host prefix if it has one, and path.
    public func writeRedirectTarget(
        _ hit: RouteHit,
        path: ByteWindow,
        into writer: inout ByteWriter
    ) {
        let entry = self.record(MatchRecord.self, self.header.matches, hit.match)
        writer.append(self.window(self.route(hit.route).redirectHost))
        self.fill(entry.redirectPath, hit, path, into: &writer)
    }

    /// The pattern as it was written: what a log may say in place of the path.
    public func pathLabel(_ hit: RouteHit) -> FlatText {
        self.record(MatchRecord.self, self.header.matches, hit.match).label
    }

    private func fill(
        _ template: FlatRun,
        _ hit: RouteHit,
        _ path: ByteWindow,
        into writer: inout ByteWriter
    ) {
        guard template.count > 0 else {
            writer.append(path)
            return
        }
        let start = writer.position
        for index in 0..<template.count {
            let segment = self.record(SegmentRecord.self, template, index)
            guard segment.kind != .literal else {
                writer.append(0x2f)
                writer.append(self.window(segment.text))
                continue
            }
            let variable = Int(segment.variable)
            let from = Int(hit.starts[variable])
            let length = Int(hit.lengths[variable])
            // `/a` matched `/a/{rest...}`: its target is `/b`, not `/b/`.
            if length == 0, from >= path.count, path.count > 1, path[path.count - 1] != 0x2f {
                continue
            }
            writer.append(0x2f)
            writer.append(path.slice(min(from, path.count), length))
        }
        // `/a` matched `/a/{rest...}` and goes to `/{rest}`: no path is empty.
        if writer.position == start { writer.append(0x2f) }
    }

    /// Writes `?query` for an origin: the client's parameters without the removed and replaced
    /// ones, then those that are set.
    public func writeUpstreamQuery(
        _ hit: RouteHit,
        origin: Origin,
        query: ByteWindow,
        hasQuery: Bool,
        into writer: inout ByteWriter
    ) {
        let record = self.origin(hit.route, origin)
        guard record.setQuery.count > 0 || record.removeQuery.count > 0 else {
            guard hasQuery else { return }
            writer.append(0x3f)
            writer.append(query)
            return
        }
        var separator: UInt8 = 0x3f
        var start = 0
        while start < query.count {
            let end = query.firstIndex(of: 0x26, from: start) ?? query.count
            let equals = query.firstIndex(of: 0x3d, from: start) ?? end
            let name = query.slice(start, min(equals, end) - start)
            if !self.isEdited(record, name) {
                writer.append(separator)
                writer.append(query.slice(start, end - start))
                separator = 0x26
            }
            start = end + 1
        }
        for index in 0..<record.setQuery.count / 2 {
            writer.append(separator)
            writer.append(self.window(self.record(FlatText.self, record.setQuery, index * 2)))
            writer.append(0x3d)
            writer.append(self.window(self.record(FlatText.self, record.setQuery, index * 2 + 1)))
            separator = 0x26
        }
    }

    private func isEdited(_ record: OriginRecord, _ name: ByteWindow) -> Bool {
        for index in 0..<record.removeQuery.count
        where decodedEquals(
            name,
            self.window(self.record(FlatText.self, record.removeQuery, index))
        ) {
            return true
        }
        for index in 0..<record.setQuery.count / 2
        where decodedEquals(
            name,
            self.window(self.record(FlatText.self, record.setQuery, index * 2))
        ) {
            return true
        }
        return false
    }

    // MARK: Header edits

    /// Whether this side of the route sets or removes header fields.
    public func hasHeaderEdits(_ route: UInt32, _ origin: Origin) -> Bool {
        let record = self.origin(route, origin)
        return record.setHeaders.count > 0 || record.removeHeaders.count > 0
    }

    /// Whether a field is removed for this side, or replaced by one that is set.
    public func dropsHeader(_ route: UInt32, _ origin: Origin, name: ByteWindow) -> Bool {
        let record = self.origin(route, origin)
        for index in 0..<record.removeHeaders.count {
            let other = self.window(self.record(FlatText.self, record.removeHeaders, index))
            if other.count == name.count, foldedEquals(name, lowercased: other) { return true }
        }
        for index in 0..<record.setHeaders.count / 2 {
            let other = self.window(self.record(FlatText.self, record.setHeaders, index * 2))
            if other.count == name.count, foldedEquals(name, lowercased: other) { return true }
        }
        return false
    }

    /// Whether a connection of this route may change to a protocol other than WebSocket.
    public func allowsUpgrade(_ route: RouteRecord, _ token: ByteWindow) -> Bool {
        for index in 0..<route.upgrades.count {
            let other = self.window(self.record(FlatText.self, route.upgrades, index))
            if other.count == token.count, foldedEquals(token, lowercased: other) { return true }
        }
        return false
    }

    /// Writes the fields that this side sets, each with its CRLF.
    public func writeSetHeaders(
        _ route: UInt32,
        _ origin: Origin,
        into writer: inout ByteWriter
    ) {
        let record = self.origin(route, origin)
        for index in 0..<record.setHeaders.count / 2 {
            writer.append(self.window(self.record(FlatText.self, record.setHeaders, index * 2)))
            writer.append(": ")
            writer.append(
                self.window(self.record(FlatText.self, record.setHeaders, index * 2 + 1))
            )
            writer.append("\r\n")
        }
    }

    // MARK: Safe operations

    /// Whether a request is safe: by its method, or as the route declares (design.md 2).
    public func isSafe(
        route: UInt32,
        methodIsSafe: Bool,
        method: ByteWindow,
        path: ByteWindow
    ) -> Bool {
        let record = self.route(route)
        let operations = methodIsSafe ? record.unsafe : record.safe
        guard operations.count > 0 else { return methodIsSafe }
        for index in 0..<operations.count {
            let operation = self.record(OperationRecord.self, operations, index)
            guard self.window(operation.method).equals(method) else { continue }
            if operation.template.count == 0 || self.matches(operation.template, path) {
                return !methodIsSafe
            }
        }
        return methodIsSafe
    }

    /// Whether a path matches a compiled template, from its first byte to its last.
    private func matches(_ template: FlatRun, _ path: ByteWindow) -> Bool {
        var captures = InlineArray<32, UInt16>(repeating: 0)
        return self.bind(template, path, &captures)
    }

    /// Matches `path` against a template; start and length of variable `v` at `2v` and `2v + 1`.
    func bind(
        _ template: FlatRun,
        _ path: ByteWindow,
        _ captures: inout InlineArray<32, UInt16>
    ) -> Bool {
        var start = 1
        for index in 0..<template.count {
            let segment = self.record(SegmentRecord.self, template, index)
            let variable = Int(segment.variable)
            if segment.kind == .rest {
                captures[variable * 2] = UInt16(min(start, path.count))
                captures[variable * 2 + 1] = UInt16(max(path.count - start, 0))
                return start <= path.count + 1
            }
            guard start <= path.count else { return false }
            let end = path.firstIndex(of: 0x2f, from: start) ?? path.count
            let text = path.slice(start, end - start)
            if segment.kind == .literal {
                guard self.window(segment.text).equals(text) else { return false }
            } else {
                guard !text.isEmpty else { return false }
                captures[variable * 2] = UInt16(start)
                captures[variable * 2 + 1] = UInt16(text.count)
            }
            start = end + 1
        }
        return start == path.count + 1
    }

    /// Writes the public path for a path of `origin`: its template taken back, then the match's own
    /// filled.
    ///
    /// `false` (and nothing written) when the origin's template does not lead there.
    public func writePublicPath(
        _ hit: RouteHit,
        origin: Origin,
        originPath: ByteWindow,
        into writer: inout ByteWriter
    ) -> Bool {
        let entry = self.record(MatchRecord.self, self.header.matches, hit.match)
        let template = origin == .legacy ? entry.legacyPath : entry.modernPath
        guard template.count > 0 else {
            writer.append(originPath)
            return true
        }
        guard origin == .legacy ? entry.invertsLegacy : entry.invertsModern else { return false }
        var captures = InlineArray<32, UInt16>(repeating: 0)
        guard self.bind(template, originPath, &captures) else { return false }
        var taken = hit
        for variable in 0..<16 {
            taken.starts[variable] = captures[variable * 2]
            taken.lengths[variable] = captures[variable * 2 + 1]
        }
        self.fill(entry.publicPath, taken, originPath, into: &writer)
        return true
    }
}
