// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A report can be written where no edge runs: on a copy of its folder, a year later.
@Suite("Reports without an edge") struct LocalReportTests {
    @Test func `a stopped edge's store gives the same bytes as the running edge`() throws {
        let world = try SampleParityWorld()
        try world.read(20)
        var running: [String: String] = [:]
        for format in ["json", "text", "html", "csv"] {
            let answer = try self.report(world, format)
            #expect(answer.status == 0 && answer.error.isEmpty, "\(format): \(answer.error)")
            running[format] = answer.out
        }
        world.edge.child.signal(SIGTERM)
        #expect(try world.edge.child.waitForEnd() == 0)
        let store = world.edge.folder.path("parity.db")
        let before = try Data(contentsOf: URL(fileURLWithPath: store))
        for (format, text) in running {
            let answer = try self.report(world, format)
            #expect(answer.status == 0 && answer.error.contains("no edge is running"), "\(answer)")
            #expect(answer.out == text, "\(format)")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: store)) == before)
        let wrong = try world.edge.banyan(["parity", "report", "virtual-car"])
        #expect(wrong.status != 0 && wrong.error.contains("virtual-care"), "\(wrong)")
        try FileManager.default.removeItem(atPath: store)
        let gone = try self.report(world, "text")
        #expect(gone.status != 0 && gone.error.contains("parity store"), "\(gone)")
        #expect(!FileManager.default.fileExists(atPath: store))
    }

    private func report(_ world: SampleParityWorld, _ format: String) throws -> CommandResult {
        try world.edge.banyan(["parity", "report", "virtual-care", "--format", format])
    }
}
