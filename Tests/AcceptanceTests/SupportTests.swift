// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("What acceptance tests stand on")
struct SupportTests {
    @Test func `the built banyan is found and tells its version`() throws {
        let result = try banyan(["version"])
        #expect(result.status == 0)
        #expect(result.out.hasPrefix("banyan "))
    }

    @Test func `curl sees a file of a python server in every framing`() throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: "synthetic ", count: 1_000)
        try folder.write("files/one.json", text)
        for framing in ["length", "chunked", "gzip"] {
            let origin = try PythonOrigin.files(
                in: folder.path("files"),
                name: "legacy",
                framing: framing
            )
            let answer = try curl(["--compressed", "http://\(origin.address)/one.json"])
            #expect(answer.status == 200, "\(framing)")
            #expect(answer.text == text, "\(framing)")
            #expect(answer.field("Origin-Name") == "legacy", "\(framing)")
            #expect(try curl(["http://\(origin.address)/none"]).status == 404, "\(framing)")
        }
    }

    @Test func `a telling server repeats what it was asked, a raw one writes what it is given`()
        throws
    {
        let telling = try PythonOrigin.telling(name: "modern")
        let answer = try curl(["-d", "abc", "http://\(telling.address)/a?b=c"])
        #expect(
            answer.text.contains(#""target": "/a?b=c""#) && answer.text.contains(#""length": 3"#)
        )
        let raw = try PythonOrigin.raw(answer: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        #expect(try curl(["http://\(raw.address)/"]).exit == 18)
        let reset = try PythonOrigin.raw(answer: "", resets: true)
        #expect(try curl(["http://\(reset.address)/"]).exit == 56)
    }

    @Test func `a wait that is in vain ends at its deadline and says what for`() {
        #expect(throws: AcceptanceError.self) { try waitUntil("never", seconds: 0.05) { false } }
    }
}
