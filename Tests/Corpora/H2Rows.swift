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
    /// NO_ERROR.
    public static let none: UInt32 = 0
    /// PROTOCOL_ERROR.
    public static let protocolError: UInt32 = 1
    /// FLOW_CONTROL_ERROR.
    public static let flowControl: UInt32 = 3
    /// STREAM_CLOSED.
    public static let streamClosed: UInt32 = 5
    /// FRAME_SIZE_ERROR.
    public static let frameSize: UInt32 = 6
    /// REFUSED_STREAM.
    public static let refusedStream: UInt32 = 7
    /// COMPRESSION_ERROR.
    public static let compression: UInt32 = 9
    /// ENHANCE_YOUR_CALM.
    public static let calm: UInt32 = 11
}

/// Every MUST of RFC 9113 sections 3 to 8 and of RFC 7541 that a client can provoke, a row each.
///
/// Used by the unit tests of the session and by acceptance tests that send each row to a live edge.
public let h2ClientRows: [H2Row] =
    connectionRows + streamStateRows + settingsRows + frameRows + windowRows + messageRows
    + pseudoRows + tunnelRows + hpackRows

typealias F = H2Frames
let fine = H2Expected.fine
let malformed = H2Expected.stream(1, H2Code.protocolError)
let protocolError = H2Expected.connection(H2Code.protocolError)
let frameSize = H2Expected.connection(H2Code.frameSize)
let flowControl = H2Expected.connection(H2Code.flowControl)
let streamClosed = H2Expected.connection(H2Code.streamClosed)
let compression = H2Expected.connection(H2Code.compression)

func request(_ fields: [UInt8]) -> [UInt8] { F.headers(1, F.start() + fields) }
func field(_ name: String, _ value: String) -> [UInt8] { F.field(name, value) }

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
