// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `buffer` outlives every pointer that getpwuid_r puts into `entry`.

import Glibc

/// The name of a user of this machine; `nil` when the number has none.
public func userName(of user: UInt32) -> String? {
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    return unsafe buffer.withUnsafeMutableBufferPointer { space -> String? in
        guard let base = space.baseAddress else { return nil }
        // SAFETY: the call writes inside the buffer, or fails with ERANGE.
        let result = unsafe getpwuid_r(user, &entry, base, space.count, &found)
        guard result == 0, unsafe found != nil, let name = unsafe entry.pw_name else { return nil }
        return unsafe String(cString: name)
    }
}

/// The user that this process runs as.
public func effectiveUser() -> UInt32 { geteuid() }
