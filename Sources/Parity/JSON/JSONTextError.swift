// SPDX-License-Identifier: Apache-2.0

/// Why bytes are no JSON text, and where.
///
/// It carries no byte of the text: a reader may log it.
public struct JSONTextError: Error, Hashable, Sendable, BitwiseCopyable {
    /// What was found.
    public let reason: Reason
    /// Offset of the byte where reading stopped.
    public let offset: Int

    /// What is wrong; the raw value is the word in reports.
    public enum Reason: UInt8, Hashable, Sendable, BitwiseCopyable, CaseIterable {
        /// Nothing but white space.
        case empty
        /// The text ends inside a value.
        case truncated
        /// A byte that the grammar does not allow there.
        case unexpectedByte
        /// Bytes behind the end of the value.
        case trailingBytes
        /// A number that RFC 8259 6 does not allow.
        case badNumber
        /// A control character inside a string.
        case controlCharacter
        /// An escape that RFC 8259 7 does not know.
        case badEscape
        /// Bytes that are not UTF-8 (RFC 3629): overlong, surrogate or cut short.
        case badUTF8
        /// Deeper than the bound.
        case tooDeep
        /// More values than the bound.
        case tooManyValues
        /// More bytes than the bound.
        case tooLong
    }
}
