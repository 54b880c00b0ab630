// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// What the names of a client's certificate say together.
public struct CertifiedTenant: BitwiseCopyable, Sendable {
    /// The tenant that they name; `nil`: none.
    public var number: UInt32?
    /// Two of them name different tenants.
    public var isConflict = false
}

extension SnapshotView {
    /// The tenant of a certificate's names, a line feed behind each (design.md 4).
    ///
    /// A name counts when it begins with `prefix`, letter by letter, and what is behind is a host,
    /// an id or an alias of a tenant. Others say nothing: certificates have names for other ends
    /// too.
    public func tenant(names: ByteWindow, behind prefix: ByteWindow) -> CertifiedTenant {
        var finding = CertifiedTenant()
        var start = 0
        while start < names.count {
            let end = names.firstIndex(of: 0x0a, from: start) ?? names.count
            let name = names.slice(start, end - start)
            start = end + 1
            guard let word = rest(of: name, behind: prefix),
                let number = self.tenant(host: word) ?? self.tenant(word: word)
            else { continue }
            if let other = finding.number, other != number { finding.isConflict = true }
            finding.number = number
        }
        return finding
    }

    /// The first listener that asks certificates for the tenant; `nil`: none does.
    public var listenerOfCertificates: Int? {
        (0..<Int(self.header.listeners.count)).first { listener in
            (0..<self.tenantSourceCount(listener: listener)).contains {
                self.tenantSource(listener: listener, $0).kind == .certificate
            }
        }
    }

    /// What ``tenant(names:behind:)`` says of names that are texts.
    public func tenant(
        certificateNames names: [String],
        behind prefix: ByteWindow
    ) -> CertifiedTenant {
        let lines = names.map { $0 + "\n" }.joined()
        return withWindow(Array(lines.utf8)) { self.tenant(names: $0, behind: prefix) }
    }
}

/// What follows `prefix` in a name; `nil`: it begins otherwise.
private func rest(of name: ByteWindow, behind prefix: ByteWindow) -> ByteWindow? {
    guard name.count > prefix.count else { return nil }
    for index in 0..<prefix.count where name[index] != prefix[index] { return nil }
    return name.slice(prefix.count, name.count - prefix.count)
}
