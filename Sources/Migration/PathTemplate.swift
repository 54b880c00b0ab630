// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Why a path template is refused.
public enum PathTemplateError: Error, Sendable, Equatable {
    /// It does not begin with `/`.
    case notAbsolute
    /// A `{` without `}`, or the other way round, or nothing between.
    case badBraces(segment: String)
    /// A variable must be a whole segment.
    case partOfSegment(segment: String)
    /// A variable's name is no identifier.
    case badName(String)
    /// A variable's name occurs twice.
    case repeatedName(String)
    /// `{name...}` must be the last segment.
    case restNotLast(String)
    /// More variables than `Limits.templateVariablesMax`.
    case tooManyVariables
    /// More segments than `Limits.pathSegmentsMax`: no path would match.
    case tooManySegments
    /// A segment that no canonical path has: `.`, `..`, empty, a byte that must be encoded, or one
    /// that is encoded and must not be.
    case notCanonical(segment: String)
    /// It uses a variable that the match does not bind.
    case unboundVariable(String)
    /// It does not use a variable that the match binds, so it cannot be taken back.
    case notInvertible(missing: String)
    /// A redirect would lead to its own match for ever.
    case loops
    /// The redirect's target could be any host.
    case openRedirect
}

/// A path with variables: `/api/{id}/parts/{rest...}`.
public struct PathTemplate: Sendable, Hashable {
    /// One part between slashes.
    public enum Segment: Sendable, Hashable {
        /// These bytes.
        case literal(String)
        /// One segment, not empty.
        case variable(String)
        /// Everything that is left, maybe nothing.
        case rest(String)
    }

    /// The parts, without slashes; a trailing slash is an empty literal at the end.
    public let segments: [Segment]

    /// Reads a template.
    public init(_ text: String) throws(PathTemplateError) {
        guard text.hasPrefix("/") else { throw .notAbsolute }
        var segments: [Segment] = []
        var names: Set<String> = []
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= Limits.pathSegmentsMax else { throw .tooManySegments }
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let segment = try PathTemplate.segment(String(part), isLast: isLast)
            switch segment {
            case .literal: break
            case .variable(let name), .rest(let name):
                guard names.insert(name).inserted else { throw .repeatedName(name) }
            }
            segments.append(segment)
        }
        guard names.count <= Limits.templateVariablesMax else { throw .tooManyVariables }
        self.segments = segments
    }

    private static func segment(
        _ part: String,
        isLast: Bool
    ) throws(PathTemplateError) -> Segment {
        guard part.contains("{") || part.contains("}") else {
            guard isLast || !part.isEmpty, isCanonicalLiteral(part) else {
                throw .notCanonical(segment: part)
            }
            return .literal(part)
        }
        guard part.hasPrefix("{"), part.hasSuffix("}") else {
            throw part.filter({ $0 == "{" }).count == part.filter({ $0 == "}" }).count
                ? .partOfSegment(segment: part) : .badBraces(segment: part)
        }
        var name = String(part.dropFirst().dropLast())
        let isRest = name.hasSuffix("...")
        if isRest { name.removeLast(3) }
        guard !name.isEmpty, !name.contains("{"), !name.contains("}") else {
            throw .badBraces(segment: part)
        }
        let isIdentifier = name.utf8.enumerated().allSatisfy { index, byte in
            (0x61...0x7a).contains(byte | 0x20) || byte == 0x5f
                || (index > 0 && (0x30...0x39).contains(byte))
        }
        guard isIdentifier else { throw .badName(name) }
        if isRest, !isLast { throw .restNotLast(name) }
        return isRest ? .rest(name) : .variable(name)
    }

    /// The variables' names in order.
    public var variables: [String] {
        self.segments.compactMap { segment in
            switch segment {
            case .literal: nil
            case .variable(let name), .rest(let name): name
            }
        }
    }

    /// The name of `{name...}`, if there is one.
    public var restName: String? {
        guard case .rest(let name)? = self.segments.last else { return nil }
        return name
    }

    /// Bytes that are literal, slashes before them included: what precedence compares.
    public var literalLength: Int {
        self.segments.reduce(0) { sum, segment in
            guard case .literal(let text) = segment else { return sum }
            return sum + 1 + text.utf8.count
        }
    }

    /// As it was written.
    public var text: String {
        "/"
            + self.segments.map { segment in
                switch segment {
                case .literal(let text): text
                case .variable(let name): "{\(name)}"
                case .rest(let name): "{\(name)...}"
                }
            }.joined(separator: "/")
    }

    /// This template as a match: each variable takes what it takes in `source`, one segment or the
    /// rest, which must then stand last.
    ///
    /// Used for a redirect's target, which is an implicit match of the same route. Refused: a
    /// variable that the source does not bind, one that is not used (the way back would be lost), a
    /// target that could name another host, and a loop: a target that `source` or another of the
    /// route's `matches` takes before the implicit match does. `staysOnHost`: the target's host is
    /// one of the route's, so that loops are possible at all.
    public func inverse(
        of source: PathTemplate,
        among matches: [PathTemplate] = [],
        staysOnHost: Bool = true
    ) throws(PathTemplateError) -> PathTemplate {
        guard case .literal(let first)? = self.segments.first,
            !first.isEmpty || self.segments.count == 1
        else { throw .openRedirect }
        try self.checkBinding(source)
        for name in source.variables where !self.variables.contains(name) {
            throw .notInvertible(missing: name)
        }
        let inverse = try self.bound(by: source)
        guard staysOnHost else { return inverse }
        for match in [source] + matches
        where match.literalLength >= inverse.literalLength && match.overlaps(inverse) {
            throw .loops
        }
        return inverse
    }

    /// This template with each variable taking what it takes in `source`.
    private func bound(by source: PathTemplate) throws(PathTemplateError) -> PathTemplate {
        var segments = self.segments
        for (index, segment) in segments.enumerated() {
            switch segment {
            case .literal: continue
            case .variable(let name), .rest(let name):
                guard name == source.restName else {
                    segments[index] = .variable(name)
                    continue
                }
                guard index == segments.count - 1 else { throw .restNotLast(name) }
                segments[index] = .rest(name)
            }
        }
        return PathTemplate(unchecked: segments)
    }

    /// Whether some path matches both.
    public func overlaps(_ other: PathTemplate) -> Bool {
        var index = 0
        while true {
            let mine = index < self.segments.count ? self.segments[index] : nil
            let theirs = index < other.segments.count ? other.segments[index] : nil
            switch (mine, theirs) {
            case (.rest, _), (_, .rest), (nil, nil): return true
            case (nil, _), (_, nil): return false
            case (.literal(let a), .literal(let b)):
                guard a == b else { return false }
            case (.literal(let text), .variable), (.variable, .literal(let text)):
                guard !text.isEmpty else { return false }
            case (.variable, .variable): break
            }
            index += 1
        }
    }

    /// Whether a path that this template made of `match`'s variables gives them all back.
    func isInvertible(in match: PathTemplate) -> Bool {
        let names = self.variables
        guard match.variables.allSatisfy({ names.contains($0) }) else { return false }
        // The rest ends where the path ends; behind it nothing could be told apart.
        guard let rest = match.restName else { return true }
        return self.segments.last == .variable(rest) || self.segments.last == .rest(rest)
    }

    /// Refuses a template that uses a variable that `source` does not bind.
    public func checkBinding(_ source: PathTemplate) throws(PathTemplateError) {
        for name in self.variables where !source.variables.contains(name) {
            throw .unboundVariable(name)
        }
    }

    private init(unchecked segments: [Segment]) { self.segments = segments }

    /// The template with its names left out: two of the same shape match the same paths.
    public var shape: String {
        "/"
            + self.segments.map { segment in
                switch segment {
                case .literal(let text): text
                case .variable: "{}"
                case .rest: "{...}"
                }
            }.joined(separator: "/")
    }
}

/// Whether a literal segment is what canonical paths hold: visible ASCII without `\`, `?` and `#`,
/// no dot segment, and only those bytes encoded that must be, in upper case.
private func isCanonicalLiteral(_ part: String) -> Bool {
    let bytes = Array(part.utf8)
    for dots in [".", ".."] where part == dots || part.hasPrefix(dots + ";") { return false }
    var index = 0
    while index < bytes.count {
        let byte = bytes[index]
        guard byte > 0x20, byte < 0x7f, byte != 0x5c, byte != 0x3f, byte != 0x23 else {
            return false
        }
        index += 1
        guard byte == 0x25 else { continue }
        guard index + 1 < bytes.count, let high = hexDigit(bytes[index]),
            let low = hexDigit(bytes[index + 1]),
            ![bytes[index], bytes[index + 1]].contains(where: { $0 >= 0x61 })
        else { return false }
        let value = high << 4 | low
        guard value >= 0x20, value != 0x7f, value != 0x5c, !isUnreserved(value) else {
            return false
        }
        index += 2
    }
    return true
}
