// SPDX-License-Identifier: Apache-2.0

public import Bytes

extension SnapshotView {
    /// Writes the value of a Set-Cookie as the client must see it: `Domain` and `Path` by the
    /// upstream's rules, everything else byte for byte (RFC 6265 5.2 tells what is an attribute).
    public func writeSetCookie(
        _ policy: UpstreamPolicyRecord,
        _ value: ByteWindow,
        into writer: inout ByteWriter
    ) {
        var start = value.firstIndex(of: 0x3b) ?? value.count
        writer.append(value.slice(0, start))
        while start < value.count {
            let end = value.firstIndex(of: 0x3b, from: start + 1) ?? value.count
            let part = value.slice(start, end - start)
            if !self.writeAttribute(policy, part, into: &writer) { writer.append(part) }
            start = end
        }
    }

    /// Writes one attribute, `;` included, by the rules; `false`: none is meant.
    private func writeAttribute(
        _ policy: UpstreamPolicyRecord,
        _ part: ByteWindow,
        into writer: inout ByteWriter
    ) -> Bool {
        guard let equals = part.firstIndex(of: 0x3d) else { return false }
        let name = trimmed(part.slice(1, equals - 1))
        let value = trimmed(part.slice(equals + 1, part.count - equals - 1))
        if name.equalsIgnoringCase("domain") {
            // A leading dot means nothing (RFC 6265 5.2.3).
            let isDotted = value.count > 0 && value[0] == 0x2e
            let host = isDotted ? value.slice(1, value.count - 1) : value
            for index in 0..<policy.cookieDomains.count / 2 {
                let rule = self.cookieRule(policy.cookieDomains, index)
                guard host.count == rule.from.count, foldedEquals(host, lowercased: rule.from)
                else { continue }
                // Without the attribute the cookie is for the host that the client asked.
                guard rule.to.count > 0 else { return true }
                writer.append(part.slice(0, equals + 1))
                writer.append(rule.to)
                return true
            }
            return false
        }
        guard name.equalsIgnoringCase("path") else { return false }
        for index in 0..<policy.cookiePaths.count / 2 {
            let rule = self.cookieRule(policy.cookiePaths, index)
            let count = rule.from.count
            // Whole segments: `/app` is no part of `/apple`.
            guard value.count >= count, value.slice(0, count).equals(rule.from),
                value.count == count || value[count] == 0x2f
            else { continue }
            writer.append(part.slice(0, equals + 1))
            writer.append(rule.to)
            writer.append(value.slice(count, value.count - count))
            if rule.to.count == 0, value.count == count { writer.append(0x2f) }
            return true
        }
        return false
    }

    private func cookieRule(
        _ run: FlatRun,
        _ index: UInt32
    ) -> (from: ByteWindow, to: ByteWindow) {
        (
            self.window(self.record(FlatText.self, run, index * 2)),
            self.window(self.record(FlatText.self, run, index * 2 + 1))
        )
    }
}

/// A part of a field without white space at its ends.
private func trimmed(_ window: ByteWindow) -> ByteWindow {
    var start = 0
    var end = window.count
    while start < end, window[start] == 0x20 || window[start] == 0x09 { start += 1 }
    while end > start, window[end - 1] == 0x20 || window[end - 1] == 0x09 { end -= 1 }
    return window.slice(start, end - start)
}

extension SnapshotCompiler {
    /// Pairs of texts; paths without their last `/`, the longest first, so that the nearest rule
    /// wins.
    mutating func cookieRules(_ rules: [NamedValue], arePaths: Bool) -> FlatRun {
        guard arePaths else { return self.texts(rules.flatMap { [$0.name, $0.value] }) }
        func plain(_ path: String) -> String {
            path.hasSuffix("/") ? String(path.dropLast()) : path
        }
        let sorted = rules.map { (from: plain($0.name), to: plain($0.value)) }
            .sorted { ($1.from.utf8.count, $0.from) < ($0.from.utf8.count, $1.from) }
        return self.texts(sorted.flatMap { [$0.from, $0.to] })
    }
}
