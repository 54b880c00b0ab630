// SPDX-License-Identifier: Apache-2.0

/// How the end of a message's content is found (RFC 9112 6).
public enum BodyFraming: BitwiseCopyable, Sendable, Equatable {
    /// No content.
    case none
    /// Exactly this many bytes.
    case length(UInt64)
    /// The chunked coding.
    case chunked
    /// Everything until the connection ends (answers only).
    case untilClose
}

/// The request method as a token; ``other`` keeps only its bytes in the head.
public enum MethodToken: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// Any method not listed here.
    case other
    /// `GET`
    case get
    /// `HEAD`
    case head
    /// `OPTIONS`
    case options
    /// `POST`
    case post
    /// `PUT`
    case put
    /// `PATCH`
    case patch
    /// `DELETE`
    case delete
    /// `CONNECT`: refused, a tunnel is none of Banyan's business.
    case connect
    /// `TRACE`: refused.
    case trace

    /// The method; `OTHER` for ``other``.
    public var word: StaticString {
        switch self {
        case .other: "OTHER"
        case .get: "GET"
        case .head: "HEAD"
        case .options: "OPTIONS"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .connect: "CONNECT"
        case .trace: "TRACE"
        }
    }

    /// Safe by RFC 9110 9.2.1 (TRACE is refused, so it does not count).
    public var isSafe: Bool { self == .get || self == .head || self == .options }

    /// Idempotent by RFC 9110 9.2.2.
    public var isIdempotent: Bool { self.isSafe || self == .put || self == .delete }
}

/// A part of a head: offset of its first byte from the head's first byte, and its length.
public struct HeadRange: BitwiseCopyable, Sendable, Equatable {
    /// First byte.
    public var start: UInt16
    /// Bytes.
    public var length: UInt16

    /// A part from its two numbers.
    public init(_ start: Int, _ length: Int) {
        self.start = UInt16(start)
        self.length = UInt16(length)
    }

    /// One behind the last byte.
    public var end: Int { Int(self.start) + Int(self.length) }
}

/// A parsed request head, without its fields (those are in the `FieldTable`).
public struct RequestHead: BitwiseCopyable, Sendable {
    /// Method token.
    public var method = MethodToken.other
    /// The method's bytes.
    public var methodRange = HeadRange(0, 0)
    /// The path of the target, `/` included, never empty (RFC 9112 3.2.2: an absolute-form without
    /// a path means `/`); for `OPTIONS *` the `*`.
    public var path = HeadRange(0, 0)
    /// The query without its `?`.
    public var query = HeadRange(0, 0)
    /// Whether there was a `?`.
    public var hasQuery = false
    /// `OPTIONS` for the server as a whole: `*`, or an absolute-form without path and query.
    ///
    /// A proxy forwards it as `*` (RFC 9112 3.2.4), whatever ``path`` says.
    public var asksServer = false
    /// Host and port as the client named them: absolute-form wins over Host (RFC 9112 3.2.2).
    public var authority = HeadRange(0, 0)
    /// The authority without its port; brackets of IPv6 kept.
    public var host = HeadRange(0, 0)
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    public var versionMinor: UInt8 = 1
    /// Where the content ends.
    public var framing = BodyFraming.none
    /// Whether the client lets the connection live on.
    public var keepsAlive = true
    /// `Expect: 100-continue` in HTTP/1.1 with content to wait for (RFC 9110 10.1.1).
    public var expectsContinue = false
    /// An `Upgrade` field was there (removed and counted by the caller).
    public var asksForUpgrade = false
    /// `TE: trailers` was there.
    public var acceptsTrailers = false
    /// Bytes of the head, its last CRLF included.
    public var length = 0

    /// An empty head.
    public init() {}
}

/// A parsed answer head, without its fields.
public struct ResponseHead: BitwiseCopyable, Sendable {
    /// 100 to 599 (others are refused).
    public var status: UInt16 = 0
    /// The reason phrase's bytes; may be empty.
    public var reason = HeadRange(0, 0)
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    public var versionMinor: UInt8 = 1
    /// Where the content ends, the request's method considered.
    public var framing = BodyFraming.none
    /// A Content-Length was there (kept for HEAD and 304 answers, where `framing` is none).
    public var contentLength: UInt64?
    /// Whether the upstream lets the connection live on.
    public var keepsAlive = true
    /// Bytes of the head, its last CRLF included.
    public var length = 0

    /// An empty head.
    public init() {}
}

/// Why a message is refused.
///
/// Bitwise, so that throwing it allocates nothing.
public enum WireError: UInt8, Error, BitwiseCopyable, Sendable, CaseIterable {
    /// The head is longer than `Limits.headBytesMax`.
    case headTooLong
    /// The request line is longer than `Limits.requestLineBytesMax`.
    case requestLineTooLong
    /// More fields than `Limits.headerFieldsMax`.
    case tooManyFields
    /// The request line is not `METHOD SP TARGET SP HTTP/1.x CRLF`.
    case badRequestLine
    /// The method is no token.
    case badMethod
    /// The target has a form or a byte that is not allowed.
    case badTarget
    /// Not HTTP/1.0 or HTTP/1.1.
    case badVersion
    /// A line that ends in a bare CR or LF.
    case badLineEnding
    /// A field name that is no token, or empty, or followed by white space.
    case badFieldName
    /// A control byte in a field value.
    case badFieldValue
    /// A line folded onto the next (obs-fold).
    case foldedLine
    /// Host missing in HTTP/1.1, repeated, or not a host.
    case badHost
    /// Content-Length is no number, or there is more than one.
    case badContentLength
    /// Transfer-Encoding is not exactly `chunked`, or came in HTTP/1.0.
    case badTransferEncoding
    /// Both Content-Length and Transfer-Encoding.
    case conflictingFraming
    /// Expect with anything but 100-continue.
    case badExpectation
    /// The status line is not `HTTP/1.x SP 3DIGIT SP reason`.
    case badStatusLine
    /// Chunk size, extension, or line ending is wrong, or too long.
    case badChunk
    /// A trailer section that is too long or malformed.
    case badTrailer
    /// CONNECT or TRACE.
    case methodRefused
    /// A Connection field that is no list of tokens, is too long a list, or names a field that
    /// frames or addresses the message.
    case badConnection
}
