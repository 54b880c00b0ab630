// SPDX-License-Identifier: Apache-2.0
import Testing

/// style.md D.15: unsafe code lives on islands, and each says which invariant holds it up.
enum UnsafeRules {
    /// Files that may say `unsafe` without the name of an island: leaf calls into C of a few lines.
    static let allowed: Set<String> = [
        "Sources/Bytes/Slab.swift",
        "Sources/Kernel/Clock.swift",
        "Sources/Kernel/Errno.swift",
        "Sources/Kernel/Signals.swift",
        "Sources/Kernel/Wakeup.swift",
    ]

    static func check(_ file: SourceFile) -> [Finding] {
        guard file.module != nil else { return [] }
        let text = SwiftText(file.text)
        let uses = text.words.filter { word in
            // `@unsafe` and the expression; not a name such as `unsafeMethods`, nor `case unsafe`.
            word.text == "unsafe" && !isName(text, word)
        }
        guard let first = uses.first else { return [] }
        let line = text.line(of: first.start)
        let isIsland =
            file.name.hasSuffix("Island.swift") || file.name.hasSuffix("Callbacks.swift")
        if !isIsland && !allowed.contains(file.path) {
            return [Finding(path: file.path, line: line, text: "unsafe code outside an island")]
        }
        let head = file.lines.prefix(12).joined(separator: " ")
        let saysWhy = head.contains("nvariant") || file.text.contains("SAFETY:")
        return saysWhy
            ? [] : [Finding(path: file.path, line: line, text: "unsafe code without its invariant")]
    }

    private static func isName(_ text: SwiftText, _ word: SwiftText.Word) -> Bool {
        let before = text.code[..<word.start].last { $0 != UInt8(ascii: " ") }
        if before == UInt8(ascii: ".") { return true }
        let line = text.lines[text.line(of: word.start) - 1]
        return ["case unsafe", "var unsafe", "let unsafe", "unsafe:"].contains(where: line.contains)
    }
}

@Suite("Unsafe code")
struct UnsafeTests {
    @Test func `unsafe code stays on its islands`() {
        let findings = Tree.files.filter(\.isSwift).flatMap(UnsafeRules.check)
        #expect(findings.isEmpty, "\(listed(findings))")
    }

    @Test func `unsafe code elsewhere, or without its invariant, is found`() {
        let code = "func f() { unsafe g() }\n"
        let outside = SourceFile(path: "Sources/Proxy/Exchange.swift", text: code)
        #expect(UnsafeRules.check(outside).map(\.text) == ["unsafe code outside an island"])
        let silent = SourceFile(path: "Sources/Bytes/AIsland.swift", text: code)
        #expect(UnsafeRules.check(silent).map(\.text) == ["unsafe code without its invariant"])
        let told = SourceFile(
            path: "Sources/Bytes/AIsland.swift",
            text: "// Invariant: g checks.\n" + code
        )
        #expect(UnsafeRules.check(told).isEmpty)
        let spoken = SourceFile(
            path: "Sources/Proxy/A.swift",
            text: "// unsafe\nlet unsafeMethods = 1 // unsafe\n"
        )
        #expect(UnsafeRules.check(spoken).isEmpty)
    }

    @Test func `every file of the list exists`() {
        for path in UnsafeRules.allowed { #expect(Tree.exists(path), "\(path)") }
    }
}
