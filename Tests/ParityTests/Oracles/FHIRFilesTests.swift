// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Parity

/// Real records, as two versions of FHIR publish them.
@Suite("JSON of real records")
struct FHIRFilesTests {
    private static var files: [URL]? {
        let environment = ProcessInfo.processInfo.environment["BANYAN_SHARED"]
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let shared =
            environment.map { URL(fileURLWithPath: $0) }
            ?? root.deletingLastPathComponent().appendingPathComponent("shared")
        let folder = shared.appendingPathComponent("data/fhir")
        guard let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        else { return nil }
        let files = all.compactMap { $0 as? URL }.filter { $0.pathExtension == "json" }
        return files.isEmpty ? nil : files.sorted { $0.path < $1.path }
    }

    /// Keys sorted, other white space, everything escaped that can be; numbers as they were.
    private static let rewriter = """
        import sys, json, re
        keep = lambda s: '@@' + s + '@@'
        for line in sys.stdin:
            v = json.load(open(line.strip(), encoding='utf-8'), parse_float=keep, parse_int=keep)
            text = json.dumps(v, sort_keys=True, ensure_ascii=True, separators=(' , ', ' :  '))
            print(re.sub('"@@(.*?)@@"', lambda m: m.group(1), text))
        """

    @Test func `a record agrees with itself written by another program`() throws {
        guard let files = Self.files else {
            print("skipped: no FHIR files beside the package (BANYAN_SHARED)")
            return
        }
        let texts = try PythonOracle.ask(Self.rewriter, files.map(\.path))
        try #require(texts.count == files.count)
        for (file, text) in zip(files, texts) {
            let own = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            let found = try differ(own, text)
            #expect(found.allSatisfy { $0.hasSuffix(" lexeme formatting") }, "\(file.path)")
            #expect(try differ(own, own) == [])
        }
        #expect(files.count > 100)
    }

    @Test func `one changed leaf of a record is found at its place, whatever it is`() throws {
        guard let files = Self.files else {
            print("skipped: no FHIR files beside the package (BANYAN_SHARED)")
            return
        }
        var dice = Dice(seed: 51)
        for file in files.shuffled(using: &dice).prefix(60) {
            let bytes = Array(try Data(contentsOf: file))
            let tree = try JSONTree(parsing: bytes)
            let leaves = tree.nodes.indices.filter { index in
                let kind = tree.nodes[index].kind
                return kind != .object && kind != .array
            }
            let leaf = leaves[dice.roll(leaves.count)]
            let node = tree.nodes[leaf]
            var changed = bytes
            changed.replaceSubrange(Int(node.start)..<Int(node.end), with: #""changed!""#.utf8)
            let found = try differ(
                String(decoding: bytes, as: UTF8.self),
                String(decoding: changed, as: UTF8.self)
            )
            #expect(found.count == 1, "\(file.path) \(found)")
            let key = tree.key(leaf).map { String(decoding: $0, as: UTF8.self) }
            #expect(found.first?.contains(key.map { "/\($0) " } ?? "/* ") == true, "\(found)")
        }
    }
}
