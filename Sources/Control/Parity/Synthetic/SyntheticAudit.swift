// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Synchronization

/// Which orders of synthetic reads the audit has been told of: one entry for a person's replay or
/// probe, not one for each of its ten thousand reads.
final class SyntheticAudit: Sendable {
    private let told = Mutex<[String: UInt64]>([:])

    /// Whether the audit is to be told; `name`: who orders what.
    ///
    /// What goes on without a pause of `Limits.syntheticAuditMilliseconds` is one order.
    func isNews(_ name: String, nowMilliseconds: UInt64) -> Bool {
        self.told.withLock { told in
            let last = told[name]
            if last == nil, told.count >= Limits.syntheticAuditMax,
                let idle = told.min(by: { $0.value < $1.value })?.key
            {
                // Forgotten and ordered again, it is told again: too much rather than too little.
                told[idle] = nil
            }
            told[name] = nowMilliseconds
            guard let last else { return true }
            return nowMilliseconds >= last + UInt64(Limits.syntheticAuditMilliseconds)
        }
    }
}
