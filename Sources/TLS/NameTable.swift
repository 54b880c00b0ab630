// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Which certificate answers to which name: exact names first, then one-label wildcards
/// (RFC 9525 6.3).
final class NameTable: Sendable {
    /// A name that some certificate bears.
    struct Match {
        /// The context to change to; `nil` when the first one bears the name.
        let context: Context?
    }

    private let exact: [[UInt8]: Int]
    private let wildcards: [[UInt8]: Int]
    private let contexts: [Context?]

    static let empty = NameTable(names: [], contexts: [])

    /// `names` as in certificates, with the position of their context.
    init(names: [(name: String, context: Int)], contexts: [Context?]) {
        var exact: [[UInt8]: Int] = [:]
        var wildcards: [[UInt8]: Int] = [:]
        for (name, context) in names {
            if name.hasPrefix("*.") {
                wildcards[Array(name.utf8.dropFirst(2))] = context
            } else {
                exact[Array(name.utf8)] = context
            }
        }
        self.exact = exact
        self.wildcards = wildcards
        self.contexts = contexts
    }

    /// The match for a host name in any case, or `nil`.
    func find(_ name: ByteWindow) -> Match? {
        guard name.count <= Limits.hostBytesMax else { return nil }
        var host: [UInt8] = []
        host.reserveCapacity(name.count)
        for index in 0..<name.count { host.append(asciiLowercased(name[index])) }
        // An absolute name (RFC 6066 3 forbids the dot; some send it).
        if host.last == UInt8(ascii: ".") { host.removeLast() }
        if let found = self.exact[host] { return Match(context: self.contexts[found]) }
        guard let dot = host.firstIndex(of: UInt8(ascii: ".")), dot > 0,
            let found = self.wildcards[Array(host[(dot + 1)...])]
        else { return nil }
        return Match(context: self.contexts[found])
    }
}
