// SPDX-License-Identifier: Apache-2.0

/// Which items of two arrays stand for each other, by hashes that are equal where items agree.
///
/// The longest run of items that agree in the same order stays; others that agree have moved; what
/// is left is paired in order where it stands between the same neighbours.
struct ItemMatch {
    /// Numbers of items that stand for each other, in order of legacy.
    private(set) var pairs: [(Int, Int)] = []
    /// Items of legacy that nothing stands for.
    private(set) var legacyOnly: [Int] = []
    /// Items of modern that stand for nothing.
    private(set) var modernOnly: [Int] = []
    /// Whether items agree but for their order.
    private(set) var hasMoved = false

    /// Matches; `cells` bounds the tables of all calls of one comparison, and where it is spent
    /// only the items at both ends keep their place.
    init(_ left: [UInt64], _ right: [UInt64], cells: inout Int) {
        var first = 0
        let shorter = min(left.count, right.count)
        while first < shorter, left[first] == right[first] { first += 1 }
        var last = 0
        while last < shorter - first, left[left.count - 1 - last] == right[right.count - 1 - last] {
            last += 1
        }
        let middle = longestCommon(
            left[first..<left.count - last],
            right[first..<right.count - last],
            cells: &cells
        )
        var kept = (0..<first).map { ($0, $0) } + middle
        for index in stride(from: last, to: 0, by: -1) {
            kept.append((left.count - index, right.count - index))
        }
        self.fill(kept, left, right)
    }

    private mutating func fill(_ kept: [(Int, Int)], _ left: [UInt64], _ right: [UInt64]) {
        var partner = [Int](repeating: -1, count: left.count)
        var isTaken = [Bool](repeating: false, count: right.count)
        for (i, j) in kept {
            partner[i] = j
            isTaken[j] = true
        }
        var waiting: [UInt64: [Int]] = [:]
        for j in right.indices.reversed() where !isTaken[j] {
            waiting[right[j], default: []].append(j)
        }
        for i in left.indices where partner[i] < 0 {
            guard let j = waiting[left[i]]?.popLast() else { continue }
            partner[i] = j
            isTaken[j] = true
            self.hasMoved = true
        }
        // Gaps between items that kept their place: what is left of both sides there is paired.
        var i = 0
        var j = 0
        for (iEnd, jEnd) in kept + [(left.count, right.count)] {
            let lefts = (i..<iEnd).filter { partner[$0] < 0 }
            let rights = (j..<jEnd).filter { !isTaken[$0] }
            for (left, right) in zip(lefts, rights) { partner[left] = right }
            self.legacyOnly += lefts.dropFirst(rights.count)
            self.modernOnly += rights.dropFirst(lefts.count)
            i = min(iEnd + 1, left.count)
            j = min(jEnd + 1, right.count)
        }
        self.pairs = left.indices.filter { partner[$0] >= 0 }.map { ($0, partner[$0]) }
    }
}

/// The longest common subsequence as pairs of indexes; none when its table would go over `cells`.
private func longestCommon(
    _ left: ArraySlice<UInt64>,
    _ right: ArraySlice<UInt64>,
    cells: inout Int
) -> [(Int, Int)] {
    let width = right.count + 1
    let (size, overflows) = (left.count + 1).multipliedReportingOverflow(by: width)
    guard !left.isEmpty, !right.isEmpty, !overflows, size <= cells else { return [] }
    cells -= size
    // Cell (i, j): length of the longest one of what follows i and j.
    var lengths = [UInt32](repeating: 0, count: size)
    for i in stride(from: left.count - 1, through: 0, by: -1) {
        for j in stride(from: right.count - 1, through: 0, by: -1) {
            lengths[i * width + j] =
                left[left.startIndex + i] == right[right.startIndex + j]
                ? lengths[(i + 1) * width + j + 1] + 1
                : max(lengths[(i + 1) * width + j], lengths[i * width + j + 1])
        }
    }
    var pairs: [(Int, Int)] = []
    var i = 0
    var j = 0
    while i < left.count, j < right.count {
        if left[left.startIndex + i] == right[right.startIndex + j] {
            pairs.append((left.startIndex + i, right.startIndex + j))
            i += 1
            j += 1
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1
        } else {
            j += 1
        }
    }
    return pairs
}
