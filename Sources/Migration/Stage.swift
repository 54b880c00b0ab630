// SPDX-License-Identifier: Apache-2.0

/// Where a cell stands on its way, in order (design.md 2).
public enum Stage: UInt8, BitwiseCopyable, Sendable, CaseIterable, Comparable {
    /// Legacy answers; modern is not asked.
    case legacy = 0
    /// Legacy answers; modern is asked for a copy after the client has its answer.
    case shadow = 1
    /// Both are asked at once.
    case dual = 2
    /// Modern answers, with legacy as the net.
    case live = 3
    /// Modern answers, without a net.
    case modern = 4
    /// Banyan redirects to the new canonical URL.
    case redirect = 5
    /// Banyan answers 410.
    case gone = 6

    /// The word of files, commands and logs.
    public var word: StaticString {
        switch self {
        case .legacy: "legacy"
        case .shadow: "shadow"
        case .dual: "dual"
        case .live: "live"
        case .modern: "modern"
        case .redirect: "redirect"
        case .gone: "gone"
        }
    }

    /// The word as text, for people.
    public var name: String { "\(self.word)" }

    /// The stage with this word, or `nil`.
    public init?(name: String) {
        guard let stage = Stage.allCases.first(where: { $0.name == name }) else { return nil }
        self = stage
    }

    /// Forward order.
    public static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
}
