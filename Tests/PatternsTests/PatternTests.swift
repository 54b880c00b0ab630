// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Patterns

@Suite("Regular expressions of routes")
struct PatternTests {
    /// Whether the pattern matches the text, whose bytes lie in a pooled block as on the wire.
    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        let compiled = try Pattern(pattern)
        var scratch = PatternScratch()
        var blocks = BlockPool(capacity: 1)
        guard let block = blocks.take() else {
            Issue.record("no block")
            return false
        }
        var writer = blocks.writer(block, from: 0)
        for byte in text.utf8 { writer.append(byte) }
        let isWhole = !writer.overflowed
        #expect(isWhole)
        return scratch.matches(compiled.address, blocks.window(block, 0, text.utf8.count))
    }

    @Test func `the whole subject matches or none of it`() throws {
        let rows: [(String, String, Bool)] = [
            ("/a", "/a", true), ("/a", "/ab", false), ("/a", "x/a", false),
            ("/[0-9]+", "/123", true), ("/[0-9]+", "/12a", false), ("/a|/b", "/b", true),
            ("/a|/b", "/bc", false), ("/a$", "/a\n", false), ("/.*", "/", true), ("", "", true),
        ]
        for (pattern, text, expected) in rows {
            #expect(try self.matches(pattern, text) == expected, "\(pattern) on \(text)")
        }
    }

    @Test func `a pattern that explodes is no match, and soon`() throws {
        let text = "/" + String(repeating: "a", count: 4_000) + "!"
        #expect(try !self.matches("/(a+)+", text))
        #expect(try self.matches("/a+!", text))
    }

    @Test func `what is no pattern says why and where`() throws {
        for (text, offset) in [("/(a", 3), ("/a)", 2), ("[z-a]", 3), ("*", 0)] {
            do {
                _ = try Pattern(text)
                Issue.record("\(text) compiled")
            } catch {
                #expect(!error.message.isEmpty, "\(text)")
                #expect(error.offset == offset, "\(text): \(error)")
            }
        }
    }
}
