// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

/// What a request's tenant sources say together.
enum TenantFinding: BitwiseCopyable {
    /// No source names a known tenant.
    case unknown
    /// All that are present name this one.
    case tenant(UInt32)
    /// Two disagree, or a trusted word names nobody: 403.
    case conflict
}

extension Reactor {
    /// Asks every source of the listener; all that are present must agree (design.md 4).
    mutating func findTenant(_ e: UInt32, _ view: SnapshotView) -> TenantFinding {
        let listener = Int(self.exchanges[e].listener)
        let bytes = self.headWindow(e)
        let head = self.exchanges[e].head
        var found: UInt32?
        for index in 0..<view.tenantSourceCount(listener: listener) {
            let source = view.tenantSource(listener: listener, index)
            var tenant: UInt32?
            switch source.kind {
            case .host:
                tenant = view.tenant(
                    host: bytes.slice(Int(head.host.start), Int(head.host.length))
                )
            case .pathSegment:
                guard let segment = pathSegment(self.pathWindow(e), Int(source.segment)) else {
                    continue
                }
                tenant = view.tenant(word: segment)
            case .trustedHeader:
                guard self.exchanges[e].isTrusted else { continue }
                switch self.trustedTenant(bytes, view.window(source.text), view) {
                case .unknown: continue
                case .conflict: return .conflict
                case .tenant(let number): tenant = number
                }
            case .certificate:
                switch self.certifiedTenant(e, view.window(source.text), view) {
                case .unknown: continue
                case .conflict: return .conflict
                case .tenant(let number): tenant = number
                }
            }
            guard let tenant else { continue }
            if let other = found, other != tenant { return .conflict }
            found = tenant
        }
        guard let found else { return .unknown }
        self.exchanges[e].tenant = found
        return .tenant(found)
    }

    /// What a trusted peer's header says; repeated fields must agree.
    private func trustedTenant(
        _ bytes: ByteWindow,
        _ name: ByteWindow,
        _ view: SnapshotView
    ) -> TenantFinding {
        var found: UInt32?
        for index in 0..<self.requestFields.count {
            let field = self.requestFields[index]
            guard Int(field.nameLength) == name.count,
                equalsFolded(bytes.slice(Int(field.nameStart), Int(field.nameLength)), name)
            else { continue }
            let word = bytes.slice(Int(field.valueStart), Int(field.valueLength))
            guard let tenant = view.tenant(word: word) else { continue }
            if let other = found, other != tenant { return .conflict }
            found = tenant
        }
        return found.map { .tenant($0) } ?? .unknown
    }
}

/// Segment `index` (from 0) of a path, without slashes.
func pathSegment(_ path: ByteWindow, _ index: Int) -> ByteWindow? {
    var start = 1
    var left = index
    while start <= path.count {
        let end = path.firstIndex(of: 0x2f, from: start) ?? path.count
        if left == 0 { return end > start ? path.slice(start, end - start) : nil }
        left -= 1
        start = end + 1
    }
    return nil
}

/// Whether two byte strings are equal with ASCII case folded.
func equalsFolded(_ a: ByteWindow, _ b: ByteWindow) -> Bool {
    guard a.count == b.count else { return false }
    for index in 0..<a.count where asciiLowercased(a[index]) != asciiLowercased(b[index]) {
        return false
    }
    return true
}
