// SPDX-License-Identifier: Apache-2.0

/// Which end of an HTTP/2 connection a session is.
public enum H2Role: UInt8, BitwiseCopyable, Sendable {
    /// Answers requests.
    case server
    /// Makes requests.
    case client
}

/// What a session has to say after it was given bytes.
public enum H2EventKind: UInt8, BitwiseCopyable, Sendable {
    /// A request's head (server) or an answer's head, interim ones too (client), as HTTP/1.1 text.
    case head
    /// Bytes of content, inside the window that was given.
    case data
    /// The trailer section, as field lines.
    case trailers
    /// END_STREAM behind content or trailers.
    case end
    /// The stream is gone; the last event of a stream.
    case closed
    /// The peer wants no new streams; `stream` is the last that it will answer.
    case goAway
    /// The peer's settings changed.
    case settings
    /// The peer has answered our ping.
    case pingAcknowledged
}

/// One event of a session: a plain value; its bytes are asked for with ``H2Session/text(_:)``.
public struct H2Event: BitwiseCopyable, Sendable {
    /// What happened.
    public var kind: H2EventKind
    /// The stream it happened to; 0: the connection.
    public var stream: Int32
    /// What ``H2Session/setTag(_:_:)`` gave the stream; `.max`: nothing.
    public var tag: UInt32
    /// First byte: of the text, or of the window given to `receive` for ``H2EventKind/data``.
    public var offset: Int32
    /// Bytes.
    public var count: Int32
    /// The status of a head (client), or the error code of an end (RFC 9113 7; 0: clean).
    public var code: UInt32
    /// A head that ends its stream: there is no content, and no ``H2EventKind/end`` follows.
    public var endsStream: Bool
    /// The request is an extended CONNECT for WebSocket (RFC 8441).
    public var extendedConnect: Bool

    /// An event without bytes.
    public init(_ kind: H2EventKind, stream: Int32, tag: UInt32 = .max, code: UInt32 = 0) {
        self.kind = kind
        self.stream = stream
        self.tag = tag
        self.offset = 0
        self.count = 0
        self.code = code
        self.endsStream = false
        self.extendedConnect = false
    }
}

/// What a peer did too much of (RFC 9113 10.5).
public enum H2Flood: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// Streams reset by the peer (CVE-2023-44487).
    case resets
    /// Streams that the peer made us reset (CVE-2025-8671).
    case resetsSent
    /// CONTINUATION frames (CVE-2024-27316).
    case continuation
    /// PING frames (CVE-2019-9512).
    case ping
    /// SETTINGS frames (CVE-2019-9515).
    case settings
    /// PRIORITY frames (CVE-2019-9513).
    case priority
    /// DATA frames without content (CVE-2019-9518).
    case emptyData
    /// WINDOW_UPDATE frames.
    case windowUpdate
    /// Frames of content that a tiny window has cut short (CVE-2019-9511, CVE-2019-9517).
    case smallFrames
    /// Decoded header bytes (CVE-2019-9516).
    case headerBytes
    /// GOAWAY frames, frames of kinds that nobody knows, heads on streams that we have reset.
    case otherFrames

    /// The word of logs and metrics.
    public var word: StaticString {
        switch self {
        case .resets: "resets"
        case .resetsSent: "resets_sent"
        case .continuation: "continuation"
        case .ping: "ping"
        case .settings: "settings"
        case .priority: "priority"
        case .emptyData: "empty_data"
        case .windowUpdate: "window_update"
        case .smallFrames: "small_frames"
        case .headerBytes: "header_bytes"
        case .otherFrames: "other_frames"
        }
    }
}

/// Why a session cannot go on.
public enum H2Error: Error, BitwiseCopyable, Sendable, Equatable {
    /// The peer broke the protocol; a GOAWAY waits to be sent where one is due.
    case protocolError
    /// The peer used up a budget; a GOAWAY with ENHANCE_YOUR_CALM waits to be sent.
    case flood(H2Flood)
    /// The library is older than the one this code relies on.
    case refusedBuild
    /// No memory, no stream numbers left, or a stream that does not exist.
    case unusable
    /// The peer does not speak RFC 8441, so no WebSocket can be opened over this connection.
    case connectRefused
    /// A head that cannot be expressed in HTTP/2.
    case badHead
}
