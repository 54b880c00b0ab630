// SPDX-License-Identifier: Apache-2.0

/// The cookies that an answer sets (RFC 6265 4.1), as far as they can be compared: their names and
/// attributes.
///
/// A cookie's value is the origin's own business (a session, a signature); where a rule or the list
/// of fields asks for it, its length class is compared, or what the rule says.
struct CookieJar {
    struct Cookie {
        var name: String
        var value: String
        /// In lower case.
        var attributes: [String: String]
    }

    private(set) var cookies: [Cookie] = []

    init(_ answer: CapturedAnswer) {
        for field in answer.fields where field.name == "set-cookie" {
            var scanner = FieldScanner(field.value)
            let pair = scanner.take(until: ";")
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            var cookie = Cookie(name: trimmed(parts[0]), value: trimmed(parts[1]), attributes: [:])
            while let attribute = scanner.parameter() {
                cookie.attributes[asciiLowercased(attribute.name)] = attribute.value
            }
            // The last one of a name is what a client keeps.
            self.cookies.removeAll { $0.name == cookie.name }
            self.cookies.append(cookie)
        }
    }

    /// Compares what two answers set; `isListed`: cookies are among the compared fields, so a lost
    /// one is more than a header's difference.
    static func compare(
        _ legacy: CapturedAnswer,
        _ modern: CapturedAnswer,
        isListed: Bool,
        _ judge: inout PlaceJudge,
        _ identities: inout IdentityTable
    ) {
        let left = Self(legacy)
        let right = Self(modern)
        let severity: DifferenceSeverity = isListed ? .value : .header
        for cookie in left.cookies {
            let place = "cookie:" + pointerName(cookie.name)
            guard let other = right.cookies.first(where: { $0.name == cookie.name }) else {
                judge.note(place, .missing, severity, legacy: cookie.value, modern: nil)
                continue
            }
            if judge.comparator(at: place) != nil {
                judge.compare(
                    place,
                    cookie.value,
                    other.value,
                    plain: .header,
                    severity,
                    identities: &identities
                )
            } else if isListed,
                lengthClass(cookie.value.utf8.count) != lengthClass(other.value.utf8.count)
            {
                judge.note(place, .header, .header, legacy: cookie.value, modern: other.value)
            }
            self.compareAttributes(cookie, other, place, severity, &judge)
        }
        for cookie in right.cookies where !left.cookies.contains(where: { $0.name == cookie.name })
        {
            let place = "cookie:" + pointerName(cookie.name)
            judge.note(place, .added, .header, legacy: nil, modern: cookie.value)
        }
    }

    private static func compareAttributes(
        _ left: Cookie,
        _ right: Cookie,
        _ place: String,
        _ severity: DifferenceSeverity,
        _ judge: inout PlaceJudge
    ) {
        let hosts = judge.options
        for name in ["secure", "httponly", "samesite", "domain", "path", "max-age", "partitioned"] {
            var a = left.attributes[name]
            var b = right.attributes[name]
            switch name {
            case "samesite":
                a = a.map(asciiLowercased)
                b = b.map(asciiLowercased)
            case "domain":
                a = a.map { Self.domain($0, of: hosts.legacyHost) }
                b = b.map { Self.domain($0, of: hosts.modernHost) }
            case "path":
                a = Self.path(a, under: hosts.legacyPathPrefix)
                b = Self.path(b, under: hosts.modernPathPrefix)
            case "max-age":
                // `Expires` is a moment: it only says that the cookie outlives the session.
                a = a ?? (left.attributes["expires"] == nil ? nil : "expires")
                b = b ?? (right.attributes["expires"] == nil ? nil : "expires")
                if a != nil, b != nil, a == "expires" || b == "expires" { continue }
            default: break
            }
            if a != b {
                judge.note(place + "/" + name, .header, severity, legacy: a, modern: b)
            }
        }
    }

    /// Empty for the origin's own host: each origin names itself.
    private static func domain(_ domain: String, of hosts: String) -> String {
        let bare = asciiLowercased(domain.hasPrefix(".") ? String(domain.dropFirst()) : domain)
        let own = hosts.split(separator: " ").map { host -> String in
            let name = asciiLowercased(String(host))
            let start = name.firstRange(of: "//")?.upperBound ?? name.startIndex
            return String(name[start...].prefix { $0 != ":" && $0 != "/" })
        }
        return own.contains(bare) ? "" : bare
    }

    /// What stands below the origin's prefix, marked as such; absent and `/` are not the same (RFC
    /// 6265 5.1.4).
    private static func path(_ path: String?, under prefix: String) -> String? {
        guard let path, path.hasPrefix(prefix) else { return path }
        let rest = path.dropFirst(prefix.count)
        guard rest.isEmpty || rest.hasPrefix("/") else { return path }
        return rest == "/" ? "own:" : "own:" + rest
    }
}
