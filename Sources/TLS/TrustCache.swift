// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Issuers and lists that were read already: contexts that name the same files share them.
///
/// For the length of one build; the files are read again for the next.
public final class TLSTrustCache: Sendable {
    private struct Files: Hashable {
        let ca: String?
        let crl: String?
    }

    private let stores = Mutex<[Files: TrustStore]>([:])

    /// An empty cache.
    public init() {}

    func store(ca: String?, crl: String?) throws(TLSError) -> TrustStore {
        let files = Files(ca: ca, crl: crl)
        if let kept = self.stores.withLock({ $0[files] }) { return kept }
        let file: String
        if let ca { file = ca } else { file = try systemIssuers() }
        let store = try TrustStore(ca: try readCertificates(file), crl: crl)
        self.stores.withLock { $0[files] = store }
        return store
    }
}
