// SPDX-License-Identifier: Apache-2.0

/// Which part of one multipart body stands for which of the other: the parts of one name in their
/// order; parts without a name are all of one.
public struct PartPairing: Sendable {
    /// Two parts that are compared; `nil`: that side has no such part.
    public struct Pair: Sendable {
        /// Legacy's part.
        public var legacy: MultipartPart?
        /// Modern's part.
        public var modern: MultipartPart?
        /// `part:NAME`; `part:*` without a name, `part:{key}` when it looks like data.
        public var place: String
    }

    /// Legacy's parts in order, then those that only modern has.
    public private(set) var pairs: [Pair] = []
    /// Whether the same parts stand in another order.
    public private(set) var hasMoved = false

    /// Pairs the parts of two bodies.
    public init(_ legacy: [MultipartPart], _ modern: [MultipartPart]) {
        var waiting: [String: [Int]] = [:]
        for index in modern.indices.reversed() {
            waiting[modern[index].name, default: []].append(index)
        }
        var last = -1
        for part in legacy {
            let index = waiting[part.name]?.popLast()
            if let index {
                if index < last { self.hasMoved = true }
                last = index
            }
            self.pairs.append(
                Pair(legacy: part, modern: index.map { modern[$0] }, place: Self.place(part))
            )
        }
        for index in waiting.values.joined().sorted() {
            self.pairs.append(
                Pair(legacy: nil, modern: modern[index], place: Self.place(modern[index]))
            )
        }
    }

    private static func place(_ part: MultipartPart) -> String {
        "part:" + (part.name.isEmpty ? "*" : pointerName(part.name))
    }
}

/// What two parts disagree on besides their content: that one is missing, and their media types.
public func partDifferences(
    _ legacy: MultipartPart?,
    _ modern: MultipartPart?,
    place: String,
    rules: RuleSet,
    options: DifferOptions
) -> DifferenceList {
    var judge = PlaceJudge(rules: rules, options: options)
    guard let legacy, let modern else {
        let left = legacy.map { String(decoding: $0.body, as: UTF8.self) }
        let right = modern.map { String(decoding: $0.body, as: UTF8.self) }
        judge.note(
            place,
            legacy == nil ? .added : .missing,
            legacy == nil ? .value : .missing,
            legacy: left,
            modern: right,
            kind: .bytes
        )
        return judge.found
    }
    let type = "text/plain"
    compareMediaTypes(
        place,
        legacy.field("content-type") ?? type,
        modern.field("content-type") ?? type,
        &judge
    )
    return judge.found
}

/// A difference of two bodies as wholes, at the place of `options` (empty: the whole answer).
public func bodyDifference(
    _ difference: DifferenceClass,
    _ severity: DifferenceSeverity,
    legacy: [UInt8],
    modern: [UInt8],
    rules: RuleSet,
    options: DifferOptions
) -> DifferenceList {
    var judge = PlaceJudge(rules: rules, options: options)
    judge.note(
        options.place,
        difference,
        severity,
        legacy: legacy.isEmpty ? nil : String(decoding: legacy, as: UTF8.self),
        modern: modern.isEmpty ? nil : String(decoding: modern, as: UTF8.self),
        kind: .bytes
    )
    return judge.found
}
