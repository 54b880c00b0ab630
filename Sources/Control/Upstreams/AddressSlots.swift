// SPDX-License-Identifier: Apache-2.0

/// Gives a name's addresses to its slots: an address keeps its slot while the name has it, so that
/// connections there stay; what is gone leaves its slot empty, and new addresses fill empty slots,
/// best first.
///
/// `slots` are the addresses now, `nil` for an empty one. Pure.
func assignSlots<Address: Hashable>(_ slots: [Address?], _ addresses: [Address]) -> [Address?] {
    let wanted = Set(addresses)
    var result = slots.map { $0.flatMap { wanted.contains($0) ? $0 : nil } }
    let kept = Set(result.compactMap { $0 })
    var fresh = addresses.filter { !kept.contains($0) }[...]
    for index in result.indices where result[index] == nil {
        guard let next = fresh.popFirst() else { break }
        result[index] = next
    }
    return result
}
