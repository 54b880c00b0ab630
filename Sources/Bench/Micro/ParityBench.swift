// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import Kernel
import Parity

/// `make micro`: how fast answers are read and compared, in MB/s of what is read.
enum ParityBench {
    static func run() throws {
        for (name, size) in [("1 KiB", 1_024), ("64 KiB", 65_536), ("1 MiB", 1 << 20)] {
            try self.run(name, size)
        }
        try self.runOthers()
    }

    /// The same documents read and compared by Python's `json`, and by deepdiff where
    /// `make deps-test` has put it.
    private static func runOthers() throws {
        let oracle = ".build/oracles/bin/python"
        let hasDeepDiff = FileManager.default.isExecutableFile(atPath: oracle)
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "banyan-parity-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = [("a", "2026-01-01T10:00:00Z"), ("b", "2026-01-01T10:00:01Z")].map {
            (folder.appending(path: $0.0), self.sessions(65_536, at: $0.1, price: "1.50"))
        }
        for (file, bytes) in files { try Data(bytes).write(to: file) }
        let python = Process()
        python.executableURL = URL(filePath: hasDeepDiff ? oracle : "/usr/bin/python3")
        python.arguments = ["-c", self.program] + files.map(\.0.path)
        try python.run()
        python.waitUntilExit()
        guard python.terminationStatus == 0 else { throw BenchError(description: "no Python") }
        if !hasDeepDiff { say("deepdiff: not installed (make deps-test)") }
    }

    private static let program = """
        import json, sys, time
        a, b = (open(f, 'rb').read() for f in sys.argv[1:3])
        def best(name, size, body, turns):
            least = 1e9
            for _ in range(3):
                start = time.perf_counter()
                for _ in range(turns): body()
                least = min(least, (time.perf_counter() - start) / turns)
            print(f'{name}: {size / least / 1e6:.1f} MB/s')
        best('python json, parse 64 KiB', len(a), lambda: json.loads(a), 30)
        both = len(a) + len(b)
        equal = lambda: json.loads(a) == json.loads(b)
        best('python json, parse both and ==, 64 KiB', both, equal, 15)
        x, y = json.loads(a), json.loads(b)
        try:
            from deepdiff import DeepDiff
            best('deepdiff, compare 64 KiB, one field differs', both, lambda: DeepDiff(x, y), 1)
        except ImportError: pass
        """

    private static func run(_ name: String, _ size: Int) throws {
        let legacy = self.sessions(size, at: "2026-01-01T10:00:00Z", price: "1.50")
        let later = self.sessions(size, at: "2026-01-01T10:00:01Z", price: "1.50")
        let other = self.sessions(size, at: "2026-01-01T10:00:01Z", price: "1.75")
        self.best("parse \(name) of JSON", bytes: legacy.count) {
            _ = try? JSONTree(parsing: legacy)
        }
        // What the others are measured by: from bytes to the list of differences.
        self.best("parse both and compare \(name): one field differs", bytes: 2 * legacy.count) {
            guard let one = try? JSONTree(parsing: legacy), let two = try? JSONTree(parsing: later)
            else { return }
            var identities = IdentityTable(key: DigestKey(first: 1, second: 2))
            _ = differences(
                one,
                two,
                rules: .none,
                options: DifferOptions(),
                identities: &identities
            )
        }
        let a = try JSONTree(parsing: legacy)
        let pairs = [
            ("equal bytes", try JSONTree(parsing: legacy), RuleSet.none),
            (
                "one field ignored, 12 rules", try JSONTree(parsing: later),
                try self.rules(ids: false)
            ),
            ("the same with ids learnt", try JSONTree(parsing: later), try self.rules(ids: true)),
            ("two fields of each item differ, no rule", try JSONTree(parsing: other), RuleSet.none),
        ]
        for (what, modern, rules) in pairs {
            var identities = IdentityTable()
            self.best("compare \(name): \(what)", bytes: a.bytes.count + modern.bytes.count) {
                _ = differences(
                    a,
                    modern,
                    rules: rules,
                    options: DifferOptions(),
                    identities: &identities
                )
            }
        }
    }

    /// The best of seven runs of some 20 MB each.
    private static func best(_ name: String, bytes: Int, _ body: () -> Void) {
        let turns = max(3, 20_000_000 / bytes)
        var least = UInt64.max
        for _ in 0..<7 {
            let start = monotonicNanoseconds()
            for _ in 0..<turns { body() }
            least = min(least, monotonicNanoseconds() - start)
        }
        let nanoseconds = Double(least) / Double(turns)
        let rate = Report.number(Double(bytes) * 1_000 / nanoseconds, 0)
        say("\(name): \(rate) MB/s (\(Report.number(nanoseconds / 1_000, 1)) µs)")
    }

    private static func rules(ids: Bool) throws -> RuleSet {
        let names = ["/text", "/meta", "/**/url", "/**/display", "/*/x", "/**/amount", "/a/b/c"]
        var rules = names.map { ParityRule(path: $0, kind: .exact, origin: "bench") }
        let ignore = ParityRuleKind.ignore(owner: "bench", reason: "clock", expiresUnixSeconds: nil)
        rules.append(ParityRule(path: "/**/startedAt", kind: ignore, origin: "bench"))
        for name in ["/**/id", "/**/reference", "/**/patientId", "/**/fullUrl"] {
            let kind: ParityRuleKind = ids ? .identifier : .exact
            rules.append(ParityRule(path: name, kind: kind, origin: "bench"))
        }
        return try RuleSet(rules: rules)
    }

    /// A list of virtual sessions, as the sample's origins have them.
    private static func sessions(_ size: Int, at time: String, price: String) -> [UInt8] {
        var items: [UInt8] = []
        var number = 0
        while items.count < size {
            if number > 0 { items.append(UInt8(ascii: ",")) }
            items += #"{"id":"s-\#(number)","status":"scheduled","startedAt":"\#(time)","#.utf8
            items += #""patient":{"id":"p-\#(number * 7)","name":"Jane Doe","age":42},"#.utf8
            items += #""participants":[{"role":"clinician","id":"c-1"},{"role":"patient"}],"#.utf8
            items += #""price":\#(price),"notes":"A short \"note\" about the visit.","#.utf8
            items += #""flags":[true,false,null]}"#.utf8
            number += 1
        }
        return Array(#"{"total":\#(number),"items":["#.utf8) + items + Array("]}".utf8)
    }
}
