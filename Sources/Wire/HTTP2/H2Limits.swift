// SPDX-License-Identifier: Apache-2.0

import Bytes

/// The bounds of one HTTP/2 session; defaults are those of `Limits`.
public struct H2Limits: BitwiseCopyable, Sendable {
    /// Streams that a peer may have open at once.
    public var streamsMax = Limits.h2StreamsMax
    /// Bytes of content that a stream may send ahead of its reader.
    public var streamWindowBytes = Limits.h2StreamWindowBytes
    /// The same over all streams of a connection.
    public var connectionWindowBytes = Limits.h2ConnectionWindowBytes
    /// Bytes of one head as HTTP/1.1 text.
    public var headBytesMax = Limits.headBytesMax
    /// Fields of one head.
    public var fieldsMax = Limits.headerFieldsMax
    /// Bytes of one trailer section.
    public var trailerBytesMax = Limits.trailerBytesMax
    /// Interim heads before a final one.
    public var interimHeadsMax = Limits.interimResponsesMax
    /// Window in which the budgets below are counted, ms.
    public var budgetMilliseconds = Limits.h2BudgetMilliseconds
    /// RST_STREAM frames from the peer in a window, beyond one for each request that we have sent.
    public var resetsMax = Limits.h2ResetsMax
    /// RST_STREAM frames that the peer's faults make us send in a window.
    public var resetsSentMax = Limits.h2ResetsSentMax
    /// PING frames in a window, beyond one for each DATA frame with content.
    public var pingsMax = Limits.h2PingsMax
    /// SETTINGS frames in a window.
    public var settingsMax = Limits.h2SettingsMax
    /// PRIORITY frames in a window.
    public var priorityMax = Limits.h2PriorityMax
    /// DATA frames without content in a window.
    public var emptyDataMax = Limits.h2EmptyDataMax
    /// WINDOW_UPDATE frames in a window, beyond two for each DATA frame that we could fill.
    public var windowUpdatesMax = Limits.h2WindowUpdatesMax
    /// DATA frames in a window that the peer's window has cut short.
    public var smallFramesMax = Limits.h2SmallFramesMax
    /// GOAWAY and unknown frames, and heads on streams that we have reset, in a window.
    public var otherFramesMax = Limits.h2OtherFramesMax
    /// CONTINUATION frames of one head.
    public var continuationsMax = Limits.h2ContinuationsMax
    /// Bytes of one head as sent.
    public var headBlockBytesMax = Limits.h2HeadBlockBytesMax
    /// Decoded bytes of one head that end the connection.
    public var decodedBytesMax = Limits.h2DecodedBytesMax
    /// Text of heads that one read may make.
    public var textBytesMax = Limits.h2TextBytesMax

    /// The defaults.
    public init() {}

    /// How often the peer may do this in a window, or in one head.
    func bound(_ flood: H2Flood) -> Int {
        switch flood {
        case .resets: self.resetsMax
        case .resetsSent: self.resetsSentMax
        case .continuation: self.continuationsMax
        case .ping: self.pingsMax
        case .settings: self.settingsMax
        case .priority: self.priorityMax
        case .emptyData: self.emptyDataMax
        case .windowUpdate: self.windowUpdatesMax
        case .smallFrames: self.smallFramesMax
        case .headerBytes: self.decodedBytesMax
        case .otherFrames: self.otherFramesMax
        }
    }
}
