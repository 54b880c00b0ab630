// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test func `literals build documents`() {
        var value: DocumentValue = [
            "a": 1, "b": [true, 1.5, "x\u{1}\"\\\n\u{7F}é"], "c": .null, "d": [:], "e": [],
            "f": .optional(String?.none), "g": .decimal(.nan), "h": .list(["p", "q"]),
        ]
        value.set("a", .integer(UInt64.max))
        value.set("z", "Δ\(1)")
        #expect(
            value.json
                == #"{"a":18446744073709551615,"b":[true,1.5,"x\u0001\"\\\n"# + "\u{7F}é"
                + #""],"c":null,"d":{},"e":[],"f":null,"g":null,"h":["p","q"],"z":"Δ1"}"#
        )
    }

    @Test func `pretty JSON has two spaces per level and short empty blocks`() {
        let value: DocumentValue = ["a": [1, ["b": [:]]], "c": []]
        #expect(
            value.prettyJSON == """
                {
                  "a": [
                    1,
                    {
                      "b": {}
                    }
                  ],
                  "c": []
                }
                """
        )
    }

    @Test func `what was written is read back the same`() throws {
        let value: DocumentValue = ["k\u{2028}": ["\u{0}\u{1F}", 1e-7, -3, .bool(false)]]
        for text in [value.json, value.prettyJSON] {
            let node = try DocumentNode.parse(json: text, file: "f")
            #expect(node.value.json == value.json)
        }
    }

    @Test func `the suite of RFC 8785 has its canonical bytes`() throws {
        guard let folder = sharedData("suites/jcs") else { return }
        let names = try FileManager.default.contentsOfDirectory(
            atPath: folder.appending(path: "input").path
        )
        #expect(names.count == 6)
        for name in names {
            let input = try Data(contentsOf: folder.appending(path: "input/\(name)"))
            let output = try Data(contentsOf: folder.appending(path: "output/\(name)"))
            let node = try DocumentNode.parse(json: [UInt8](input), file: name)
            let canonical = try node.value.canonicalJSON()
            #expect(canonical == [UInt8](output), "\(name)")
            // Canonical text is its own canonical form.
            let again = try DocumentNode.parse(json: canonical, file: name)
            #expect(try again.value.canonicalJSON() == canonical, "\(name)")
        }
    }

    @Test func `numbers are written as ECMAScript writes them`() {
        // RFC 8785 appendix B
        let rows: [(UInt64, String)] = [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"), (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"), (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"), (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ]
        for (bits, text) in rows {
            #expect(ecmaScriptText(of: Double(bitPattern: bits)) == text)
        }
        #expect(throws: DocumentsError.numberOutOfRange(lexeme: "1e400")) {
            try DocumentValue.number("1e400").canonicalJSON()
        }
    }
}
