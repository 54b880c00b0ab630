// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// What became of a request's path.
public enum CanonicalForm: UInt8, BitwiseCopyable, Sendable {
    /// It was canonical as it came; nothing was written.
    case unchanged
    /// The canonical form is in the writer.
    case rewritten
    /// It has none: 400.
    case refused
}

/// The canonical form of a path and what stood out in it.
public struct CanonicalPathResult: BitwiseCopyable, Sendable {
    /// What became of it.
    public var form: CanonicalForm
    /// It holds `%2f`: opaque in the match, refused unless the route keeps it.
    public var hasEncodedSlash = false
    /// It holds `//`: refused unless the route keeps it.
    public var hasDoubleSlash = false

    /// A result without marks.
    public init(_ form: CanonicalForm) { self.form = form }
}

/// Brings a path into the one form in which it is matched and forwarded (design.md 5).
///
/// Unreserved characters are decoded, hexadecimal digits upper case, dot segments removed (RFC 3986
/// 6.2.2, 5.2.4). Never longer than `path`.
///
/// Refused: NUL and other controls in any form, backslash in any form, encoded dot segments, dots
/// beside an encoded slash (`/..%2f`), dot segments with path parameters (`/..;/`), a climb above
/// the root, broken `%`.
public func canonicalPath(_ path: ByteWindow, into writer: inout ByteWriter) -> CanonicalPathResult
{
    guard path.count > 0, path[0] == 0x2f else {
        // `OPTIONS *`: no path to normalise.
        return CanonicalPathResult(
            path.count == 1 && path[0] == 0x2a ? .unchanged : .refused
        )
    }
    if isPlain(path) { return CanonicalPathResult(.unchanged) }
    return rewrite(path, into: &writer)
}

/// Whether nothing in the path needs a second look: no `%`, no `\`, no `//`, no segment that begins
/// with a dot, no control.
private func isPlain(_ path: ByteWindow) -> Bool {
    var previous: UInt8 = 0
    for index in 0..<path.count {
        let byte = path[index]
        if byte == 0x25 || byte == 0x5c || byte <= 0x20 || byte == 0x7f { return false }
        if previous == 0x2f, byte == 0x2f || byte == 0x2e { return false }
        previous = byte
    }
    return true
}

private func rewrite(_ path: ByteWindow, into writer: inout ByteWriter) -> CanonicalPathResult {
    var result = CanonicalPathResult(.rewritten)
    let origin = writer.position
    // Where each kept segment's slash was written: what a `..` goes back to.
    var starts = InlineArray<256, UInt16>(repeating: 0)
    precondition(Limits.rewrittenSegmentsMax <= 256, "more segments than there is room for")
    var depth = 0
    var index = 0
    while index < path.count {
        // path[index] is a slash.
        guard depth < Limits.rewrittenSegmentsMax else { return CanonicalPathResult(.refused) }
        starts[depth] = UInt16(writer.position - origin)
        depth += 1
        let slash = writer.position
        writer.append(0x2f)
        index += 1
        let segment = copySegment(path, &index, into: &writer, &result)
        guard segment.isValid else { return CanonicalPathResult(.refused) }
        let isLast = index >= path.count
        let length = writer.position - slash - 1
        if length == 0, !isLast { result.hasDoubleSlash = true }
        guard segment.isDots else { continue }
        var keep = depth - 1
        if length == 2 {
            guard keep > 0 else { return CanonicalPathResult(.refused) }
            keep -= 1
        }
        writer.rewind(to: origin + Int(starts[keep]))
        depth = keep
        // `/a/.` and `/a/b/..` name the directory: its slash stays (RFC 3986 5.2.4).
        if isLast { writer.append(0x2f) }
    }
    guard !writer.overflowed else { return CanonicalPathResult(.refused) }
    return result
}

private struct SegmentFinding {
    var isValid = true
    /// `.` or `..`, written plainly.
    var isDots = false
}

/// What lies between two slashes, of which one may be encoded.
private struct SegmentPiece {
    private var dots = 0
    private var others = 0
    /// `;` came right behind one or two dots.
    private var hasParameter = false
    var hasEncodedDot = false

    /// Nothing but one or two dots.
    var isDots: Bool { self.others == 0 && (self.dots == 1 || self.dots == 2) }

    /// Dots that a server may see although they are not written plainly: encoded, or with a
    /// parameter that it cuts before it resolves them.
    var hidesDots: Bool { self.hasParameter || (self.isDots && self.hasEncodedDot) }

    mutating func take(_ byte: UInt8) {
        if byte == 0x3b, self.isDots { self.hasParameter = true }
        if byte == 0x2e, self.others == 0 { self.dots += 1 } else { self.others += 1 }
    }
}

/// Copies one segment, decoding what must be decoded; `index` ends at the next slash or the end.
private func copySegment(
    _ path: ByteWindow,
    _ index: inout Int,
    into writer: inout ByteWriter,
    _ result: inout CanonicalPathResult
) -> SegmentFinding {
    var finding = SegmentFinding()
    var piece = SegmentPiece()
    var hasInnerSlash = false
    while index < path.count, path[index] != 0x2f {
        let byte = path[index]
        index += 1
        guard byte == 0x25 else {
            finding.isValid = byte > 0x20 && byte != 0x7f && byte != 0x5c
            guard finding.isValid else { return finding }
            piece.take(byte)
            writer.append(byte)
            continue
        }
        guard let value = encodedByte(path, &index), value >= 0x20, value != 0x7f, value != 0x5c
        else {
            finding.isValid = false
            return finding
        }
        if value == 0x2f {
            result.hasEncodedSlash = true
            hasInnerSlash = true
            finding.isValid = !piece.hidesDots && !piece.isDots
            guard finding.isValid else { return finding }
            piece = SegmentPiece()
        } else {
            piece.hasEncodedDot = piece.hasEncodedDot || value == 0x2e
            piece.take(value)
        }
        if isUnreserved(value) {
            writer.append(value)
        } else {
            writer.append(0x25)
            writer.append(upperHex(value >> 4))
            writer.append(upperHex(value & 15))
        }
    }
    finding.isDots = piece.isDots
    finding.isValid = !piece.hidesDots && !(piece.isDots && hasInnerSlash)
    return finding
}

/// The byte of the two hexadecimal digits at `index`, which moves behind them.
private func encodedByte(_ path: ByteWindow, _ index: inout Int) -> UInt8? {
    guard index + 1 < path.count, let high = hexDigit(path[index]),
        let low = hexDigit(path[index + 1])
    else { return nil }
    index += 2
    return high << 4 | low
}

/// The value of a hexadecimal digit.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}

private func upperHex(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x37 + nibble }

/// RFC 3986 2.3.
func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: true
    default: false
    }
}
