// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The report's page in a browser that is not ours.
@Suite("Parity report in print") struct ReportPrintTests {
    private static let chromium = "/usr/bin/chromium"

    @Test func `the page prints on A4 and asks the network for nothing`() throws {
        guard FileManager.default.isExecutableFile(atPath: ReportPrintTests.chromium) else {
            print("skipped: chromium is not installed (make deps-test)")
            return
        }
        let folder = NSTemporaryDirectory() + "report-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let page = Places.package.appendingPathComponent("Tests/Golden/ParityReport/report.html")
        let result = try runCommand(
            ReportPrintTests.chromium,
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--user-data-dir=\(folder)/profile", "--host-resolver-rules=MAP * ~NOTFOUND",
                "--no-pdf-header-footer", "--print-to-pdf=\(folder)/report.pdf",
                page.absoluteString,
            ]
        )
        #expect(result.status == 0, "\(result.error)")
        let pdf = try Data(contentsOf: URL(fileURLWithPath: folder + "/report.pdf"))
        let text = String(decoding: pdf, as: UTF8.self)
        let boxes = text.components(separatedBy: "/MediaBox [").dropFirst().map {
            $0.prefix { $0 != "]" }.split(separator: " ").compactMap { Double($0) }
        }
        #expect((3...8).contains(boxes.count))
        for box in boxes where box.count == 4 {
            #expect(abs(box[2] - 595) < 1.5 && abs(box[3] - 842) < 1.5, "\(box)")
        }
    }
}
