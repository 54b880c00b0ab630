// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: an address handed out by a `Pattern` is a `pcre2_code` that lives as
// long as the pattern does, and a snapshot keeps its patterns as long as workers read it.

public import Bytes
import CPCRE2

/// Why a regular expression does not compile.
public struct PatternError: Error, Sendable, CustomStringConvertible {
    /// PCRE2's words.
    public let message: String
    /// Bytes into the expression at which it stopped.
    public let offset: Int

    /// For people.
    public var description: String { "\(self.message) at character \(self.offset + 1)" }
}

/// A compiled regular expression (PCRE2), anchored at both ends; immutable, shared between workers.
@safe
public final class Pattern: @unchecked Sendable {
    private let code: OpaquePointer

    /// Compiles `text`; just-in-time code is made where the machine allows it.
    public init(_ text: String) throws(PatternError) {
        var error: Int32 = 0
        var offset = 0
        let bytes = Array(text.utf8)
        let options = anchored | endAnchored
        let compiled = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe pcre2_compile_8(
                buffer.baseAddress,
                buffer.count,
                options,
                &error,
                &offset,
                nil
            )
        }
        guard let code = unsafe compiled else {
            var message = [UInt8](repeating: 0, count: 256)
            let length = unsafe message.withUnsafeMutableBufferPointer {
                unsafe pcre2_get_error_message_8(error, $0.baseAddress, $0.count)
            }
            throw PatternError(
                message: String(decoding: message.prefix(max(0, Int(length))), as: UTF8.self),
                offset: offset
            )
        }
        // Without JIT memory the interpreter runs: slower, same result.
        _ = unsafe pcre2_jit_compile_8(code, 1)
        unsafe self.code = code
    }

    deinit { unsafe pcre2_code_free_8(self.code) }

    /// What ``PatternScratch/matches(_:_:)`` is given.
    public var address: UInt { unsafe UInt(bitPattern: self.code) }
}

/// `PCRE2_ANCHORED` and `PCRE2_ENDANCHORED` as numbers: the macros do not import.
private let anchored: UInt32 = 0x8000_0000
private let endAnchored: UInt32 = 0x2000_0000

/// One worker's room for matching: made once, no allocation per match, bounded in steps.
@safe
public struct PatternScratch: ~Copyable {
    private let data: OpaquePointer?
    private let context: OpaquePointer?

    /// Room for one match at a time.
    public init() {
        unsafe self.data = pcre2_match_data_create_8(1, nil)
        unsafe self.context = pcre2_match_context_create_8(nil)
        if let context = unsafe self.context {
            _ = unsafe pcre2_set_match_limit_8(context, UInt32(Limits.patternMatchSteps))
            _ = unsafe pcre2_set_depth_limit_8(context, 250)
            _ = unsafe pcre2_set_heap_limit_8(context, 64)
        }
    }

    deinit {
        if let data = unsafe self.data { unsafe pcre2_match_data_free_8(data) }
        if let context = unsafe self.context { unsafe pcre2_match_context_free_8(context) }
    }

    /// Whether the whole subject matches.
    ///
    /// A match that takes too many steps counts as none.
    public mutating func matches(_ pattern: UInt, _ subject: ByteWindow) -> Bool {
        // SAFETY: the address came from a Pattern that the snapshot keeps alive.
        guard let code = unsafe OpaquePointer(bitPattern: pattern), let data = unsafe self.data
        else { return false }
        let result = unsafe pcre2_match_8(
            code,
            subject.base,
            subject.count,
            0,
            0,
            data,
            self.context
        )
        return result >= 0
    }
}
