// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The alerts of the folder `Alerts`: as Prometheus takes them, each with its page and its figures.
@Suite("Alerts") struct AlertTests {
    private static let folder = Places.package.appendingPathComponent("Alerts")

    private static func matches(_ pattern: String, in text: String) throws -> [String] {
        let expression = try NSRegularExpression(pattern: pattern, options: .anchorsMatchLines)
        let all = NSRange(text.startIndex..., in: text)
        return expression.matches(in: text, range: all).compactMap { match in
            Range(match.range(at: match.numberOfRanges - 1), in: text).map { String(text[$0]) }
        }
    }

    @Test func `promtool takes the rules, and they fire when they shall`() throws {
        for arguments in [
            ["check", "rules", "parity.yaml"], ["test", "rules", "parity.test.yaml"],
        ] {
            let result = try runCommand("promtool", arguments, directory: Self.folder.path)
            #expect(result.status == 0, "\(arguments): \(result.out)\(result.error)")
        }
    }

    @Test func `every alert has its page, and every figure that it asks is in a scrape`() throws {
        let rules = try String(
            contentsOf: Self.folder.appendingPathComponent("parity.yaml"),
            encoding: .utf8
        )
        let names = try Self.matches("- alert: (\\w+)$", in: rules)
        let pages = try Self.matches("runbook_url: (\\S+)$", in: rules)
        #expect(names.count == 3 && pages == names.map { "Runbooks/\($0).md" })
        for page in pages {
            let path = Places.package.appendingPathComponent(page).path
            #expect(FileManager.default.fileExists(atPath: path), "\(page)")
        }
        let world = try SampleParityWorld()
        try world.read(5)
        let scrape = try waitFor("verdicts are there") {
            let text = try curl([world.edge.observe("/metrics")]).text
            return text.contains("banyan_parity_verdict{") ? text : nil
        }
        for figure in Set(try Self.matches("(banyan_\\w+)", in: rules)) {
            #expect(scrape.contains("\n\(figure){") || scrape.contains("\n\(figure) "), "\(figure)")
        }
        let page = try world.edge.folder.write("page", scrape)
        let promtool = try runCommand("/bin/sh", ["-c", "promtool check metrics < \(page)"])
        #expect(promtool.status == 0 && promtool.out + promtool.error == "")
    }
}
