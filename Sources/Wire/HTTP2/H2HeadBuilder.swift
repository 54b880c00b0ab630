// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Makes HTTP/1.1 text of one header list, field by field as HPACK decodes it.
///
/// Only one list is under way in a connection (RFC 9113 4.3). libnghttp2 has checked names, values,
/// and which pseudo-header fields there are; what may stand in them when they become a request
/// line is checked here (RFC 9113 8.2, 8.3, 10.3), strictly: a fault makes the message malformed.
struct H2HeadBuilder: ~Copyable {
    enum Kind: BitwiseCopyable {
        case request
        case answer
        case trailers
    }

    /// What becomes of the list.
    enum Verdict: BitwiseCopyable, Equatable {
        case good
        /// RFC 9113 8.1.1: the stream is reset.
        case malformed
        /// Longer than a head may be.
        case tooLong
        /// There is no room for its text in this read.
        case noRoom
        /// A CONNECT that is no WebSocket's.
        case notImplemented
    }

    private(set) var text = H2Text()
    /// The stream of the list under way; 0: none.
    private(set) var stream: Int32 = 0
    private(set) var kind = Kind.request
    private(set) var verdict = Verdict.good
    /// The request is an extended CONNECT (RFC 8441), or the answer one to such a request.
    private(set) var isTunnel = false
    /// Status of an answer.
    private(set) var status: UInt16 = 0
    /// Decoded bytes so far, 32 for each field included (RFC 9113 6.5.2).
    private(set) var decodedBytes = 0
    private var start = 0
    private var lineStart = 0
    private var fields = 0
    private var method = Piece()
    private var path = Piece()
    private var authority = Piece()
    private var scheme = Piece()
    private var tunnelProtocol = Piece()
    private var cookieEnd = 0
    private var hasLine = false
    private var hasHost = false

    /// Bytes of a pseudo-header field's value in the text.
    private struct Piece: BitwiseCopyable {
        var start = 0
        var count = -1
        var isThere: Bool { self.count >= 0 }
    }

    init() {}

    /// A new read begins: texts of the last one are forgotten, a list under way is kept.
    mutating func beginRead() {
        if self.stream == 0 {
            self.text.cut(to: 0)
            self.text.shrink()
            return
        }
        guard self.start > 0 else { return }
        self.text.drop(before: self.start)
        let moved = self.start
        self.start = 0
        self.lineStart &-= moved
        self.cookieEnd &-= moved
        self.method.start &-= moved
        self.path.start &-= moved
        self.authority.start &-= moved
        self.scheme.start &-= moved
        self.tunnelProtocol.start &-= moved
    }

    /// A header list begins.
    mutating func begin(_ kind: Kind, stream: Int32, isTunnel: Bool = false) {
        self.stream = stream
        self.kind = kind
        self.verdict = .good
        self.isTunnel = isTunnel
        self.status = 0
        self.decodedBytes = 0
        self.start = self.text.count
        self.lineStart = self.text.count
        self.fields = 0
        self.method = Piece()
        self.path = Piece()
        self.authority = Piece()
        self.scheme = Piece()
        self.tunnelProtocol = Piece()
        self.cookieEnd = 0
        self.hasLine = kind == .trailers
        self.hasHost = false
    }

    /// The list is dropped, or its text was told.
    mutating func end() { self.stream = 0 }

    /// Drops the text of a list that nobody is told of.
    mutating func discard() {
        self.text.cut(to: self.start)
        self.stream = 0
    }

    /// One decoded field.
    mutating func add(_ name: ByteWindow, _ value: ByteWindow, _ limits: borrowing H2Limits) {
        self.decodedBytes &+= name.count &+ value.count &+ 32
        self.fields &+= 1
        guard self.verdict == .good else { return }
        let isPseudo = name.count > 0 && name[0] == ASCII.colon
        let bytesMax = self.kind == .trailers ? limits.trailerBytesMax : limits.headBytesMax
        guard self.fields <= limits.fieldsMax &+ 5,
            self.text.count &- self.start &+ name.count &+ value.count &+ 4 <= 2 * bytesMax
        else {
            self.verdict = .tooLong
            return
        }
        guard self.text.count &+ name.count &+ value.count &+ 256 <= limits.textBytesMax else {
            self.verdict = .noRoom
            return
        }
        if isPseudo {
            self.addPseudo(name, value)
        } else {
            if !self.hasLine { self.writeLine() }
            guard self.verdict == .good else { return }
            self.addField(name, value)
        }
    }

    private mutating func addPseudo(_ name: ByteWindow, _ value: ByteWindow) {
        let piece = Piece(start: self.text.count, count: value.count)
        self.text.append(value)
        if name.equals(":method") {
            self.method = piece
        } else if name.equals(":path") {
            self.path = piece
        } else if name.equals(":authority") {
            self.authority = piece
        } else if name.equals(":scheme") {
            self.scheme = piece
        } else if name.equals(":protocol") {
            self.tunnelProtocol = piece
        } else if name.equals(":status"), value.count == 3 {
            for index in 0..<3 {
                let digit = value[index] &- 0x30
                if digit > 9 { self.verdict = .malformed }
                self.status = self.status &* 10 &+ UInt16(digit % 10)
            }
            if self.status < 100 || self.status > 599 { self.verdict = .malformed }
        } else {
            self.verdict = .malformed
        }
    }

    private func bytes(_ piece: Piece) -> ByteWindow {
        self.text.window(piece.start, max(piece.count, 0))
    }

    private mutating func write(_ piece: Piece) {
        self.text.append(copyOf: piece.start, max(piece.count, 0))
    }

    /// The first line; every pseudo-header field has come (RFC 9113 8.3).
    private mutating func writeLine() {
        self.hasLine = true
        if self.kind == .request { self.writeRequestLine() } else { self.writeStatusLine() }
    }

    private mutating func writeStatusLine() {
        guard self.status >= 100 else {
            self.verdict = .malformed
            return
        }
        self.lineStart = self.text.count
        // RFC 8441 5: a 2xx opens the tunnel that HTTP/1.1 opens with 101.
        if self.isTunnel && self.status >= 200 && self.status < 300 {
            self.text.append("HTTP/1.1 101 \r\nconnection: upgrade\r\nupgrade: websocket\r\n")
            self.status = 101
            return
        }
        self.isTunnel = false
        self.text.append("HTTP/1.1 ")
        let hundreds = self.status / 100
        let digits = [hundreds, self.status / 10 % 10, self.status % 10]
        for digit in digits { self.text.append(decimalDigit(digit)) }
        self.text.append(" \r\n")
    }

    private mutating func writeRequestLine() {
        let isConnect = self.bytes(self.method).equals("CONNECT")
        if isConnect && !self.bytes(self.tunnelProtocol).equals("websocket") {
            self.verdict = .notImplemented
            return
        }
        self.isTunnel = isConnect
        guard self.method.isThere && self.path.isThere && self.scheme.isThere,
            self.isPathFit(), self.isSchemeFit(),
            !self.authority.isThere || self.isAuthority(self.bytes(self.authority))
        else {
            self.verdict = .malformed
            return
        }
        self.lineStart = self.text.count
        if isConnect { self.text.append("GET") } else { self.write(self.method) }
        self.text.append(" ")
        self.write(self.path)
        self.text.append(" HTTP/1.1\r\n")
        if self.authority.isThere {
            self.text.append("host: ")
            self.write(self.authority)
            self.text.append("\r\n")
        }
        guard isConnect else { return }
        self.text.append("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ")
        withWindow(WebSocketHandshake.key()) { self.text.append($0) }
        self.text.append("\r\n")
    }

    /// Origin-form, or `*` for OPTIONS (RFC 9113 8.3.1), of bytes that a request line may hold:
    /// no control byte, no space, no `#` (CVE-2023-45539), nothing beyond ASCII.
    private func isPathFit() -> Bool {
        let path = self.bytes(self.path)
        guard !path.isEmpty else { return false }
        guard path[0] == ASCII.slash else {
            return path.equals("*") && self.bytes(self.method).equals("OPTIONS")
        }
        var at = path.targetEnd(from: 0)
        while at < path.count && path[at] == ASCII.question { at = path.targetEnd(from: at &+ 1) }
        return at == path.count
    }

    private func isSchemeFit() -> Bool {
        let scheme = self.bytes(self.scheme)
        return scheme.equalsIgnoringCase("http") || scheme.equalsIgnoringCase("https")
    }

    private func isAuthority(_ value: ByteWindow) -> Bool {
        do throws(WireError) {
            _ = try parseAuthority(value)
            return true
        } catch { return false }
    }

    private mutating func addField(_ name: ByteWindow, _ value: ByteWindow) {
        switch name.count {
        case 4 where name.equals("host"):
            guard self.kind == .request else { break }
            self.addHost(value)
            return
        case 6 where name.equals("cookie") && self.kind == .request && self.cookieEnd > 0:
            self.joinCookie(value)
            return
        case 17 where self.isTunnel && name.equals("sec-websocket-key"),
            20 where self.isTunnel && name.equals("sec-websocket-accept"):
            return
        default: break
        }
        if self.kind == .trailers && !isTrailerFit(name) { return }
        self.text.append(name)
        self.text.append(": ")
        self.text.append(value)
        if name.count == 6 && name.equals("cookie") { self.cookieEnd = self.text.count }
        self.text.append("\r\n")
    }

    /// RFC 9113 8.3.1: a Host that names another place than `:authority` makes a request malformed.
    private mutating func addHost(_ value: ByteWindow) {
        guard self.authority.isThere else {
            guard !self.hasHost, self.isAuthority(value) else {
                self.verdict = .malformed
                return
            }
            self.hasHost = true
            self.text.append("host: ")
            self.text.append(value)
            self.text.append("\r\n")
            return
        }
        do throws(WireError) {
            guard try isSameAuthority(self.bytes(self.authority), value) else {
                self.verdict = .malformed
                return
            }
        } catch { self.verdict = .malformed }
    }

    /// RFC 9113 8.2.3: crumbs of a cookie become one field again.
    private mutating func joinCookie(_ value: ByteWindow) {
        let before = self.text.count
        if self.cookieEnd == before &- 2 {
            self.text.cut(to: self.cookieEnd)
            self.text.append("; ")
            self.text.append(value)
            self.cookieEnd = self.text.count
            self.text.append("\r\n")
            return
        }
        self.text.insert(value, at: self.cookieEnd)
        withWindow([0x3b, 0x20]) { self.text.insert($0, at: self.cookieEnd) }
        self.cookieEnd &+= self.text.count &- before
    }

    /// The list is complete: ends the text; the verdict is final.
    mutating func finish(_ limits: borrowing H2Limits, accept: ByteWindow) {
        if !self.hasLine && self.verdict == .good { self.writeLine() }
        guard self.verdict == .good else { return }
        if self.kind == .trailers { return }
        if self.kind == .request && !self.authority.isThere && !self.hasHost {
            self.verdict = .malformed
            return
        }
        if self.kind == .answer && self.isTunnel && !accept.isEmpty {
            self.text.append("sec-websocket-accept: ")
            self.text.append(accept)
            self.text.append("\r\n")
        }
        self.text.append("\r\n")
        let fieldsMax = limits.fieldsMax &+ 4
        let bytesMax = limits.headBytesMax
        if self.fields > fieldsMax || self.textRange.count > bytesMax { self.verdict = .tooLong }
    }

    /// Where the finished text stands.
    var textRange: Range<Int> { self.lineStart..<self.text.count }
}

/// A digit as text.
private func decimalDigit(_ digit: UInt16) -> StaticString {
    switch digit {
    case 0: "0"
    case 1: "1"
    case 2: "2"
    case 3: "3"
    case 4: "4"
    case 5: "5"
    case 6: "6"
    case 7: "7"
    case 8: "8"
    default: "9"
    }
}
