// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Cuts `log.entries` of an HAR file into its elements, byte by byte: such a file holds every
/// answer, so it is never read whole.
///
///     before ──"entries": [──▶ between ──{──▶ within ──}──▶ between ──]──▶ after
///
/// It only tells texts from the rest and counts brackets; the elements are parsed strictly by whom
/// they are given to.
struct HARScanner {
    /// What a byte completes.
    enum Step: Equatable {
        /// Nothing yet.
        case more
        /// An element of `entries`.
        case entry([UInt8])
        /// An element that is too long to be kept.
        case tooLong
        /// The list is over.
        case end
    }

    private enum Place {
        case before
        case between
        case within
        case after
    }

    private var place = Place.before
    private var depth = 0
    private var isText = false
    private var isEscaped = false
    /// The last text before the list, to find the key.
    private var word: [UInt8] = []
    private var isAfterKey = false
    private var element: [UInt8] = []
    private var isTooLong = false

    /// The list has been found.
    var hasEntries: Bool { self.place != .before }
    /// An element has begun and has not ended, or the list has not.
    var isOpen: Bool { self.place == .within }

    /// Gives up the element that is open.
    mutating func close() { self.place = .after }

    /// Takes the next byte.
    mutating func take(_ byte: UInt8) -> Step {
        switch self.place {
        case .before:
            self.search(byte)
            return .more
        case .between:
            return self.begin(byte)
        case .within:
            return self.collect(byte)
        case .after:
            return .end
        }
    }

    /// Looks for the key `entries` of the second level, and the `[` behind it.
    private mutating func search(_ byte: UInt8) {
        if self.isText {
            self.takeText(byte)
            if self.isText { if self.word.count < 16 { self.word.append(byte) } }
            return
        }
        switch byte {
        case 0x22:
            self.isText = true
            self.word = []
        case 0x3a: self.isAfterKey = self.depth == 2 && self.word == Array("entries".utf8)
        case 0x7b: self.depth += 1
        case 0x7d, 0x5d: self.depth -= 1
        case 0x5b:
            if self.isAfterKey {
                self.place = .between
                self.depth = 0
            } else {
                self.depth += 1
            }
        case 0x20, 0x09, 0x0a, 0x0d: break
        default: self.isAfterKey = false
        }
    }

    private mutating func begin(_ byte: UInt8) -> Step {
        switch byte {
        case 0x5d:
            self.place = .after
            return .end
        case 0x20, 0x09, 0x0a, 0x0d, 0x2c: return .more
        default:
            self.place = .within
            self.element = []
            self.isTooLong = false
            self.depth = 0
            return self.collect(byte)
        }
    }

    private mutating func collect(_ byte: UInt8) -> Step {
        if self.element.count < Limits.replayRowBytesMax {
            self.element.append(byte)
        } else {
            self.isTooLong = true
        }
        if self.isText {
            self.takeText(byte)
            return .more
        }
        switch byte {
        case 0x22: self.isText = true
        case 0x7b, 0x5b: self.depth += 1
        case 0x7d, 0x5d: self.depth -= 1
        default: break
        }
        guard self.depth <= 0, byte == 0x7d || byte == 0x5d || byte == 0x2c else { return .more }
        self.place = self.depth < 0 ? .after : .between
        defer { self.element = [] }
        return self.isTooLong ? .tooLong : .entry(self.element)
    }

    /// A byte within a text.
    private mutating func takeText(_ byte: UInt8) {
        if self.isEscaped {
            self.isEscaped = false
        } else if byte == 0x5c {
            self.isEscaped = true
        } else if byte == 0x22 {
            self.isText = false
        }
    }
}
