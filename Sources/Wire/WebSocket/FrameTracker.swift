// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// Where a WebSocket's bytes may be interrupted.
public enum FrameBoundary: UInt8, BitwiseCopyable, Sendable {
    /// Nowhere: everything is taken.
    case none
    /// Between two frames (RFC 6455 5.4 lets control frames stand between fragments).
    case frame
    /// Between two messages.
    case message
}

/// Follows the frames in one direction of a WebSocket by their headers alone (RFC 6455 5.2).
///
/// It never looks at, keeps or changes content; it only knows where a frame of our own could stand.
/// What is no WebSocket makes it ``isBroken``: then there is no such place.
public struct FrameTracker: BitwiseCopyable, Sendable {
    /// Bytes of content of the frame in hand that are still to come.
    private var remaining: UInt64 = 0
    /// Bytes of the header in hand that have come, and that it has.
    private var headerCount: UInt8 = 0
    private var headerLength: UInt8 = 2
    private var first: UInt8 = 0
    /// Bytes of an extended length, and the length they tell.
    private var lengthBytes: UInt8 = 0
    private var length: UInt64 = 0
    /// A message was begun by a frame that did not end it.
    private var isInMessage = false
    /// A Close frame has passed as a whole: nothing follows it.
    public private(set) var hasClose = false
    /// The bytes are no frames of this direction.
    public private(set) var isBroken = false
    /// Which direction: frames of a client are masked, those of a server are not (5.1).
    private let isFromClient: Bool

    /// A tracker at the first byte behind the handshake.
    public init(isFromClient: Bool) { self.isFromClient = isFromClient }

    /// Whether the bytes taken so far end here.
    public func isAt(_ boundary: FrameBoundary) -> Bool {
        guard !self.isBroken, self.headerCount == 0, self.remaining == 0 else { return false }
        switch boundary {
        case .none: return false
        case .frame: return true
        case .message: return !self.isInMessage
        }
    }

    /// Takes bytes up to the first boundary of this kind behind where it stands.
    ///
    /// Returns how many; all of them when no boundary comes, or it was asked for none.
    public mutating func take(_ bytes: ByteWindow, upTo boundary: FrameBoundary = .none) -> Int {
        if self.isBroken { return bytes.count }
        var at = 0
        while at < bytes.count {
            if self.remaining > 0 {
                let count = Int(min(self.remaining, UInt64(bytes.count &- at)))
                self.remaining &-= UInt64(count)
                at &+= count
                if self.remaining == 0 { self.endFrame() }
            } else {
                self.takeHeader(bytes[at])
                if self.isBroken { return bytes.count }
                at &+= 1
            }
            if boundary != .none, self.isAt(boundary) { return at }
        }
        return at
    }

    private mutating func takeHeader(_ byte: UInt8) {
        switch self.headerCount {
        case 0:
            self.first = byte
            let opcode = byte & 0x0f
            // 3 to 7 and 11 to 15 are reserved; control frames are never in parts (5.5).
            self.isBroken =
                (opcode > 2 && opcode < 8) || opcode > 10 || (opcode >= 8 && byte & 0x80 == 0)
        case 1:
            let isMasked = byte & 0x80 != 0
            let length = byte & 0x7f
            self.isBroken =
                isMasked != self.isFromClient || (self.first & 0x0f >= 8 && length > 125)
            self.lengthBytes = length == 126 ? 2 : length == 127 ? 8 : 0
            self.headerLength = 2 &+ self.lengthBytes &+ (isMasked ? 4 : 0)
            self.length = length < 126 ? UInt64(length) : 0
        case 2 where self.lengthBytes == 8 && byte & 0x80 != 0:
            self.isBroken = true
        case 2..<(2 &+ self.lengthBytes):
            self.length = self.length &<< 8 | UInt64(byte)
        default: break  // the masking key
        }
        self.headerCount &+= 1
        guard self.headerCount == self.headerLength else { return }
        self.headerCount = 0
        self.headerLength = 2
        self.remaining = self.length
        if self.remaining == 0 { self.endFrame() }
    }

    private mutating func endFrame() {
        let opcode = self.first & 0x0f
        if opcode == 8 {
            self.hasClose = true
        } else if opcode < 8 {
            self.isInMessage = self.first & 0x80 == 0
        }
    }
}

extension ByteWriter {
    /// Appends a server's Close frame with a code and a reason (RFC 6455 5.5.1).
    public mutating func appendServerClose(code: UInt16, reason: StaticString) {
        let count = reason.utf8CodeUnitCount &+ 2
        precondition(count <= 125, "a control frame of \(count) bytes")
        self.append(0x88)
        self.append(UInt8(count))
        self.append(UInt8(code >> 8))
        self.append(UInt8(code & 0xff))
        self.append(reason)
    }

    /// Appends a client's Close frame: the code alone, masked by `key` (5.3).
    public mutating func appendClientClose(code: UInt16, key: UInt32) {
        self.append(0x88)
        self.append(0x82)
        var left: UInt32 = 4
        while left > 0 {
            left &-= 1
            self.append(UInt8(truncatingIfNeeded: key >> (left &* 8)))
        }
        self.append(UInt8(code >> 8) ^ UInt8(truncatingIfNeeded: key >> 24))
        self.append(UInt8(code & 0xff) ^ UInt8(truncatingIfNeeded: key >> 16))
    }
}
