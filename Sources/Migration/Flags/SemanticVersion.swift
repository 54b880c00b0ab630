// SPDX-License-Identifier: Apache-2.0

/// A version by SemVer 2.0.0, with flagd's tolerance for `v1`, `1` and `1.2`.
struct SemanticVersion: Hashable {
    let major: String
    let minor: String
    let patch: String
    /// Identifiers of the pre-release, none for a release; build metadata is dropped.
    let preRelease: [String]

    /// The operators of `sem_ver`.
    enum Comparison: String, CaseIterable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case sameMajor = "^"
        case sameMinor = "~"
    }

    init?(_ text: String) {
        var rest = Substring(text)
        if let first = rest.utf8.first, first | 0x20 == UInt8(ascii: "v") { rest.removeFirst() }
        if let plus = rest.utf8.firstIndex(of: UInt8(ascii: "+")) {
            let build = rest[rest.utf8.index(after: plus)...]
            guard SemanticVersion.identifiers(build, allowsLeadingZero: true) != nil else {
                return nil
            }
            rest = rest[..<plus]
        }
        var preRelease: [String] = []
        if let dash = rest.utf8.firstIndex(of: UInt8(ascii: "-")) {
            let tail = rest[rest.utf8.index(after: dash)...]
            guard let found = SemanticVersion.identifiers(tail, allowsLeadingZero: false) else {
                return nil
            }
            preRelease = found
            rest = rest[..<dash]
        }
        let core = rest.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(core.count), core.allSatisfy({ isCanonicalNumber($0) }) else {
            return nil
        }
        self.major = core[0]
        self.minor = core.count > 1 ? core[1] : "0"
        self.patch = core.count > 2 ? core[2] : "0"
        self.preRelease = preRelease
    }

    func satisfies(_ comparison: Comparison, _ target: SemanticVersion) -> Bool {
        let order = self.order(to: target)
        switch comparison {
        case .equal: return order == 0
        case .notEqual: return order != 0
        case .less: return order < 0
        case .lessOrEqual: return order <= 0
        case .greater: return order > 0
        case .greaterOrEqual: return order >= 0
        case .sameMajor: return self.major == target.major
        case .sameMinor: return self.major == target.major && self.minor == target.minor
        }
    }

    /// Precedence of SemVer 11: negative, 0 or positive.
    private func order(to other: SemanticVersion) -> Int {
        let pairs = [
            (self.major, other.major), (self.minor, other.minor), (self.patch, other.patch),
        ]
        for (mine, theirs) in pairs {
            let order = numberOrder(mine, theirs)
            if order != 0 { return order }
        }
        if self.preRelease.isEmpty || other.preRelease.isEmpty {
            return (self.preRelease.isEmpty ? 1 : 0) - (other.preRelease.isEmpty ? 1 : 0)
        }
        for (mine, theirs) in zip(self.preRelease, other.preRelease) {
            let order = SemanticVersion.identifierOrder(mine, theirs)
            if order != 0 { return order }
        }
        return self.preRelease.count - other.preRelease.count
    }

    private static func identifierOrder(_ a: String, _ b: String) -> Int {
        switch (isNumber(a), isNumber(b)) {
        case (true, true): return numberOrder(a, b)
        case (true, false): return -1
        case (false, true): return 1
        case (false, false): return a == b ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        }
    }

    private static func identifiers(_ text: Substring, allowsLeadingZero: Bool) -> [String]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isValid = parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte)
                        || (0x61...0x7A).contains(byte | 0x20) && byte >= 0x41
                } && (allowsLeadingZero || !isNumber(part) || isCanonicalNumber(part))
        }
        return isValid ? parts : nil
    }
}

private func isNumber(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
}

private func isCanonicalNumber(_ text: String) -> Bool {
    isNumber(text) && (text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0"))
}

/// Numbers without leading zeros of any length: the longer one is the larger one.
private func numberOrder(_ a: String, _ b: String) -> Int {
    if a.utf8.count != b.utf8.count { return a.utf8.count < b.utf8.count ? -1 : 1 }
    return a == b ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
}
