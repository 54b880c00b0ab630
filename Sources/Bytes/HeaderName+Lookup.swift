// SPDX-License-Identifier: Apache-2.0

extension HeaderName {
    /// The name that the token [`start`, `start + length`) of `head` is, in any case of letters.
    ///
    /// The bytes must be a token: letters are folded by setting one bit, which is exact for the
    /// letters, digits and hyphens of the listed names only when no control byte can stand there.
    public static func lookup(_ head: ByteWindow, start: Int, length: Int) -> HeaderName {
        guard length >= 2 && length <= 19 else { return .other }
        return self.find(FoldedToken(head, start: start, length: length), length)
    }

    /// The name that the token would be if its underscores were hyphens, as CGI programs read it.
    public static func underscoreTwin(
        _ head: ByteWindow,
        start: Int,
        length: Int
    ) -> HeaderName {
        guard length >= 2 && length <= 19 else { return .other }
        var token = FoldedToken(head, start: start, length: length)
        token.readUnderscoresAsHyphens()
        return self.find(token, length)
    }

    @inline(__always)
    private static func find(_ token: FoldedToken, _ length: Int) -> HeaderName {
        length <= 8
            ? self.short(token, length)
            : length <= 13 ? self.medium(token, length) : self.long(token, length)
    }

    private static func short(_ token: FoldedToken, _ length: Int) -> HeaderName {
        switch length {
        case 2: token.isWord("te") ? .te : .other
        case 3: token.isWord("via") ? .via : .other
        case 4:
            token.isWord("host")
                ? .host : token.isWord("date") ? .date : token.isWord("link") ? .link : .other
        case 5: token.isWord("range") ? .range : token.isWord("proxy") ? .proxy : .other
        case 6:
            token.isWord("accept")
                ? .accept
                : token.isWord("cookie")
                    ? .cookie
                    : token.isWord("server")
                        ? .server
                        : token.isWord("expect")
                            ? .expect : token.isWord("sunset") ? .sunset : .other
        case 7: token.isWord("upgrade") ? .upgrade : token.isWord("trailer") ? .trailer : .other
        default:
            token.isWord("if-match")
                ? .ifMatch
                : token.isWord("if-range")
                    ? .ifRange : token.isWord("location") ? .location : .other
        }
    }

    private static func medium(_ token: FoldedToken, _ length: Int) -> HeaderName {
        switch length {
        case 9:
            token.isTwo("forwarded")
                ? .forwarded
                : token.isTwo("x-real-ip")
                    ? .xRealIP : token.isTwo("x-user-id") ? .xUserID : .other
        case 10:
            token.isTwo("user-agent")
                ? .userAgent
                : token.isTwo("connection")
                    ? .connection
                    : token.isTwo("keep-alive")
                        ? .keepAlive : token.isTwo("set-cookie") ? .setCookie : .other
        case 11:
            token.isTwo("traceparent")
                ? .traceparent
                : token.isTwo("x-tenant-id")
                    ? .xTenantID
                    : token.isTwo("deprecation")
                        ? .deprecation : token.isTwo("retry-after") ? .retryAfter : .other
        case 12: token.isTwo("content-type") ? .contentType : .other
        default:
            token.isTwo("cache-control")
                ? .cacheControl
                : token.isTwo("authorization")
                    ? .authorization
                    : token.isTwo("if-none-match")
                        ? .ifNoneMatch : token.isTwo("banyan-shadow") ? .banyanShadow : .other
        }
    }

    private static func long(_ token: FoldedToken, _ length: Int) -> HeaderName {
        switch length {
        case 14:
            token.isTwo("content-length")
                ? .contentLength : token.isTwo("http2-settings") ? .http2Settings : .other
        case 15: token.isTwo("x-forwarded-for") ? .xForwardedFor : .other
        case 16:
            token.isTwo("content-encoding")
                ? .contentEncoding
                : token.isTwo("content-location")
                    ? .contentLocation
                    : token.isTwo("x-forwarded-host")
                        ? .xForwardedHost
                        : token.isTwo("x-forwarded-port")
                            ? .xForwardedPort
                            : token.isTwo("proxy-connection") ? .proxyConnection : .other
        case 17:
            token.isThree("transfer-encoding")
                ? .transferEncoding
                : token.isThree("x-forwarded-proto")
                    ? .xForwardedProto
                    : token.isThree("if-modified-since") ? .ifModifiedSince : .other
        case 18:
            token.isThree("x-forwarded-prefix")
                ? .xForwardedPrefix
                : token.isThree("proxy-authenticate") ? .proxyAuthenticate : .other
        case 19:
            token.isThree("if-unmodified-since")
                ? .ifUnmodifiedSince
                : token.isThree("proxy-authorization") ? .proxyAuthorization : .other
        default: .other
        }
    }
}

/// A token of up to 24 bytes in three words, letters folded to lower case.
private struct FoldedToken: BitwiseCopyable {
    private var first: UInt64
    private var second: UInt64
    private var third: UInt64

    @inline(__always)
    init(_ head: ByteWindow, start: Int, length: Int) {
        self.first = head.word(at: start, count: min(length, 8)) | Self.fold
        self.second =
            length > 8 ? head.word(at: start &+ 8, count: min(length &- 8, 8)) | Self.fold : 0
        self.third =
            length > 16 ? head.word(at: start &+ 16, count: length &- 16) | Self.fold : 0
    }

    /// Whether the token is this literal of up to 8 bytes; the lengths are equal already.
    @inline(__always)
    func isWord(_ literal: StaticString) -> Bool { self.first == asciiWord(literal) | Self.fold }

    /// Whether the token is this literal of 9 to 16 bytes.
    @inline(__always)
    func isTwo(_ literal: StaticString) -> Bool {
        self.isWord(literal) && self.second == asciiWord(literal, from: 8) | Self.fold
    }

    /// Whether the token is this literal of 17 to 24 bytes.
    @inline(__always)
    func isThree(_ literal: StaticString) -> Bool {
        self.isTwo(literal) && self.third == asciiWord(literal, from: 16) | Self.fold
    }

    mutating func readUnderscoresAsHyphens() {
        self.first = Self.hyphens(self.first)
        self.second = Self.hyphens(self.second)
        self.third = Self.hyphens(self.third)
    }

    /// A folded underscore is 0x7f, which no other token byte folds to.
    private static func hyphens(_ word: UInt64) -> UInt64 {
        var result = word
        var shift: UInt64 = 0
        while shift < 64 {
            if word &>> shift & 0xff == 0x7f { result ^= (0x7f ^ 0x2d) &<< shift }
            shift &+= 8
        }
        return result
    }

    private static var fold: UInt64 { 0x2020_2020_2020_2020 }
}
