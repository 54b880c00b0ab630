// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Finds the headers of frames in a peer's bytes, however they are cut (RFC 9113 4.1).
///
/// libnghttp2 tells of most frames, but not of those that it ignores: content of streams that are
/// gone, header blocks of refused ones, kinds that nobody knows. These are what floods are made of.
struct H2FrameScanner: BitwiseCopyable {
    /// A frame's header.
    struct Header: BitwiseCopyable {
        var length = 0
        var type: UInt8 = 0
        var flags: UInt8 = 0
        var stream: Int32 = 0
    }

    /// Bytes of the preface or of a payload that are still to come.
    private var skips: Int
    private var gathered = 0
    private var header = Header()
    /// The header of the frame under way or just read; `nil` before the first.
    private(set) var last: Header?

    /// A client's bytes begin with its preface (RFC 9113 3.4).
    init(skipsPreface: Bool) { self.skips = skipsPreface ? 24 : 0 }

    /// Whether the peer has begun what keeps all else waiting, and has not ended it.
    ///
    /// That is its preface, or a head in one frame or several (RFC 9113 3.4, 4.3).
    var isInHead: Bool {
        guard let last = self.last else { return true }
        guard last.type == 0x1 || last.type == 0x9 else { return false }
        return self.skips > 0 || last.flags & 0x4 == 0
    }

    /// Goes on from `at` to the end of the next frame header, which it returns, or of the window.
    ///
    /// `at` is where it stopped.
    mutating func next(_ window: ByteWindow, from at: inout Int) -> Header? {
        if self.skips > 0 {
            let count = min(self.skips, window.count &- at)
            self.skips &-= count
            at &+= count
        }
        while at < window.count {
            let byte = window[at]
            at &+= 1
            switch self.gathered {
            case 0...2: self.header.length = self.header.length &<< 8 | Int(byte)
            case 3: self.header.type = byte
            case 4: self.header.flags = byte
            case 5: self.header.stream = Int32(byte & 0x7f)
            default: self.header.stream = self.header.stream &<< 8 | Int32(byte)
            }
            self.gathered &+= 1
            if self.gathered == 9 {
                let whole = self.header
                self.gathered = 0
                self.header = Header()
                self.skips = whole.length
                self.last = whole
                return whole
            }
        }
        return nil
    }
}
