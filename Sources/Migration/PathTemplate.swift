// SPDX-License-Identifier: Apache-2.0

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
    /// A segment that no canonical path has: `.`, `..`, empty, or a byte that must be encoded.
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
        guard names.count <= 16 else { throw .tooManyVariables }
        self.segments = segments
    }

    private static func segment(
        _ part: String, isLast: Bool
    ) throws(PathTemplateError) -> Segment {
        guard part.contains("{") || part.contains("}") else {
            let isDots = part == "." || part == ".."
            let hasBadByte = part.utf8.contains { $0 <= 0x20 || $0 >= 0x7f || $0 == 0x5c }
            if isDots || hasBadByte || (part.isEmpty && !isLast) {
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
        "/" + self.segments.map { segment in
            switch segment {
            case .literal(let text): text
            case .variable(let name): "{\(name)}"
            case .rest(let name): "{\(name)...}"
            }
        }.joined(separator: "/")
    }

    /// This template as a match: `{rest}` becomes `{rest...}` where the source binds it so, and
    /// stands last.
    ///
    /// Used for a redirect's target, which is an implicit match of the same route. Refused: a
    /// variable that the source does not bind, one that is not used (the way back would be lost), a
    /// loop, and a target that could name another host.
    public func inverse(of source: PathTemplate) throws(PathTemplateError) -> PathTemplate {
        if case .literal("")? = self.segments.first, self.segments.count > 1 {
            throw .openRedirect
        }
        if case .literal = self.segments.first {} else { throw .openRedirect }
        try self.checkBinding(source)
        for name in source.variables where !self.variables.contains(name) {
            throw .notInvertible(missing: name)
        }
        var segments = self.segments
        for (index, segment) in segments.enumerated() {
            guard case .variable(let name) = segment, name == source.restName else { continue }
            guard index == segments.count - 1 else { throw .restNotLast(name) }
            segments[index] = .rest(name)
        }
        let inverse = PathTemplate(unchecked: segments)
        if inverse.shape == source.shape { throw .loops }
        return inverse
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
        "/" + self.segments.map { segment in
            switch segment {
            case .literal(let text): text
            case .variable: "{}"
            case .rest: "{...}"
            }
        }.joined(separator: "/")
    }
}
