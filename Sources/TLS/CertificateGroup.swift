// SPDX-License-Identifier: Apache-2.0

/// Certificates for the same names with keys of different kinds: one context bears them, and the
/// client's signature algorithms choose.
struct CertificateGroup {
    /// A certificate as read from its files.
    struct Item {
        let plan: TLSCertificatePlan
        let chain: [Certificate]
        let key: PrivateKey
        let staple: Staple?
        let names: [String]

        var facts: TLSCertificateFacts {
            TLSCertificateFacts(
                name: self.plan.name,
                file: self.plan.chain,
                names: self.names,
                notBefore: self.chain[0].notBefore,
                notAfter: self.chain[0].notAfter,
                stapleNextUpdate: self.staple?.nextUpdate
            )
        }

        init(_ plan: TLSCertificatePlan) throws(TLSError) {
            self.plan = plan
            self.chain = try readCertificates(plan.chain)
            self.key = try PrivateKey(file: plan.key)
            self.names = self.chain[0].names
            if let file = plan.ocsp {
                self.staple = try Staple(file: file, chain: self.chain)
            } else {
                self.staple = nil
            }
        }
    }

    var items: [Item]

    /// Reads certificates and groups them, in their order.
    ///
    /// - Throws: `nameTwice` when a client could not tell which it will meet.
    static func read(_ plans: [TLSCertificatePlan]) throws(TLSError) -> [CertificateGroup] {
        var groups: [CertificateGroup] = []
        for plan in plans {
            let item = try Item(plan)
            let kind = item.chain[0].keyKind
            if let same = groups.firstIndex(where: { group in
                Set(group.items[0].names) == Set(item.names) && !item.names.isEmpty
                    && group.items.allSatisfy { $0.chain[0].keyKind != kind }
            }) {
                groups[same].items.append(item)
                continue
            }
            for other in groups.flatMap(\.items) {
                if let name = item.names.first(where: other.names.contains) {
                    throw .nameTwice(name: name, first: other.plan.chain, second: plan.chain)
                }
            }
            groups.append(CertificateGroup(items: [item]))
        }
        return groups
    }

    /// All names with the position of their group.
    static func names(_ groups: [CertificateGroup]) -> [(name: String, context: Int)] {
        groups.enumerated().flatMap { position, group in
            group.items[0].names.map { ($0, position) }
        }
    }
}
