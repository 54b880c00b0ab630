// SPDX-License-Identifier: Apache-2.0

import Documents

extension ReplayRowReader {
    /// A row that is one JSON object: of a list, of Banyan's access log, or an entry of an HAR.
    func object(_ line: [UInt8]) throws(ReplayRowProblem) -> ExplainOrder {
        guard let node = try? DocumentNode.parse(json: line, file: "row"), node.members != nil
        else { throw .malformed }
        switch self.format {
        case .har: return try self.entry(node)
        case .banyan: return try self.logged(node)
        case .jsonl, .text, .csv, .nginx: return try self.listed(node)
        }
    }

    private func listed(_ node: DocumentNode) throws(ReplayRowProblem) -> ExplainOrder {
        var headers: [ControlField] = []
        for member in node["headers"]?.members ?? [] {
            guard let value = member.node.text else { throw .malformed }
            headers.append(ControlField(member.key, value))
        }
        return try self.order(
            method: node["method"]?.text,
            url: node["url"]?.text ?? node["path"]?.text,
            tenant: node["tenant"]?.text,
            user: node["user"]?.text,
            headers: try ReplayRowReader.sendable(headers)
        )
    }

    /// A line of the access log keeps the route's pattern: with a variable, or a prefix, in it
    /// nobody knows any more what was asked.
    ///
    /// A log that was made to carry `url.path` (and `url.query`) is replayed by these.
    private func logged(_ node: DocumentNode) throws(ReplayRowProblem) -> ExplainOrder {
        let method = node["http.request.method"]?.text
        let tenant = node["banyan.tenant"]?.text
        if let path = node["url.path"]?.text {
            let query = node["url.query"]?.text.map { $0.isEmpty ? "" : "?" + $0 } ?? ""
            return try self.order(method: method, url: path + query, tenant: tenant)
        }
        // A request that Banyan refused before it was read has no method.
        guard let method else { throw .noPath }
        let template = node["url.template"]?.text ?? "{}"
        let order = try self.order(
            method: method,
            url: template.hasPrefix("/") ? template : "/",
            tenant: tenant
        )
        guard template.hasPrefix("/"), !template.contains("{") else { throw .noPath }
        return order
    }

    /// `log.entries[n].request` (HAR 1.2).
    private func entry(_ node: DocumentNode) throws(ReplayRowProblem) -> ExplainOrder {
        guard let request = node["request"] else { throw .malformed }
        var headers: [ControlField] = []
        for item in request["headers"]?.items ?? [] {
            guard let name = item["name"]?.text, let value = item["value"]?.text else {
                throw .malformed
            }
            headers.append(ControlField(name, value))
        }
        // `_tenant` is ours: HAR keeps names that begin with an underscore for that.
        let tenant = request["_tenant"]?.text ?? node["_tenant"]?.text
        return try self.order(
            method: request["method"]?.text,
            url: request["url"]?.text.map {
                $0.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                    .first.map(String.init) ?? $0
            },
            tenant: tenant,
            headers: try ReplayRowReader.sendable(headers)
        )
    }

    /// Fields that can stand in a request: HTTP/2's pseudo fields are left out.
    private static func sendable(
        _ headers: [ControlField]
    ) throws(ReplayRowProblem) -> [ControlField] {
        let kept = headers.filter { !$0.name.hasPrefix(":") }
        let isClean = kept.allSatisfy { field in
            !field.name.isEmpty
                && field.name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x3a }
                && field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
        }
        guard isClean else { throw .malformed }
        return kept
    }
}
