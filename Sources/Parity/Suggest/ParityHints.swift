// SPDX-License-Identifier: Apache-2.0

/// What the two values of a difference have in common: evidence for a rule that would fit.
///
/// Facts about a pair, never a part of a value, so they may be counted and kept.
public struct ParityHints: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt16

    /// Hints from their bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Both are instants (RFC 3339, FHIR partial dates, HTTP dates).
    public static let instants = ParityHints(rawValue: 1)
    /// Instants at most a second apart.
    public static let withinSecond = ParityHints(rawValue: 2)
    /// Instants at most a minute apart.
    public static let withinMinute = ParityHints(rawValue: 4)
    /// Modern's instant is the later one.
    public static let modernLater = ParityHints(rawValue: 8)
    /// Instants that read the same on the clock but name different zones: likely a zone bug.
    public static let sameClock = ParityHints(rawValue: 16)
    /// Numbers that differ by at most a millionth of the larger.
    public static let numbersNear = ParityHints(rawValue: 32)
    /// Numbers that differ by at most 0.01.
    public static let numbersWithinCent = ParityHints(rawValue: 64)
    /// A number on one side, the same number as a text on the other.
    public static let sameNumberAsText = ParityHints(rawValue: 128)
    /// Both look like ids, and so far each of legacy's stands for one of modern's.
    public static let idPair = ParityHints(rawValue: 256)
    /// Both look like ids, but one of them has stood for another before.
    public static let idConflict = ParityHints(rawValue: 512)
    /// URLs that are equal after each origin's host and prefix are taken off.
    public static let urlsAgree = ParityHints(rawValue: 1_024)
    /// Texts that differ only in letter case or white space.
    public static let sameLetters = ParityHints(rawValue: 2_048)
    /// One has nothing or null where the other has null or nothing.
    public static let nullOrAbsent = ParityHints(rawValue: 4_096)

    /// An ``idPair`` that had not been seen before: their count is that of different pairs.
    public static let idNew = ParityHints(rawValue: 8_192)

    /// How many hints there are: the length of a table of counts by bit.
    public static let count = 14

    /// The words of reports and JSON, by bit.
    public static let words = [
        "instants", "within_second", "within_minute", "modern_later", "same_clock", "numbers_near",
        "numbers_within_cent", "same_number_as_text", "id_pair", "id_conflict", "urls_agree",
        "same_letters", "null_or_absent", "id_new",
    ]

    /// The numbers of the bits that are set.
    public var bits: [Int] { (0..<Self.count).filter { self.rawValue >> UInt16($0) & 1 == 1 } }
}
