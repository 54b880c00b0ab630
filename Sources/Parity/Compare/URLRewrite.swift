// SPDX-License-Identifier: Apache-2.0

/// What is left of a URL when what may differ between the origins is taken off: scheme and host
/// that are the origin's own, then its path prefix.
///
/// A URL of another host stays whole. What is left of a URL of the origin itself begins with a mark
/// that no URL begins with, so that it is never equal to a foreign one.
struct URLRewrite {
    private let hosts: [[UInt8]]
    private let prefix: [UInt8]

    init(hosts: String, pathPrefix: String) {
        self.hosts = hosts.split(separator: " ").map { host in
            let text = Array(host.utf8)
            return Self.lowercased(Self.withoutScheme(text) ?? text[...])
        }
        var prefix = Array(pathPrefix.utf8)
        while prefix.last == UInt8(ascii: "/") { prefix.removeLast() }
        self.prefix = prefix
    }

    /// The part of `url` that both origins share.
    func rewritten(_ url: [UInt8]) -> [UInt8] {
        var path = url[...]
        if let rest = Self.withoutScheme(url) {
            let host = rest.prefix { ![0x2F, 0x3F, 0x23].contains($0) }
            guard self.hosts.contains(Self.lowercased(host)) else { return url }
            path = rest.dropFirst(host.count)
        } else if url.first != UInt8(ascii: "/") {
            // `Patient/1` is relative to where the origin's URLs begin (FHIR references.html).
            return Self.isRelative(url) ? [0] + url : url
        }
        let isInside =
            path.starts(with: self.prefix)
            && (path.count == self.prefix.count
                || [0x2F, 0x3F, 0x23].contains(path[path.startIndex + self.prefix.count]))
        if isInside { path = path.dropFirst(self.prefix.count) }
        if path.first == UInt8(ascii: "/") { path = path.dropFirst() }
        return [0] + path
    }

    /// Whether a reference has no scheme (RFC 3986 4.2): no colon in its first segment.
    private static func isRelative(_ url: [UInt8]) -> Bool {
        let mark = url.first { [0x2F, 0x3F, 0x23, 0x3A].contains($0) }
        return !url.isEmpty && mark != UInt8(ascii: ":")
    }

    /// `https://host/path` and `//host/path` without what stands before the host.
    private static func withoutScheme(_ url: [UInt8]) -> ArraySlice<UInt8>? {
        for scheme in ["https://", "http://", "wss://", "ws://", "//"] {
            let count = scheme.utf8.count
            if url.count >= count, self.lowercased(url[..<count]).elementsEqual(scheme.utf8) {
                return url[count...]
            }
        }
        return nil
    }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
    }
}
