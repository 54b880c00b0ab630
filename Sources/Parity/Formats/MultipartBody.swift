// SPDX-License-Identifier: Apache-2.0

import Bytes

/// A multipart body taken apart (RFC 2046 5.1, RFC 7578).
public struct MultipartBody: Sendable {
    /// Its parts in order.
    public let parts: [MultipartPart]

    /// Takes `body` apart at the boundary of its media type.
    ///
    /// What stands before the first boundary and behind the last is skipped (RFC 2046 5.1.1). Lines
    /// may end with LF alone.
    public init(_ body: [UInt8], mediaType: MediaType) throws(MultipartError) {
        guard let boundary = mediaType["boundary"], (1...70).contains(boundary.utf8.count) else {
            throw .noBoundary
        }
        let delimiter = Array("--\(boundary)".utf8)
        var parts: [MultipartPart] = []
        var start: Int?
        for line in DelimiterLines(body: body, delimiter: delimiter) {
            if let start {
                guard parts.count < Limits.multipartPartsMax else { throw .tooManyParts }
                parts.append(try MultipartPart(body[start..<max(start, line.partEnd)]))
            }
            start = line.next
            if line.isLast {
                self.parts = parts
                return
            }
        }
        throw start == nil ? .noParts : .truncated
    }
}

/// One part of a multipart body.
public struct MultipartPart: Sendable {
    /// Its fields, names in lower case.
    public let fields: [CapturedField]
    /// Its content as sent.
    public let body: [UInt8]

    /// The name of a form's part, else its content id; empty: it has none.
    public var name: String {
        if let value = self.field("content-disposition") {
            var scanner = FieldScanner(value)
            _ = scanner.take(until: ";")
            while let parameter = scanner.parameter() {
                if asciiLowercased(parameter.name) == "name" { return parameter.value }
            }
        }
        return self.field("content-id") ?? ""
    }

    /// The first field of this name (lower case), or `nil`.
    public func field(_ name: String) -> String? {
        self.fields.first { $0.name == name }?.value
    }

    fileprivate init(_ bytes: ArraySlice<UInt8>) throws(MultipartError) {
        var fields: [CapturedField] = []
        var index = bytes.startIndex
        while true {
            guard let feed = bytes[index...].firstIndex(of: 0x0A) else {
                // No empty line: a part of fields alone has no content.
                guard index == bytes.endIndex else { throw .badPart }
                break
            }
            var end = feed
            if end > index, bytes[end - 1] == 0x0D { end -= 1 }
            let line = bytes[index..<end]
            index = feed + 1
            if line.isEmpty { break }
            guard fields.count < Limits.headerFieldsMax, line.count <= Limits.headBytesMax,
                let colon = line.firstIndex(of: UInt8(ascii: ":"))
            else { throw .badPart }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
            fields.append(CapturedField(asciiLowercased(trimmed(name)), trimmed(value)))
        }
        self.fields = fields
        self.body = Array(bytes[index...])
    }
}

/// Why a body is no multipart body.
public enum MultipartError: Error, Sendable, Hashable, CaseIterable {
    /// The media type has no boundary of 1 to 70 bytes.
    case noBoundary
    /// The boundary does not occur.
    case noParts
    /// The closing boundary is missing.
    case truncated
    /// A part's fields are malformed, too long or too many.
    case badPart
    /// More parts than `Limits.multipartPartsMax`.
    case tooManyParts
}

/// Lines that begin with the delimiter, from the first to the closing one.
private struct DelimiterLines: Sequence, IteratorProtocol {
    struct Line {
        /// Where the part before it ends: the line's own line break belongs to the delimiter.
        var partEnd: Int
        /// First byte behind the line.
        var next: Int
        var isLast: Bool
    }

    let body: [UInt8]
    let delimiter: [UInt8]
    private var index = 0

    init(body: [UInt8], delimiter: [UInt8]) {
        self.body = body
        self.delimiter = delimiter
    }

    mutating func next() -> Line? {
        while self.index < self.body.count {
            let start = self.index
            let feed = self.body[start...].firstIndex(of: 0x0A) ?? self.body.count
            self.index = Swift.min(feed + 1, self.body.count)
            let line = self.body[start..<feed]
            guard line.starts(with: self.delimiter) else { continue }
            var tail = line.dropFirst(self.delimiter.count)
            // Padding behind a boundary is allowed (RFC 2046 5.1.1), more text is another line.
            while let last = tail.last, [0x20, 0x09, 0x0D].contains(last) { tail.removeLast() }
            let isLast = tail.elementsEqual("--".utf8)
            guard isLast || tail.isEmpty else { continue }
            var end = start
            if end > 0 { end -= 1 }
            if end > 0, self.body[end] == 0x0A, self.body[end - 1] == 0x0D { end -= 1 }
            return Line(partEnd: end, next: self.index, isLast: isLast)
        }
        return nil
    }
}
