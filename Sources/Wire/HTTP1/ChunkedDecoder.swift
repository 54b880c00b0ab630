// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// What one call of ``ChunkedDecoder/step(_:)`` did with its window.
public struct ChunkStep: BitwiseCopyable, Sendable, Equatable {
    /// Bytes taken from the window's start; drop them after the payload has been used.
    public var consumed = 0
    /// First payload byte, from the window's start; inside the consumed bytes.
    public var payloadStart = 0
    /// Payload bytes; 0 when only framing was consumed.
    public var payloadLength = 0
    /// First byte of trailer fields, from the window's start; inside the consumed bytes.
    public var trailerStart = 0
    /// Bytes of trailer fields: whole lines over all steps, without the empty line behind them.
    public var trailerLength = 0
    /// Whether the content is complete; bytes behind `consumed` belong to the next message.
    public var isFinished = false

    /// A step that did nothing.
    public init() {}
}

/// Takes the chunked coding apart, whatever pieces it comes in (RFC 9112 7.1).
///
///     size ──▶ extensions ──▶ sizeBreak ──▶ payload ──▶ payloadBreak ──▶ size …
///                                 └─(size 0)─▶ trailer section ──▶ finished
///
/// Strict: sizes are 1 to `Limits.chunkSizeDigitsMax` hexadecimal digits without white space, every
/// line ends in CRLF. Extensions are checked and dropped. Trailer fields are checked like header
/// fields, bounded, and told as they stand; which of them may pass on is ``isTrailerFit(_:)``'s.
public struct ChunkedDecoder: BitwiseCopyable, Sendable {
    private var state = State.sizeStart
    /// Payload bytes of this chunk that are still to come; the size while it is being read.
    private var remaining: UInt64 = 0
    /// Digits of the size so far.
    private var digits: UInt8 = 0
    /// Bytes of the chunk-size line, later of the trailer section.
    private var sectionBytes: UInt16 = 0

    private enum State: UInt8, BitwiseCopyable {
        case sizeStart
        case size
        case extensionNameStart
        case extensionName
        case extensionValueStart
        case extensionValue
        case extensionQuoted
        case extensionEscaped
        case extensionQuotedEnd
        case sizeBreak
        case payload
        case payloadBreak
        case payloadBreakEnd
        case trailerStart
        case trailerName
        case trailerValue
        case trailerBreak
        case finalBreak
        case finished
    }

    /// A decoder before the first chunk.
    public init() {}

    /// Whether the last chunk and the trailer section were consumed.
    public var isFinished: Bool { self.state == .finished }

    /// Consumes from the window's start: framing, at most one run of payload, and framing behind
    /// it.
    ///
    /// Call again with the rest until nothing is consumed or the content is finished. Throws
    /// `badChunk` or `badTrailer`; after that the decoder must not be used.
    public mutating func step(_ window: ByteWindow) throws(WireError) -> ChunkStep {
        var result = ChunkStep()
        var at = 0
        while at < window.count && self.state != .finished {
            if self.state == .payload {
                if result.payloadLength > 0 { break }
                let length = Int(min(self.remaining, UInt64(window.count &- at)))
                result.payloadStart = at
                result.payloadLength = length
                self.remaining &-= UInt64(length)
                at &+= length
                if self.remaining == 0 { self.state = .payloadBreak }
            } else {
                try self.take(window[at])
                if self.isInTrailer {
                    if result.trailerLength == 0 { result.trailerStart = at }
                    result.trailerLength &+= 1
                }
                at &+= 1
            }
        }
        result.consumed = at
        result.isFinished = self.state == .finished
        return result
    }

    /// The byte that was just taken belongs to a trailer field's line.
    private var isInTrailer: Bool {
        switch self.state {
        // Behind the last chunk's line no byte of the section has been counted yet.
        case .trailerStart, .trailerName, .trailerValue, .trailerBreak: self.sectionBytes > 0
        default: false
        }
    }

    /// One byte of framing.
    private mutating func take(_ byte: UInt8) throws(WireError) {
        switch self.state {
        case .sizeStart, .size: try self.takeSize(byte)
        case .extensionNameStart, .extensionName, .extensionValueStart, .extensionValue,
            .extensionQuoted, .extensionEscaped, .extensionQuotedEnd:
            try self.takeExtension(byte)
        case .sizeBreak:
            guard byte == ASCII.lf else { throw .badChunk }
            self.sectionBytes = 0
            self.state = self.remaining == 0 ? .trailerStart : .payload
        case .payloadBreak:
            guard byte == ASCII.cr else { throw .badChunk }
            self.state = .payloadBreakEnd
        case .payloadBreakEnd:
            guard byte == ASCII.lf else { throw .badChunk }
            self.state = .sizeStart
        case .trailerStart, .trailerName, .trailerValue, .trailerBreak, .finalBreak:
            try self.takeTrailer(byte)
        case .payload, .finished:
            preconditionFailure("payload and the end are no framing")
        }
    }

    private mutating func takeSize(_ byte: UInt8) throws(WireError) {
        let decimal = byte &- 0x30
        let letter = (byte | 0x20) &- 0x61
        if decimal < 10 || letter < 6 {
            if self.state == .sizeStart {
                self.remaining = 0
                self.digits = 0
                self.sectionBytes = 0
                self.state = .size
            }
            guard self.digits < Limits.chunkSizeDigitsMax else { throw .badChunk }
            self.digits &+= 1
            self.sectionBytes &+= 1
            self.remaining = self.remaining &<< 4 | UInt64(decimal < 10 ? decimal : letter &+ 10)
        } else {
            guard self.state == .size else { throw .badChunk }
            self.sectionBytes &+= 1
            try self.endExtension(byte)
        }
    }

    /// Behind a size or a whole extension: another extension or the end of the line.
    private mutating func endExtension(_ byte: UInt8) throws(WireError) {
        switch byte {
        case ASCII.semicolon: self.state = .extensionNameStart
        case ASCII.cr: self.state = .sizeBreak
        default: throw .badChunk
        }
    }

    /// `;name`, `;name=token` or `;name="quoted"`, without white space between (RFC 9112 7.1.1).
    private mutating func takeExtension(_ byte: UInt8) throws(WireError) {
        // The line's own CRLF does not count.
        if byte != ASCII.cr { self.sectionBytes &+= 1 }
        guard self.sectionBytes <= Limits.chunkLineBytesMax else { throw .badChunk }
        switch self.state {
        case .extensionNameStart:
            guard isTokenByte(byte) else { throw .badChunk }
            self.state = .extensionName
        case .extensionName:
            if isTokenByte(byte) { return }
            if byte == ASCII.equals {
                self.state = .extensionValueStart
            } else {
                try self.endExtension(byte)
            }
        case .extensionValueStart:
            guard byte == ASCII.quote || isTokenByte(byte) else { throw .badChunk }
            self.state = byte == ASCII.quote ? .extensionQuoted : .extensionValue
        case .extensionValue:
            if isTokenByte(byte) { return }
            try self.endExtension(byte)
        case .extensionQuoted:
            guard isValueByte(byte) else { throw .badChunk }
            if byte == ASCII.quote { self.state = .extensionQuotedEnd }
            if byte == ASCII.backslash { self.state = .extensionEscaped }
        case .extensionEscaped:
            guard isValueByte(byte) else { throw .badChunk }
            self.state = .extensionQuoted
        default:
            try self.endExtension(byte)
        }
    }

    /// Field lines up to the empty line (RFC 9112 7.1.2).
    private mutating func takeTrailer(_ byte: UInt8) throws(WireError) {
        self.sectionBytes &+= 1
        guard self.sectionBytes <= Limits.trailerBytesMax else { throw .badTrailer }
        switch self.state {
        case .trailerStart:
            if byte == ASCII.cr {
                self.state = .finalBreak
            } else {
                guard isTokenByte(byte) else { throw .badTrailer }
                self.state = .trailerName
            }
        case .trailerName:
            if isTokenByte(byte) { return }
            guard byte == ASCII.colon else { throw .badTrailer }
            self.state = .trailerValue
        case .trailerValue:
            if byte == ASCII.cr {
                self.state = .trailerBreak
            } else {
                guard isValueByte(byte) else { throw .badTrailer }
            }
        case .trailerBreak:
            guard byte == ASCII.lf else { throw .badTrailer }
            self.state = .trailerStart
        default:
            guard byte == ASCII.lf else { throw .badTrailer }
            self.state = .finished
        }
    }
}

/// Whether the byte may stand in a field value or a quoted string (RFC 9110 5.5).
private func isValueByte(_ byte: UInt8) -> Bool {
    byte >= 0x20 ? byte != 0x7f : byte == ASCII.tab
}
