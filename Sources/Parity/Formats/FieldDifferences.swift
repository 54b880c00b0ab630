// SPDX-License-Identifier: Apache-2.0

/// What two answers' status codes and header fields disagree on.
///
/// `names` are the fields that are compared (lower case). How a message is framed and coded is
/// never compared: `content-length`, `transfer-encoding`, `content-encoding`, `connection`. Without
/// a rule a field is compared by its meaning:
///
/// - `content-type`: media type and parameters; class `media_type`;
/// - `location`, `content-location`, `link`: URLs after each origin's host and prefix are
/// rewritten;
/// - `etag`: whether there is one, and whether it is weak: its text is the origin's own;
/// - lists (`cache-control`, `vary`, `allow`, ...): as sets of lower-case members;
/// - others: the same text.
///
/// `set-cookie` is always looked at (see ``CookieJar``); only where `names` has it do its
/// differences count as more than a header's.
public func fieldDifferences(
    _ legacy: CapturedAnswer,
    _ modern: CapturedAnswer,
    names: [String],
    rules: RuleSet,
    options: DifferOptions,
    identities: inout IdentityTable
) -> DifferenceList {
    var judge = PlaceJudge(rules: rules, options: options)
    noteStatus(legacy.status, modern.status, &judge)
    for name in names where !unseenFields.contains(name) && name != "set-cookie" {
        compareField(name, legacy, modern, &judge, &identities)
    }
    CookieJar.compare(legacy, modern, isListed: names.contains("set-cookie"), &judge, &identities)
    return judge.found
}

/// Framing and coding of a message: what a proxy may change at will.
private let unseenFields: Set<String> = [
    "content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive",
    "proxy-connection", "te", "trailer", "upgrade",
]

/// Fields that are lists whose order and letter case mean nothing.
private let setFields: Set<String> = [
    "cache-control", "vary", "allow", "accept-ranges", "accept", "accept-post", "accept-patch",
    "access-control-allow-headers", "access-control-allow-methods",
    "access-control-expose-headers", "content-language", "pragma",
]

private func noteStatus(_ legacy: UInt16, _ modern: UInt16, _ judge: inout PlaceJudge) {
    guard legacy != modern else { return }
    judge.note(
        "status",
        .status,
        legacy / 100 == modern / 100 ? .value : .status,
        legacy: "\(legacy)",
        modern: "\(modern)",
        kind: .number
    )
}

private func compareField(
    _ name: String,
    _ legacy: CapturedAnswer,
    _ modern: CapturedAnswer,
    _ judge: inout PlaceJudge,
    _ identities: inout IdentityTable
) {
    let left = value(of: name, legacy)
    let right = value(of: name, modern)
    // Most fields are the same; only an id may have something to teach even so.
    if left == right, !judge.rules.learnsIdentities { return }
    let place = "header:" + pointerName(name)
    // A client acts on these two; the others inform.
    let severity: DifferenceSeverity =
        ["content-type", "location"].contains(name) ? .value : .header
    guard let left, let right else {
        if left != nil || right != nil {
            let isType = name == "content-type"
            // An answer without content needs no media type.
            if isType, legacy.body.isEmpty || modern.body.isEmpty { return }
            judge.note(place, isType ? .mediaType : .header, severity, legacy: left, modern: right)
        }
        return
    }
    if judge.comparator(at: place) != nil {
        return judge.compare(
            place,
            left,
            right,
            plain: .header,
            severity,
            identities: &identities
        )
    }
    switch name {
    case "content-type": compareMediaTypes(place, left, right, &judge)
    case "location", "content-location", "link":
        let isEqual =
            rewritten(left, judge.options.legacyHost, judge.options.legacyPathPrefix)
            == rewritten(right, judge.options.modernHost, judge.options.modernPathPrefix)
        if !isEqual { judge.note(place, .url, severity, legacy: left, modern: right) }
    case "etag":
        if left.hasPrefix("W/") != right.hasPrefix("W/") {
            judge.note(place, .header, severity, legacy: left, modern: right)
        }
    default:
        let isEqual = setFields.contains(name) ? members(left) == members(right) : left == right
        if !isEqual { judge.note(place, .header, severity, legacy: left, modern: right) }
    }
}

/// All fields of this name as one value (RFC 9110 5.3), or `nil`.
private func value(of name: String, _ answer: CapturedAnswer) -> String? {
    var value: String?
    for field in answer.fields where field.name == name {
        value = value.map { $0 + ", " + field.value } ?? field.value
    }
    return value
}

private func members(_ list: String) -> [String] {
    asciiLowercased(list).split(separator: ",").map { trimmed($0) }.filter { !$0.isEmpty }.sorted()
}

/// Another type is another value; a charset that is only spelled out is another way of writing.
func compareMediaTypes(
    _ place: String,
    _ legacy: String,
    _ modern: String,
    _ judge: inout PlaceJudge
) {
    let left = MediaType(legacy)
    let right = MediaType(modern)
    if left.essence != right.essence {
        judge.note(place, .mediaType, .value, legacy: legacy, modern: modern)
        return
    }
    // A boundary is drawn anew for each answer.
    let isData: (MediaTypeParameter) -> Bool = { $0.name != "boundary" && $0.name != "charset" }
    let others = Set(left.parameters.filter(isData))
    if others != Set(right.parameters.filter(isData)) {
        judge.note(place, .mediaType, .header, legacy: legacy, modern: modern)
    } else if asciiLowercased(left["charset"] ?? "") != asciiLowercased(right["charset"] ?? "") {
        // JSON has one charset whatever is said (RFC 8259 8.1), and most texts are UTF-8.
        let known = [left["charset"], right["charset"]].map { name in
            name.map { Charset(name: $0) } ?? .utf8
        }
        let isWritten = left.format == .json || known[0] == known[1] && known[0] != nil
        let severity: DifferenceSeverity = isWritten ? .formatting : .header
        judge.note(place, .mediaType, severity, legacy: legacy, modern: modern)
    }
}

/// A field's URLs without what may differ between the origins: of `link` those in `<...>`.
private func rewritten(_ value: String, _ hosts: String, _ prefix: String) -> [UInt8] {
    let rewrite = URLRewrite(hosts: hosts, pathPrefix: prefix)
    let bytes = Array(value.utf8)
    guard bytes.contains(UInt8(ascii: "<")) else { return rewrite.rewritten(bytes) }
    var result: [UInt8] = []
    var rest = bytes[...]
    while let open = rest.firstIndex(of: UInt8(ascii: "<")) {
        result += rest[...open]
        let inside = rest[(open + 1)...].prefix { $0 != UInt8(ascii: ">") }
        result += rewrite.rewritten(Array(inside))
        rest = rest[inside.endIndex...]
    }
    return result + rest
}
