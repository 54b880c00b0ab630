// SPDX-License-Identifier: Apache-2.0

public import Bytes

// Maglev (Eisenbud et al., NSDI 2016, section 3.4): every endpoint fills the table in an order of
// its own, taking turns, so that all have equal parts, and the part of one that leaves goes to all
// others while nearly nothing else moves. Looking a key up is one load.

/// The table of an upstream's endpoints for `consistentHash`.
///
/// The same names give the same table on every edge and after every start: no seed is in it.
enum HashTable {
    /// Entries for this many endpoints: a hundred for each, where that can be.
    ///
    /// Primes, so that every step visits every entry. Only two, since another size moves all keys.
    static func size(for endpoints: Int) -> Int { endpoints <= 40 ? 4_093 : 65_521 }

    /// The index of an endpoint for each entry; empty for no endpoint.
    static func build(_ names: [String]) -> [UInt16] {
        guard !names.isEmpty else { return [] }
        let size = HashTable.size(for: names.count)
        var next: [Int] = []
        var steps: [Int] = []
        for name in names {
            let bytes = Array(name.utf8)
            let start = withWindow(bytes) { byteHash($0, seed: 0x0ff5_e7) }
            let step = withWindow(bytes) { byteHash($0, seed: 0x5_41b) }
            next.append(Int(start % UInt64(size)))
            steps.append(Int(step % UInt64(size - 1)) + 1)
        }
        var table = Array(repeating: UInt16.max, count: size)
        var filled = 0
        while true {
            for index in names.indices {
                while table[next[index]] != .max {
                    next[index] = (next[index] + steps[index]) % size
                }
                table[next[index]] = UInt16(index)
                filled += 1
                if filled == size { return table }
            }
        }
    }
}

extension SnapshotView {
    /// The endpoint (its index in the upstream) that a key's hash leads to; with `attempt` above 0
    /// the one that stands in for those before it.
    ///
    /// `nil`: the upstream has no table.
    public func hashedEndpoint(
        _ upstream: UpstreamRecord,
        _ hash: UInt64,
        attempt: UInt32 = 0
    ) -> UInt32? {
        let table = upstream.policy.hashTable
        guard table.count > 0 else { return nil }
        let mixed =
            attempt == 0
            ? hash : foldedMultiply(hash ^ UInt64(attempt), 0x9e37_79b9_7f4a_7c15)
        return UInt32(
            self.record(
                UInt16.self,
                table,
                UInt32(truncatingIfNeeded: mixed % UInt64(table.count))
            )
        )
    }

    /// The hash of a key, the same on every edge.
    public static func keyHash(_ key: ByteWindow) -> UInt64 { byteHash(key, seed: 0x6b65_79) }
}
