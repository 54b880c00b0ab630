// SPDX-License-Identifier: Apache-2.0
public import Bytes

// Every message is written anew: request or status line, kept fields, own fields, empty line. An
// append that does not fit sets the writer's `overflowed`; the caller checks it once, at the end.

extension ByteWriter {
    /// Appends a request line, `METHOD SP path[?query] SP HTTP/1.1 CRLF`.
    ///
    /// The windows must hold what a parser or the rewriter has checked: no space, no control byte.
    public mutating func appendRequestLine(
        method: ByteWindow,
        path: ByteWindow,
        query: ByteWindow? = nil
    ) {
        self.append(method)
        self.append(ASCII.space)
        self.append(path)
        if let query {
            self.append(ASCII.question)
            self.append(query)
        }
        self.append(" HTTP/1.1\r\n")
    }

    /// Appends `HTTP/1.1 SP status SP reason CRLF`; always 1.1, whatever the sender speaks
    /// (RFC 9110 2.5).
    public mutating func appendStatusLine(status: UInt16, reason: ByteWindow) {
        precondition(status >= 100 && status <= 599, "status \(status)")
        self.append("HTTP/1.1 ")
        self.append(decimal: UInt64(status))
        self.append(ASCII.space)
        self.append(reason)
        self.appendLineBreak()
    }

    /// Appends the field lines of `head` that are kept, in order, in maximal contiguous runs.
    ///
    /// Left out are hop-by-hop fields and the names in `dropping`. A line is copied as it came: the
    /// parser lets only lines pass that are valid as they stand, so white space around a value
    /// (legal, RFC 9112 5.1) is kept and nothing is parsed twice.
    public mutating func appendFields(
        of head: ByteWindow,
        _ fields: borrowing FieldTable,
        dropping: FieldMask
    ) {
        var runStart = 0
        var runEnd = 0
        for index in 0..<fields.count {
            let slot = fields[index]
            if slot.isHopByHop || dropping.contains(slot.name) { continue }
            if Int(slot.nameStart) != runEnd {
                self.append(head.slice(runStart, runEnd &- runStart))
                runStart = Int(slot.nameStart)
            }
            runEnd = Int(slot.lineEnd)
        }
        self.append(head.slice(runStart, runEnd &- runStart))
    }

    /// Appends `name: value CRLF`; the value must be free of control bytes.
    public mutating func appendField(_ name: StaticString, _ value: ByteWindow) {
        self.append(name)
        self.append(": ")
        self.append(value)
        self.appendLineBreak()
    }

    /// Appends `name: value CRLF` with a literal value.
    public mutating func appendField(_ name: StaticString, _ value: StaticString) {
        self.append(name)
        self.append(": ")
        self.append(value)
        self.appendLineBreak()
    }

    /// Appends a Content-Length field.
    public mutating func appendContentLength(_ bytes: UInt64) {
        self.append("Content-Length: ")
        self.append(decimal: bytes)
        self.appendLineBreak()
    }

    /// Appends `Transfer-Encoding: chunked`.
    public mutating func appendChunkedEncoding() {
        self.append("Transfer-Encoding: chunked\r\n")
    }

    /// Appends the Connection field that a message needs, if any: `close` when the connection ends,
    /// `keep-alive` when it lives on though the peer speaks HTTP/1.0 (RFC 9112 9.3).
    public mutating func appendConnection(keepsAlive: Bool, peerVersionMinor: UInt8) {
        if !keepsAlive {
            self.append("Connection: close\r\n")
        } else if peerVersionMinor == 0 {
            self.append("Connection: keep-alive\r\n")
        }
    }

    /// Appends the size line of a chunk of `bytes`, which must not be 0: that would end the
    /// content.
    public mutating func appendChunkHeader(_ bytes: Int) {
        precondition(bytes > 0, "a chunk of \(bytes) bytes")
        self.append(hex: UInt64(bytes))
        self.appendLineBreak()
    }

    /// Appends the last chunk and an empty trailer section.
    public mutating func appendLastChunk() { self.append("0\r\n\r\n") }

    /// Appends CRLF: the end of a line, of a head, of a chunk's payload.
    public mutating func appendLineBreak() { self.append("\r\n") }
}
