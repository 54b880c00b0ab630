// SPDX-License-Identifier: Apache-2.0

/// The candidate that `name` was probably meant to be, or `nil` when none is near.
///
/// Near is an optimal-string-alignment distance of at most 2 or of at most a third of the length,
/// and less than the whole name. Equally near ones: the first in alphabetical order.
public func nearestName(_ name: String, among candidates: some Sequence<String>) -> String? {
    let word = Array(name.unicodeScalars)
    guard word.count <= 256 else { return nil }
    let bound = min(max(2, word.count / 3), word.count - 1)
    var best: (distance: Int, name: String)?
    for candidate in candidates {
        let other = Array(candidate.unicodeScalars)
        // The difference in length is a lower bound of the distance: most names end here.
        guard abs(other.count - word.count) <= (best?.distance ?? bound) else { continue }
        let distance = alignmentDistance(word, other)
        guard distance <= bound, distance < other.count else { continue }
        if let found = best, (found.distance, found.name) <= (distance, candidate) { continue }
        best = (distance, candidate)
    }
    return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours that make one word of the other.
func alignmentDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for row in 0..<a.count {
        var current = [row + 1]
        current.reserveCapacity(b.count + 1)
        for column in 0..<b.count {
            let cost = a[row] == b[column] ? 0 : 1
            var least = min(last[column + 1] + 1, current[column] + 1, last[column] + cost)
            if row > 0, column > 0, a[row] == b[column - 1], a[row - 1] == b[column] {
                least = min(least, beforeLast[column - 1] + 1)
            }
            current.append(least)
        }
        beforeLast = last
        last = current
    }
    return last[b.count]
}
