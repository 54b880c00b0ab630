// SPDX-License-Identifier: Apache-2.0

/// What a recipient must make of a row.
public enum H2Expected: Sendable, Equatable {
    /// Nothing is wrong: a PING behind it is answered, and no stream is reset with an error.
    case fine
    /// GOAWAY with this code, and nothing of what follows is looked at (RFC 9113 5.4.1).
    case connection(UInt32)
    /// RST_STREAM with this code on this stream; a PING behind it is answered (RFC 9113 5.4.2).
    case stream(Int32, UInt32)
    /// The stream is answered with this status and goes nowhere.
    case status(Int32, Int)
}

/// One sentence of RFC 9113, RFC 7541, RFC 8441 or RFC 9218 that a peer can put to the test.
public struct H2Row: Sendable {
    /// Where the sentence stands, such as `9113 6.5.2`.
    public let section: String
    /// The situation, unique with its section.
    public let name: String
    /// What must come of it.
    public let expected: H2Expected
    /// Bytes to send behind ``H2Frames/opening``, or from the first byte on when `isWhole`.
    public let bytes: [UInt8]
    /// Whether the bytes are all that is sent.
    public let isWhole: Bool

    init(
        _ section: String,
        _ name: String,
        _ expected: H2Expected,
        _ bytes: [UInt8],
        isWhole: Bool = false
    ) {
        self.section = section
        self.name = name
        self.expected = expected
        self.bytes = bytes
        self.isWhole = isWhole
    }
}

/// Error codes of RFC 9113 7.
public enum H2Code {
    /// NO_ERROR
    public static let none: UInt32 = 0
    /// PROTOCOL_ERROR
    public static let protocolError: UInt32 = 1
    /// FLOW_CONTROL_ERROR
    public static let flowControl: UInt32 = 3
    /// STREAM_CLOSED
    public static let streamClosed: UInt32 = 5
    /// FRAME_SIZE_ERROR
    public static let frameSize: UInt32 = 6
    /// REFUSED_STREAM
    public static let refusedStream: UInt32 = 7
    /// COMPRESSION_ERROR
    public static let compression: UInt32 = 9
    /// ENHANCE_YOUR_CALM
    public static let calm: UInt32 = 11
}

/// Every MUST of RFC 9113 sections 3 to 8 and of RFC 7541 that a client can provoke, a row each.
///
/// Used by the unit tests of the session and by acceptance tests that send each row to a live edge.
public let h2ClientRows: [H2Row] =
    connectionRows + streamStateRows + settingsRows + frameRows + windowRows + messageRows
    + pseudoRows + tunnelRows + hpackRows

private typealias F = H2Frames
private let fine = H2Expected.fine
private let malformed = H2Expected.stream(1, H2Code.protocolError)
private let protocolError = H2Expected.connection(H2Code.protocolError)
private let frameSize = H2Expected.connection(H2Code.frameSize)
private let flowControl = H2Expected.connection(H2Code.flowControl)
private let streamClosed = H2Expected.connection(H2Code.streamClosed)
private let compression = H2Expected.connection(H2Code.compression)

private func request(_ fields: [UInt8]) -> [UInt8] { F.headers(1, F.start() + fields) }
private func field(_ name: String, _ value: String) -> [UInt8] { F.field(name, value) }

// Sections 3, 4, 5.5
private let connectionRows: [H2Row] = [
    H2Row("9113 3.4", "the opening alone", fine, []),
    H2Row(
        "9113 3.4",
        "a preface with one wrong byte",
        protocolError,
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\nX\n".utf8) + F.settings([]),
        isWhole: true
    ),
    H2Row(
        "9113 3.4",
        "no SETTINGS behind the preface",
        protocolError,
        F.preface + F.ping(1),
        isWhole: true
    ),
    H2Row("9113 4.1", "a frame of a kind that nobody knows", fine, F.frame(0x7f, 0xff, 0, [1, 2])),
    H2Row("9113 4.1", "an unknown frame on a stream", fine, F.get(1) + F.frame(0xbf, 0, 1, [])),
    H2Row("9113 4.1", "flags without a meaning", fine, F.frame(6, 0xfe, 0, Array(1...8))),
    H2Row(
        "9113 4.1",
        "the reserved bit of a stream number",
        fine,
        F.frame(1, 5, 1 | 1 << 31, F.start())
    ),
    H2Row(
        "9113 4.2",
        "content of one byte more than a frame may hold",
        frameSize,
        F.post(1) + F.frame(0, 0, 1, Array(repeating: 0, count: 16_385))
    ),
    H2Row(
        "9113 4.2",
        "an unknown frame of one byte more than a frame may hold",
        frameSize,
        F.frame(0xee, 0, 0, Array(repeating: 0, count: 16_385))
    ),
    H2Row(
        "9113 4.2",
        "content of all that a frame may hold",
        fine,
        F.post(1) + F.frame(0, 1, 1, Array(repeating: 0, count: 16_384))
    ),
    H2Row(
        "9113 4.3",
        "a header block that ends within a field",
        compression,
        F.headers(1, F.start() + [0, 5, 0x61])
    ),
    H2Row(
        "9113 4.3",
        "a PING within a header block",
        protocolError,
        F.headers(1, F.start(), 1) + F.ping(1) + F.continuation(1, [])
    ),
    H2Row(
        "9113 4.3",
        "a head of another stream within a header block",
        protocolError,
        F.headers(1, F.start(), 1) + F.get(3)
    ),
    H2Row(
        "9113 5.5",
        "an unknown frame within a header block",
        protocolError,
        F.headers(1, F.start(), 1) + F.frame(0x7f, 0, 1, []) + F.continuation(1, [])
    ),
    H2Row(
        "9113 4.3",
        "a header block in three frames",
        fine,
        F.headers(1, Array(F.start().prefix(5)), 1)
            + F.continuation(1, Array(F.start()[5..<9]), 0)
            + F.continuation(1, Array(F.start()[9...]))
    ),
]

// Section 5
private let streamStateRows: [H2Row] = [
    H2Row("9113 5.1", "DATA on an idle stream", protocolError, F.data(1, [1])),
    H2Row("9113 5.1", "RST_STREAM on an idle stream", protocolError, F.reset(1)),
    H2Row("9113 5.1", "WINDOW_UPDATE on an idle stream", protocolError, F.windowUpdate(1, 1)),
    H2Row(
        "9113 5.1",
        "CONTINUATION on an idle stream",
        protocolError,
        F.continuation(1, F.start())
    ),
    H2Row("9113 5.1", "PRIORITY on an idle stream", fine, F.frame(2, 0, 1, [0, 0, 0, 0, 1])),
    H2Row("9113 5.1", "DATA behind END_STREAM", streamClosed, F.get(1) + F.data(1, [1])),
    H2Row("9113 5.1", "HEADERS behind END_STREAM", streamClosed, F.get(1) + F.get(1)),
    H2Row(
        "9113 5.1",
        "CONTINUATION behind END_STREAM",
        protocolError,
        F.get(1) + F.continuation(1, [])
    ),
    H2Row("9113 5.1", "WINDOW_UPDATE behind END_STREAM", fine, F.get(1) + F.windowUpdate(1, 1)),
    H2Row("9113 5.1", "RST_STREAM behind END_STREAM", fine, F.get(1) + F.reset(1)),
    H2Row(
        "9113 5.1",
        "WINDOW_UPDATE behind RST_STREAM",
        fine,
        F.get(1) + F.reset(1) + F.windowUpdate(1, 1)
    ),
    H2Row("9113 5.1", "RST_STREAM twice", fine, F.get(1) + F.reset(1) + F.reset(1)),
    H2Row(
        "9113 5.1",
        "PRIORITY behind RST_STREAM",
        fine,
        F.get(1) + F.reset(1) + F.frame(2, 0, 1, [0, 0, 0, 0, 1])
    ),
    H2Row("9113 5.1", "HEADERS behind RST_STREAM", streamClosed, F.get(1) + F.reset(1) + F.get(1)),
    H2Row(
        "9113 5.1",
        "DATA behind RST_STREAM",
        streamClosed,
        F.post(1) + F.reset(1) + F.data(1, [1])
    ),
    H2Row("9113 5.1.1", "a stream with an even number", protocolError, F.get(2)),
    H2Row(
        "9113 5.1.1",
        "a stream with a lower number than the last",
        streamClosed,
        F.get(5) + F.get(3)
    ),
    H2Row("9113 5.1.1", "numbers left out", fine, F.get(1) + F.get(101)),
    H2Row(
        "9113 5.1.2",
        "one stream more than may be open",
        protocolError,
        (0...100).flatMap { F.post(UInt32(2 * $0 + 1)) }
    ),
    H2Row(
        "9113 5.1.2",
        "one stream more, before the limit was seen",
        .stream(201, H2Code.refusedStream),
        F.preface + F.settings([]) + (0...100).flatMap { F.post(UInt32(2 * $0 + 1)) }
            + F.data(201, [1]) + F.ping(0x5a),
        isWhole: true
    ),
]

// Section 6.5
private let settingsRows: [H2Row] = [
    H2Row("9113 6.5", "SETTINGS on a stream", protocolError, F.settings([], stream: 1)),
    H2Row("9113 6.5", "SETTINGS of five bytes", frameSize, F.frame(4, 0, 0, [0, 1, 0, 0, 0])),
    H2Row(
        "9113 6.5",
        "an acknowledgement with content",
        frameSize,
        F.frame(4, 1, 0, [0, 1, 0, 0, 0, 0])
    ),
    H2Row("9113 6.5.2", "ENABLE_PUSH of 2", protocolError, F.settings([(2, 2)])),
    H2Row("9113 6.5.2", "ENABLE_PUSH of 1 by a client", fine, F.settings([(2, 1)])),
    H2Row("9113 6.5.2", "INITIAL_WINDOW_SIZE of 2^31", flowControl, F.settings([(4, 1 << 31)])),
    H2Row("9113 6.5.2", "INITIAL_WINDOW_SIZE of 2^31 - 1", fine, F.settings([(4, 1 << 31 - 1)])),
    H2Row("9113 6.5.2", "MAX_FRAME_SIZE of 16,383", protocolError, F.settings([(5, 16_383)])),
    H2Row("9113 6.5.2", "MAX_FRAME_SIZE of 2^24", protocolError, F.settings([(5, 1 << 24)])),
    H2Row("9113 6.5.2", "MAX_FRAME_SIZE of 2^24 - 1", fine, F.settings([(5, 1 << 24 - 1)])),
    H2Row("9113 6.5.2", "a setting that nobody knows", fine, F.settings([(0xaaaa, 1)])),
    H2Row("9113 6.5.3", "the same setting twice", fine, F.settings([(4, 1), (4, 70_000)])),
    H2Row("8441 3", "ENABLE_CONNECT_PROTOCOL of 2", protocolError, F.settings([(8, 2)])),
    H2Row("9218 2.1", "NO_RFC7540_PRIORITIES of 2", protocolError, F.settings([(9, 2)])),
]

// Sections 6.1 to 6.4, 6.6 to 6.8, 6.10
private let frameRows: [H2Row] = [
    H2Row("9113 6.1", "DATA on stream 0", protocolError, F.data(0, [1])),
    H2Row(
        "9113 6.1",
        "padding as long as its frame",
        protocolError,
        F.post(1) + F.data(1, [4, 0, 0, 0], 9)
    ),
    H2Row(
        "9113 6.1",
        "padding that fills its frame",
        fine,
        F.post(1) + F.data(1, [3, 0, 0, 0], 9)
    ),
    H2Row(
        "9113 6.1",
        "padded DATA without its length",
        protocolError,
        F.post(1) + F.data(1, [], 9)
    ),
    H2Row("9113 6.2", "HEADERS on stream 0", protocolError, F.get(0)),
    H2Row(
        "9113 6.2",
        "padding longer than the header block",
        protocolError,
        F.headers(1, [200] + F.start(), 13)
    ),
    H2Row("9113 6.2", "padded HEADERS", fine, F.headers(1, [2] + F.start() + [0, 0], 13)),
    H2Row(
        "9113 6.2",
        "HEADERS with priority",
        fine,
        F.headers(1, [0, 0, 0, 3, 9] + F.start(), 0x25)
    ),
    H2Row(
        "9113 6.2",
        "HEADERS too short for its priority",
        frameSize,
        F.headers(1, [0, 0], 0x25)
    ),
    H2Row("9113 6.3", "PRIORITY on stream 0", protocolError, F.frame(2, 0, 0, [0, 0, 0, 1, 0])),
    H2Row(
        "9113 6.3",
        "PRIORITY of four bytes",
        frameSize,
        F.get(1) + F.frame(2, 0, 1, [0, 0, 0, 1])
    ),
    H2Row("9113 6.4", "RST_STREAM on stream 0", protocolError, F.reset(0)),
    H2Row(
        "9113 6.4",
        "RST_STREAM of three bytes",
        frameSize,
        F.get(1) + F.frame(3, 0, 1, [0, 0, 0])
    ),
    H2Row(
        "9113 6.6",
        "PUSH_PROMISE by a client",
        protocolError,
        F.get(1) + F.frame(5, 4, 1, F.word(2) + F.start())
    ),
    H2Row("9113 6.7", "PING on a stream", protocolError, F.frame(6, 0, 1, Array(1...8))),
    H2Row("9113 6.7", "PING of seven bytes", frameSize, F.frame(6, 0, 0, Array(1...7))),
    H2Row("9113 6.7", "PING of nine bytes", frameSize, F.frame(6, 0, 0, Array(1...9))),
    H2Row("9113 6.7", "an acknowledgement that nobody waits for", fine, F.ping(3, 1)),
    H2Row("9113 6.8", "GOAWAY on a stream", protocolError, F.frame(7, 0, 1, F.word(0) + F.word(0))),
    H2Row("9113 6.8", "GOAWAY of seven bytes", frameSize, F.frame(7, 0, 0, Array(1...7))),
    H2Row(
        "9113 6.10",
        "CONTINUATION behind END_HEADERS",
        protocolError,
        F.post(1) + F.continuation(1, [])
    ),
    H2Row(
        "9113 6.10",
        "CONTINUATION on stream 0",
        protocolError,
        F.headers(1, F.start(), 1) + F.continuation(0, [])
    ),
    H2Row(
        "9113 6.10",
        "CONTINUATION of another stream",
        protocolError,
        F.headers(1, F.start(), 1) + F.continuation(3, [])
    ),
]

// Section 6.9
private let windowRows: [H2Row] = [
    H2Row("9113 6.9", "WINDOW_UPDATE of three bytes", frameSize, F.frame(8, 0, 0, [0, 0, 1])),
    H2Row(
        "9113 6.9",
        "an increment of 0 for a stream",
        protocolError,
        F.post(1) + F.windowUpdate(1, 0)
    ),
    H2Row("9113 6.9", "an increment of 0 for the connection", protocolError, F.windowUpdate(0, 0)),
    H2Row(
        "9113 6.9.1",
        "a stream's window above 2^31 - 1",
        .stream(1, H2Code.flowControl),
        F.post(1) + F.windowUpdate(1, 1 << 31 - 1)
    ),
    H2Row(
        "9113 6.9.1",
        "the connection's window above 2^31 - 1",
        flowControl,
        F.windowUpdate(0, 1 << 31 - 1)
    ),
    H2Row("9113 6.9.1", "the reserved bit of an increment", fine, F.windowUpdate(0, 1 | 1 << 31)),
    H2Row(
        "9113 6.9.2",
        "an INITIAL_WINDOW_SIZE that lifts a window above 2^31 - 1",
        flowControl,
        F.post(1) + F.windowUpdate(1, 1 << 31 - 65_536) + F.settings([(4, 65_536)])
    ),
    H2Row(
        "9113 6.9.2",
        "an INITIAL_WINDOW_SIZE that makes a window negative",
        fine,
        F.post(1) + F.settings([(4, 0)])
    ),
    H2Row(
        "9113 6.9.1",
        "more content than the stream's window",
        flowControl,
        F.post(1) + (0..<5).flatMap { _ in F.data(1, Array(repeating: 0, count: 16_000)) }
    ),
]

// Sections 8.1, 8.2
private let messageRows: [H2Row] = [
    H2Row(
        "9113 8.1",
        "trailers without END_STREAM",
        malformed,
        F.post(1) + F.data(1, [1]) + F.headers(1, field("x-a", "1"), 4)
    ),
    H2Row(
        "9113 8.1",
        "trailers",
        fine,
        F.post(1) + F.data(1, [1]) + F.headers(1, field("x-a", "1"))
    ),
    H2Row(
        "9113 8.1",
        "a pseudo-header field in trailers",
        malformed,
        F.post(1) + F.headers(1, field(":path", "/"))
    ),
    H2Row(
        "9113 8.1.1",
        "less content than Content-Length (CVE-2026-33555)",
        malformed,
        F.post(1, field("content-length", "3")) + F.data(1, [1, 2], 1)
    ),
    H2Row(
        "9113 8.1.1",
        "more content than Content-Length",
        malformed,
        F.post(1, field("content-length", "1")) + F.data(1, [1, 2], 1)
    ),
    H2Row(
        "9113 8.1.1",
        "no content but a Content-Length",
        malformed,
        F.headers(1, F.start(method: "POST") + field("content-length", "3"))
    ),
    H2Row(
        "9113 8.1.1",
        "trailers before the end of the content",
        malformed,
        F.post(1, field("content-length", "3")) + F.data(1, [1]) + F.headers(1, field("x-a", "1"))
    ),
    H2Row(
        "9113 8.1.1",
        "Content-Length twice",
        malformed,
        F.post(1, field("content-length", "1") + field("content-length", "1"))
    ),
    H2Row(
        "9113 8.1.1",
        "a Content-Length that is no number",
        malformed,
        F.post(1, field("content-length", "+1"))
    ),
    H2Row(
        "9113 8.1.1",
        "content of Content-Length",
        fine,
        F.post(1, field("content-length", "2")) + F.data(1, [1, 2], 1)
    ),
    H2Row("9113 8.2", "a name with an upper-case letter", malformed, request(field("X-a", "1"))),
    H2Row("9113 8.2.1", "an empty name (CVE-2023-25725)", malformed, request(field("", "1"))),
    H2Row("9113 8.2.1", "a space in a name", malformed, request(field("x a", "1"))),
    H2Row("9113 8.2.1", "a NUL in a name", malformed, request(field("x\0a", "1"))),
    H2Row("9113 8.2.1", "a colon in a name", malformed, request(field("x:a", "1"))),
    H2Row(
        "9113 8.2.1",
        "a byte above ASCII in a name",
        malformed,
        request(F.field([0x78, 0xff], [0x31]))
    ),
    H2Row("9113 8.2.1", "a NUL in a value", malformed, request(field("x-a", "1\u{0}2"))),
    H2Row("9113 8.2.1", "a CR in a value", malformed, request(field("x-a", "1\r2"))),
    H2Row("9113 8.2.1", "a LF in a value", malformed, request(field("x-a", "1\n2"))),
    H2Row(
        "9113 8.2.1",
        "a field more by CR LF in a value",
        malformed,
        request(field("x-a", "1\r\nx-tenant-id: evil"))
    ),
    H2Row("9113 8.2.1", "a space before a value", malformed, request(field("x-a", " 1"))),
    H2Row("9113 8.2.1", "a tab behind a value", malformed, request(field("x-a", "1\t"))),
    H2Row("9113 8.2.1", "an empty value", fine, request(field("x-a", ""))),
    H2Row("9113 8.2.1", "a tab within a value", fine, request(field("x-a", "1\t2"))),
    H2Row("9113 8.2.2", "Connection", malformed, request(field("connection", "x-a"))),
    H2Row("9113 8.2.2", "Keep-Alive", malformed, request(field("keep-alive", "1"))),
    H2Row("9113 8.2.2", "Proxy-Connection", malformed, request(field("proxy-connection", "close"))),
    H2Row(
        "9113 8.2.2",
        "Transfer-Encoding",
        malformed,
        F.post(1, field("transfer-encoding", "chunked"))
    ),
    H2Row("9113 8.2.2", "Upgrade", malformed, request(field("upgrade", "h2c"))),
    H2Row("9113 8.2.2", "TE with gzip", malformed, request(field("te", "gzip"))),
    H2Row(
        "9113 8.2.2",
        "TE with trailers and more",
        malformed,
        request(field("te", "trailers, gzip"))
    ),
    H2Row("9113 8.2.2", "TE with trailers", fine, request(field("te", "trailers"))),
    H2Row(
        "9113 8.2.3",
        "a cookie in three crumbs",
        fine,
        request(
            field("cookie", "a=1") + field("x-a", "1") + field("cookie", "b=2")
                + field("cookie", "c=3")
        )
    ),
]

// Section 8.3
private let pseudoRows: [H2Row] = [
    H2Row(
        "9113 8.3",
        "a pseudo-header field behind a field",
        malformed,
        F.headers(1, F.start(path: nil) + field("x-a", "1") + field(":path", "/"))
    ),
    H2Row(
        "9113 8.3",
        "a pseudo-header field that is not defined",
        malformed,
        F.headers(1, F.start() + field(":x", "1"))
    ),
    H2Row(
        "9113 8.3",
        "one of answers",
        malformed,
        F.headers(1, F.start() + field(":status", "200"))
    ),
    H2Row("9113 8.3", ":path twice", malformed, F.headers(1, F.start() + field(":path", "/b"))),
    H2Row("9113 8.3.1", "no :method", malformed, F.headers(1, F.start(method: nil))),
    H2Row("9113 8.3.1", "no :scheme", malformed, F.headers(1, F.start(scheme: nil))),
    H2Row("9113 8.3.1", "no :path", malformed, F.headers(1, F.start(path: nil))),
    H2Row("9113 8.3.1", "an empty :path", malformed, F.headers(1, F.start(path: ""))),
    H2Row("9113 8.3.1", "a :path without its slash", malformed, F.headers(1, F.start(path: "a"))),
    H2Row(
        "9113 8.3.1",
        "an absolute :path",
        malformed,
        F.headers(1, F.start(path: "http://b.example/"))
    ),
    H2Row("9113 8.3.1", "* with GET", malformed, F.headers(1, F.start(path: "*"))),
    H2Row(
        "9113 8.3.1",
        "* with OPTIONS",
        fine,
        F.headers(1, F.start(method: "OPTIONS", path: "*"))
    ),
    H2Row(
        "9113 8.3.1",
        "a space in :path",
        malformed,
        F.headers(1, F.start(path: "/ HTTP/1.1\r\nx-a: 1"))
    ),
    H2Row("9113 8.3.1", "CR LF in :path", malformed, F.headers(1, F.start(path: "/\r\n/"))),
    H2Row("9113 8.3.1", "a NUL in :path", malformed, F.headers(1, F.start(path: "/\0"))),
    H2Row(
        "9113 8.3.1",
        "a # in :path (CVE-2023-45539)",
        malformed,
        F.headers(1, F.start(path: "/a#b"))
    ),
    H2Row(
        "9113 8.3.1",
        "a byte above ASCII in :path",
        malformed,
        F.headers(1, F.start(path: "/ä"))
    ),
    H2Row("9113 8.3.1", "a space in :method", malformed, F.headers(1, F.start(method: "GET /x"))),
    H2Row(
        "9113 8.3.1",
        "CR LF in :method",
        malformed,
        F.headers(1, F.start(method: "GET / HTTP/1.1\r\n\r\n"))
    ),
    H2Row("9113 8.3.1", "an empty :method", malformed, F.headers(1, F.start(method: ""))),
    H2Row(
        "9113 8.3.1",
        "a scheme that is none of HTTP",
        malformed,
        F.headers(1, F.start(scheme: "ftp"))
    ),
    H2Row(
        "9113 8.3.1",
        "a :scheme that is a request",
        malformed,
        F.headers(1, F.start(scheme: "http://b/\r\n"))
    ),
    H2Row(
        "9113 8.3.1",
        "userinfo in :authority",
        malformed,
        F.headers(1, F.start(authority: "me@a.example"))
    ),
    H2Row("9113 8.3.1", "an empty :authority", malformed, F.headers(1, F.start(authority: ""))),
    H2Row(
        "9113 8.3.1",
        "a space in :authority",
        malformed,
        F.headers(1, F.start(authority: "a.example b"))
    ),
    H2Row(
        "9113 8.3.1",
        "CR LF in :authority",
        malformed,
        F.headers(1, F.start(authority: "a.example\r\nx-a: 1"))
    ),
    H2Row("9113 8.3.1", "a path in :authority", malformed, F.headers(1, F.start(authority: "a/b"))),
    H2Row(
        "9113 8.3.1",
        "neither :authority nor Host",
        malformed,
        F.headers(1, F.start(authority: nil))
    ),
    H2Row(
        "9113 8.3.1",
        "Host instead of :authority",
        fine,
        F.headers(1, F.start(authority: nil) + field("host", "a.example"))
    ),
    H2Row(
        "9113 8.3.1",
        "Host twice",
        malformed,
        F.headers(
            1,
            F.start(authority: nil) + field("host", "a.example") + field("host", "a.example")
        )
    ),
    H2Row(
        "9113 8.3.1",
        "Host that names another place",
        malformed,
        request(field("host", "b.example"))
    ),
    H2Row(
        "9113 8.3.1",
        "Host that names the same place",
        fine,
        request(field("host", "A.example"))
    ),
]

// Section 8.5, RFC 8441
private let tunnelRows: [H2Row] = [
    H2Row(
        "9113 8.5",
        "CONNECT",
        .status(1, 501),
        F.headers(
            1,
            F.start(method: "CONNECT", scheme: nil, path: nil, authority: "a.example:80"),
            4
        )
    ),
    H2Row(
        "9113 8.5",
        "CONNECT with :scheme",
        malformed,
        F.headers(1, F.start(method: "CONNECT", path: nil), 4)
    ),
    H2Row(
        "9113 8.5",
        "CONNECT with :path",
        malformed,
        F.headers(1, F.start(method: "CONNECT", scheme: nil), 4)
    ),
    H2Row(
        "9113 8.5",
        "CONNECT without :authority",
        malformed,
        F.headers(1, F.start(method: "CONNECT", scheme: nil, path: nil, authority: nil), 4)
    ),
    H2Row(
        "8441 4",
        ":protocol without CONNECT",
        malformed,
        F.headers(1, F.start() + field(":protocol", "websocket"), 4)
    ),
    H2Row(
        "8441 4",
        "an extended CONNECT without :path",
        malformed,
        F.headers(1, F.start(method: "CONNECT", path: nil) + field(":protocol", "websocket"), 4)
    ),
    H2Row(
        "8441 4",
        "an extended CONNECT for another protocol",
        .status(1, 501),
        F.headers(1, F.start(method: "CONNECT") + field(":protocol", "connect-udp"), 4)
    ),
]

// RFC 7541
private let hpackRows: [H2Row] = [
    H2Row("7541 2.3.3", "an index beyond the tables", compression, request([0xff, 0x80, 0x01])),
    H2Row(
        "7541 2.3.3",
        "a name's index beyond the tables",
        compression,
        request([0x7f, 0x80, 0x01, 1, 0x31])
    ),
    H2Row("7541 6.1", "an index of 0", compression, request([0x80])),
    H2Row(
        "7541 5.1",
        "an integer that does not end in its bounds",
        compression,
        request([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
    ),
    H2Row("7541 5.2", "a string longer than its block", compression, request([0, 1, 0x78, 0x7e])),
    H2Row(
        "7541 5.2",
        "Huffman padding of eight bits",
        compression,
        request([0, 1, 0x78, 0x82, 0x1f, 0xff])
    ),
    H2Row(
        "7541 5.2",
        "Huffman padding that is not all ones",
        compression,
        request([0, 1, 0x78, 0x81, 0x18])
    ),
    H2Row(
        "7541 5.2",
        "EOS in a Huffman string",
        compression,
        request([0, 1, 0x78, 0x84, 0xff, 0xff, 0xff, 0xff])
    ),
    H2Row("7541 5.2", "a Huffman string", fine, request([0, 1, 0x78, 0x81, 0x1f])),
    H2Row(
        "7541 4.2",
        "a table size above the setting",
        compression,
        F.headers(1, [0x3f, 0xe2, 0x1f] + F.start())
    ),
    H2Row("7541 4.2", "a table size update behind a field", compression, request([0x20])),
    H2Row("7541 4.2", "a table size of 0 at the start", fine, F.headers(1, [0x20] + F.start())),
    H2Row(
        "7541 4.3",
        "two table sizes at the start",
        fine,
        F.headers(1, [0x20, 0x3f, 0xe1, 0x1f] + F.start())
    ),
    H2Row(
        "7541 4.4",
        "a field larger than the whole table",
        fine,
        request([0x40] + F.string([0x78]) + F.string(Array(repeating: 0x61, count: 4_100)))
    ),
    H2Row("7541 7.1.3", "a field that is never indexed", fine, request([0x10, 1, 0x78, 1, 0x31])),
]
