// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

extension Reactor {
    /// The hash of what the upstream's `balance.hash` names; `nil`: the request has none.
    mutating func hashKey(
        _ e: UInt32,
        _ view: SnapshotView,
        _ upstream: UpstreamRecord
    ) -> UInt64? {
        let policy = upstream.policy
        guard policy.hashKind != .tenant else {
            let tenant = self.exchanges[e].tenant
            return tenant == 0 ? nil : SnapshotView.keyHash(view.tenantID(tenant))
        }
        guard self.readFields(e) else { return nil }
        let bytes = self.headWindow(e)
        let name = view.window(policy.hashName)
        for index in 0..<self.requestFields.count {
            let field = self.requestFields[index]
            let value = bytes.slice(Int(field.valueStart), Int(field.valueLength))
            if policy.hashKind == .cookie {
                guard field.name == .cookie, let found = cookieValue(value, name), !found.isEmpty
                else { continue }
                return SnapshotView.keyHash(found)
            }
            guard Int(field.nameLength) == name.count, !value.isEmpty,
                equalsFolded(bytes.slice(Int(field.nameStart), Int(field.nameLength)), name)
            else { continue }
            return SnapshotView.keyHash(value)
        }
        return nil
    }
}
