// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Wire

@Suite("Frames of a WebSocket")
struct FrameTrackerTests {
    /// A frame with content of zeros.
    private static func frame(_ first: UInt8, _ count: Int, masked: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = [first]
        let mark: UInt8 = masked ? 0x80 : 0
        if count < 126 {
            bytes.append(mark | UInt8(count))
        } else if count < 65_536 {
            bytes += [mark | 126, UInt8(count >> 8), UInt8(count & 0xff)]
        } else {
            bytes.append(mark | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
        if masked { bytes += [1, 2, 3, 4] }
        return bytes + [UInt8](repeating: 0x82, count: count)
    }

    /// Where the boundaries of this kind stand in a run of bytes, cut into parts of `step`.
    private static func boundaries(
        _ bytes: [UInt8],
        _ boundary: FrameBoundary,
        isFromClient: Bool = false,
        step: Int
    ) -> [Int] {
        var tracker = FrameTracker(isFromClient: isFromClient)
        var found: [Int] = []
        var at = 0
        while at < bytes.count {
            let part = Array(bytes[at..<min(at + step, bytes.count)])
            at += withWindow(part) { tracker.take($0, upTo: boundary) }
            if tracker.isAt(boundary) { found.append(at) }
        }
        return found
    }

    @Test func `boundaries are found however the bytes are cut`() {
        let frames = [
            Self.frame(0x81, 5), Self.frame(0x01, 200), Self.frame(0x89, 0),
            Self.frame(0x00, 70_000),
            Self.frame(0x80, 0), Self.frame(0x82, 125), Self.frame(0x82, 126), Self.frame(0x88, 2),
        ]
        var ends: [Int] = []
        for frame in frames { ends.append((ends.last ?? 0) + frame.count) }
        let bytes = frames.flatMap { $0 }
        for step in [1, 2, 3, 7, 16_384, bytes.count] {
            #expect(Self.boundaries(bytes, .frame, step: step) == ends, "parts of \(step)")
            #expect(
                Self.boundaries(bytes, .message, step: step)
                    == [ends[0], ends[4], ends[5], ends[6], ends[7]],
                "a ping between fragments is no end of a message; parts of \(step)"
            )
        }
        let masked = Self.frame(0x82, 300, masked: true) + Self.frame(0x8a, 4, masked: true)
        #expect(
            Self.boundaries(masked, .frame, isFromClient: true, step: 5)
                == [308, masked.count]
        )
    }

    @Test func `what is no frame breaks the tracker, which then takes everything`() {
        let rows: [(String, [UInt8], Bool)] = [
            ("reserved opcode", [0x83, 0], false), ("reserved control", [0x8b, 0], false),
            ("control in parts", [0x09, 0], false), ("long control", [0x89, 126, 0, 200], false),
            ("a server that masks", [0x81, 0x81], false),
            ("a client that does not", [0x81, 1], true),
            ("length of 2^63", [0x82, 127, 0x80], false), ("text", Array("HTTP/1.1".utf8), false),
        ]
        for (name, bytes, isFromClient) in rows {
            var tracker = FrameTracker(isFromClient: isFromClient)
            let taken = withWindow(bytes) { tracker.take($0, upTo: .frame) }
            #expect(tracker.isBroken, Comment(rawValue: name))
            #expect(taken == bytes.count && !tracker.isAt(.frame), Comment(rawValue: name))
        }
    }

    @Test func `a Close frame is seen once it is whole`() {
        var tracker = FrameTracker(isFromClient: false)
        withWindow([0x88, 2, 3]) { _ = tracker.take($0) }
        #expect(!tracker.hasClose)
        withWindow([0xe8]) { _ = tracker.take($0) }
        #expect(tracker.hasClose)
    }

    @Test func `our own Close frames are frames`() {
        var pool = BlockPool(capacity: 1)
        guard let block = pool.take() else {
            Issue.record("no block")
            return
        }
        var writer = pool.writer(block, from: 0)
        writer.appendServerClose(code: 1_012, reason: "service restart")
        let server = pool.window(block, 0, writer.position).array
        #expect(server == [0x88, 17, 3, 0xf4] + Array("service restart".utf8))
        writer = pool.writer(block, from: 0)
        writer.appendClientClose(code: 1_001, key: 0x1234_5678)
        let client = pool.window(block, 0, writer.position).array
        #expect(client == [0x88, 0x82, 0x12, 0x34, 0x56, 0x78, 3 ^ 0x12, 0xe9 ^ 0x34])
        var tracker = FrameTracker(isFromClient: true)
        withWindow(client) { _ = tracker.take($0) }
        #expect(tracker.hasClose && tracker.isAt(.message))
    }
}
