// SPDX-License-Identifier: Apache-2.0

// Bounds of HTTP/2 (RFC 9113 10.5): libnghttp2 does not bound these for us.

extension Limits {
    /// Streams that a client may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS).
    ///
    /// Beyond: REFUSED_STREAM.
    public static let h2StreamsMax = 100
    /// Bytes of content that a stream may send ahead of its reader.
    ///
    /// Beyond: FLOW_CONTROL_ERROR. With a head's text they fill two blocks.
    public static let h2StreamWindowBytes = 65_535
    /// Bytes of content that all streams of a connection may send ahead: its memory's bound.
    ///
    /// Beyond: FLOW_CONTROL_ERROR.
    public static let h2ConnectionWindowBytes = 1 << 20
    /// From `connect` to a session with an origin, TLS included, ms.
    ///
    /// Beyond: `connect_timed_out` for all who wait for it.
    public static let h2ConnectTimeoutMilliseconds: UInt64 = 5_000
    /// Blocks that hold a stream's content until it is read.
    ///
    /// A head's text and `h2StreamWindowBytes` fill two; all but the last are full.
    public static let h2StreamBlocksMax = 3
    /// Window in which a peer's frames are counted, ms.
    public static let h2BudgetMilliseconds: UInt64 = 10_000
    /// RST_STREAM frames of a peer in a window (CVE-2023-44487): a browser that leaves a page sends
    /// one for each stream.
    ///
    /// An origin's are free for the streams that we have opened.
    ///
    /// Beyond: GOAWAY, ENHANCE_YOUR_CALM; so for the following ones.
    public static let h2ResetsMax = 200
    /// Streams that a peer's faults made us reset in a window (CVE-2025-8671).
    public static let h2ResetsSentMax = 200
    /// PING frames in a window, beyond one for each DATA frame with content: gRPC measures its
    /// bandwidth with them (CVE-2019-9512).
    public static let h2PingsMax = 100
    /// SETTINGS frames in a window (CVE-2019-9515).
    public static let h2SettingsMax = 20
    /// PRIORITY and PRIORITY_UPDATE frames in a window (CVE-2019-9513); browsers send some for each
    /// stream.
    public static let h2PriorityMax = 500
    /// DATA frames without content and without END_STREAM in a window (CVE-2019-9518).
    public static let h2EmptyDataMax = 100
    /// WINDOW_UPDATE frames in a window, beyond two for each DATA frame that we could fill.
    public static let h2WindowUpdatesMax = 1_000
    /// DATA frames in a window that a window of less than `h2SmallFrameBytes` has cut short
    /// (CVE-2019-9511, CVE-2019-9517).
    public static let h2SmallFramesMax = 500
    /// Bytes of a DATA frame below which the receiver's window, not our content, made it small.
    public static let h2SmallFrameBytes = 256
    /// GOAWAY frames, frames of kinds that nobody knows, and heads on streams that we have reset,
    /// in a window; browsers send a few to keep peers tolerant (RFC 9113 5.5).
    public static let h2OtherFramesMax = 100
    /// CONTINUATION frames of one head (CVE-2024-27316).
    public static let h2ContinuationsMax = 8
    /// Bytes of one head as sent, CONTINUATION frames included.
    ///
    /// Beyond: ENHANCE_YOUR_CALM. Uncompressed it is hardly longer than `headBytesMax`.
    public static let h2HeadBlockBytesMax = 32_768
    /// Decoded bytes of one head, 32 for each field included, that end the connection.
    ///
    /// Below, and beyond `headBytesMax`: 431. Only a compression bomb has more (CVE-2019-9516).
    public static let h2DecodedBytesMax = 131_072
    /// Text of heads that one read may make, all its streams together.
    ///
    /// Beyond: REFUSED_STREAM, which counts as a reset.
    public static let h2TextBytesMax = 512 * 1_024
    /// Frames that wait to be sent, those of content left out.
    ///
    /// Beyond: ENHANCE_YOUR_CALM (RFC 9113 10.5: a peer that provokes answers and reads none).
    public static let h2OutboundFramesMax = 4_096
}
