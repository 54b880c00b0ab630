// SPDX-License-Identifier: Apache-2.0

/// One finding about a file: what is wrong where, what was expected, and the nearest right name.
public struct Problem: Hashable, Sendable, Error {
    /// Whether it refuses the set.
    public enum Severity: String, Sendable {
        /// The set is refused.
        case error
        /// The set is taken; somebody should look.
        case warning
    }

    /// Whether it refuses the set.
    public var severity: Severity
    /// Stable code, `R012`: its meaning never changes.
    public var code: String
    /// One line: what is wrong.
    public var message: String
    /// The file as the user named it.
    public var file: String
    /// Where in it.
    public var position: SourcePosition
    /// Scalars to underline.
    public var length: Int
    /// The text under the caret, say "did you mean `percent`?"; empty: carets only.
    public var caret: String?
    /// Further lines behind `=`: what is allowed here, how to go on.
    public var notes: [String]

    /// A finding from its parts.
    public init(
        _ severity: Severity = .error,
        code: String,
        _ message: String,
        file: String,
        at position: SourcePosition,
        length: Int = 1,
        caret: String? = nil,
        notes: [String] = []
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.file = file
        self.position = position
        self.length = length
        self.caret = caret
        self.notes = notes
    }
}
