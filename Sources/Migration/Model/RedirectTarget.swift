// SPDX-License-Identifier: Apache-2.0

extension RouteMatchModel {
    /// Everything but the path that must hold: two matches of one path with the same conditions and
    /// the same rank take the same requests.
    public var conditions: String {
        func line(_ kind: String, _ name: String, _ match: NamedMatchModel) -> String {
            "\(kind)\(match.isRegularExpression ? "~" : "=")\(name)\n=\(match.value)"
        }
        let lines =
            [self.method ?? ""]
            + self.headers.map { line("h", $0.name.lowercased(), $0) }.sorted()
            + self.queryParameters.map { line("q", $0.name, $0) }.sorted()
        return lines.joined(separator: "\n")
    }

    /// The implicit match of a redirect's target: this match on `inverse` (design.md 2).
    ///
    /// It ranks as if written so: a target of an exact path without variables is exact.
    public func redirected(to inverse: PathTemplate) -> RouteMatchModel {
        var match = self
        match.pathType = self.pathType == .exact ? .exact : .template
        match.path = inverse.text
        return match
    }
}

extension RouteModel {
    /// Hosts under which the redirect's target is matched: the route's own, or the one that the
    /// redirect names.
    public var redirectHostnames: [String] {
        guard let host = self.redirectHost else { return self.hostnames }
        return [host]
    }

    /// Whether the redirect leads to a host that the route itself takes, so that a loop is
    /// possible.
    public var redirectStaysOnHost: Bool {
        guard let host = self.redirectHost, !self.hostnames.isEmpty else { return true }
        return self.hostnames.contains { name in
            let name = name.lowercased()
            return name == host || (name.hasPrefix("*.") && host.hasSuffix(name.dropFirst()))
        }
    }

    /// The host of `redirect.hostname`, lower case, no scheme and no port.
    private var redirectHost: String? {
        guard let url = self.redirect?.hostname?.lowercased() else { return nil }
        let authority = url.split(separator: "/", omittingEmptySubsequences: true).last ?? ""
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[...end])
        }
        return authority.split(separator: ":").first.map(String.init)
    }
}
