// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Migration

@Suite("The table of consistentHash")
struct HashTableTests {
    private func names(_ count: Int) -> [String] { (0..<count).map { "10.0.0.\($0) 8080" } }

    @Test func `all endpoints have equal parts of the table`() {
        for count in [1, 2, 3, 10, 40, 41, 400] {
            let table = HashTable.build(self.names(count))
            #expect(table.count == HashTable.size(for: count))
            var parts = Array(repeating: 0, count: count)
            for index in table { parts[Int(index)] += 1 }
            let most = parts.max() ?? 0
            let least = parts.min() ?? 0
            #expect(most - least <= 1, "\(count) endpoints")
        }
        #expect(HashTable.build([]).isEmpty)
    }

    @Test func `when an endpoint leaves the keys of the others stay where they were`() {
        for count in [3, 10, 60] {
            let all = self.names(count)
            let before = HashTable.build(all)
            // The size stays, or keys of all would move.
            #expect(HashTable.size(for: count) == HashTable.size(for: count - 1))
            let left = all.filter { $0 != all[1] }
            let after = HashTable.build(left)
            var moved = 0
            var stayed = 0
            for (entry, index) in before.enumerated() where all[Int(index)] != all[1] {
                if left[Int(after[entry])] == all[Int(index)] { stayed += 1 } else { moved += 1 }
            }
            // Maglev trades a little movement for equal parts.
            #expect(Double(moved) < 0.15 * Double(moved + stayed), "\(count): \(moved) moved")
        }
    }

    @Test func `the order of the endpoints in the file does not move keys`() {
        let all = self.names(20)
        let one = HashTable.build(all)
        let other = HashTable.build(all.reversed())
        let moved = zip(one, other).count { all[Int($0)] != all[19 - Int($1)] }
        #expect(Double(moved) < 0.15 * Double(one.count), "\(moved) of \(one.count)")
    }
}
