// SPDX-License-Identifier: Apache-2.0
import Testing

/// design.md 11: arrows point down only; style.md D.33: no Foundation where speed is owed.
enum LayerRules {
    private static let system: Set<String> = ["Glibc", "Synchronization", "CLinux"]

    /// What each target may import of ours, besides the system's modules.
    ///
    /// C targets only as named.
    static let allowed: [String: Set<String>] = [
        // pure
        "Bytes": [],
        "Documents": ["Bytes"],
        "Parity": ["Bytes", "Documents"],
        "Migration": ["Bytes", "Documents", "Parity"],
        // mechanisms: none knows another
        "Wire": ["Bytes", "CNGHTTP2"],
        "Kernel": ["Bytes"],
        "Store": ["Bytes", "Documents", "Migration", "Parity", "CSQLite", "COpenSSL"],
        "TLS": ["Bytes", "COpenSSL"],
        "YAML": ["Bytes", "Documents", "CFyaml"],
        "Patterns": ["Bytes", "CPCRE2"],
        "Decode": ["Bytes", "Parity", "CZlib", "CBrotli", "CZstd", "CLibXML2"],
        "Names": ["Bytes", "CCAres"],
        // planes: they never import each other
        "Proxy": ["Bytes", "Parity", "Migration", "Wire", "TLS", "Kernel", "Patterns"],
        "Control": [
            "Bytes", "Documents", "Parity", "Migration", "Wire", "Kernel", "Store", "YAML",
            "Patterns", "Decode", "Names", "TLS",
            "Foundation",
        ],
        // programs
        "Banyan": [
            "Bytes", "Documents", "Parity", "Migration", "Wire", "Kernel", "Store", "YAML",
            "Patterns", "Decode", "TLS",
            "Proxy", "Control", "Foundation",
        ],
        "Bench": [
            "Bytes", "Documents", "Parity", "Migration", "Wire", "Kernel", "Patterns", "Proxy",
            "COpenSSL", "Foundation",
        ],
        "Fuzz": [
            "Bytes", "Documents", "Migration", "Wire", "YAML", "Control", "Patterns", "Decode",
            "Parity", "Foundation", "FuzzDriver",
        ],
    ]

    static func check(_ file: SourceFile) -> [Finding] {
        guard let module = file.module else { return [] }
        guard let own = allowed[module] else {
            return [Finding(path: file.path, line: 1, text: "no layer is stated for \(module)")]
        }
        var findings: [Finding] = []
        for (number, line) in SwiftText(file.text).lines.enumerated() {
            let words = line.split(separator: " ").map(String.init)
            guard let keyword = words.firstIndex(of: "import"), keyword <= 2,
                words[..<keyword].allSatisfy({ $0.hasPrefix("@") || isAccess($0) }),
                let name = words.dropFirst(keyword + 1).last
            else { continue }
            let imported = String(name.prefix { $0 != "." })
            if !own.contains(imported) && !system.contains(imported) {
                findings.append(
                    Finding(
                        path: file.path,
                        line: number + 1,
                        text: "\(module) imports \(imported)"
                    )
                )
            }
        }
        return findings
    }

    private static func isAccess(_ word: String) -> Bool {
        ["public", "package", "internal", "fileprivate", "private"].contains(word)
    }

    /// No type may have its module's name: Swift could not qualify names then (style.md C.2).
    static func checkTypeName(_ file: SourceFile) -> [Finding] {
        guard let module = file.module else { return [] }
        let text = SwiftText(file.text)
        let words = text.words
        let kinds = ["struct", "class", "enum", "actor", "protocol", "typealias"]
        return zip(words, words.dropFirst()).compactMap { keyword, name in
            guard kinds.contains(keyword.text), name.text == module else { return nil }
            return Finding(
                path: file.path,
                line: text.line(of: name.start),
                text: "the type \(name.text) has its module's name"
            )
        }
    }
}

@Suite("Layers")
struct LayerTests {
    @Test func `every import points down`() {
        let findings = Tree.files.filter(\.isSwift).flatMap(LayerRules.check)
        #expect(findings.isEmpty, "\(listed(findings))")
    }

    @Test func `no type has its module's name`() {
        let findings = Tree.files.filter(\.isSwift).flatMap(LayerRules.checkTypeName)
        #expect(findings.isEmpty, "\(listed(findings))")
    }

    @Test func `an import that points up, sideways or to Foundation is found`() {
        let bad = [
            ("Proxy", "internal import Control"), ("Control", "import Proxy"),
            ("Bytes", "public import Migration"), ("Wire", "@preconcurrency import Foundation"),
            ("Wire", "import Kernel"), ("Proxy", "import struct Foundation.Data"),
            ("Kernel", "import COpenSSL"), ("Elsewhere", "import Bytes"),
        ]
        for (module, line) in bad {
            let file = SourceFile(path: "Sources/\(module)/A.swift", text: "\n\(line)\n")
            #expect(LayerRules.check(file).count == 1, "\(module): \(line)")
        }
        let good = SourceFile(
            path: "Sources/Proxy/A.swift",
            text: "// import Control\npublic import Wire\n"
        )
        #expect(LayerRules.check(good).isEmpty)
    }

    @Test func `a type with its module's name is found`() {
        let file = SourceFile(path: "Sources/Proxy/A.swift", text: "public enum Proxy {}\n")
        #expect(LayerRules.checkTypeName(file).count == 1)
    }
}
