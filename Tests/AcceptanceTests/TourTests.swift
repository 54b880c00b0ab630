// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Tour and README", .serialized)
struct TourTests {
    @Test func `the tour's lines all show what they promise`() throws {
        let result = try banyan(
            ["sample", "tour", "--run"],
            directory: Places.package.path,
            seconds: 120
        )
        #expect(result.status == 0, "\(result.out)\(result.error)")
        for sight in [
            "Sample-Origin: legacy", "generation ", "Sample-Origin: modern", "HTTP/1.1 307",
            "MODULE_NOT_LICENSED", "HTTP/1.1 410",
        ] {
            #expect(result.out.contains(sight), "\(sight)")
        }
    }

    @Test func `README's commands print what README says`() throws {
        let file = Places.package.appendingPathComponent("README.md")
        let commands = consoleCommands(of: try String(contentsOf: file, encoding: .utf8))
        #expect(commands.count > 8)
        let world = try TourUnderTest()
        for step in commands {
            let result = try world.shell(step.command)
            let output = (result.out + result.error).replacingOccurrences(of: "\r", with: "")
            let comment = Comment(rawValue: "\(step.command)\n\(output)")
            #expect(result.status == step.exit, comment)
            #expect(firstMissing(step.expected.map(world.real), in: output) == nil, comment)
        }
    }

    @Test func `every exit code of README is told by help, and the other way round`() throws {
        let file = Places.package.appendingPathComponent("README.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let told = page.components(separatedBy: "\n").compactMap { line -> String? in
            let cells = line.split(separator: "|").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            return cells.count == 2 && Int(cells[0]) != nil ? cells[0] : nil
        }
        var helped: Set<String> = []
        for command in ["serve", "flip", "rollback", "status", "validate"] {
            let help = try banyan([command, "--help"]).out
            let codes = help.components(separatedBy: "Exit codes:\n").last ?? ""
            for line in codes.components(separatedBy: "\n") {
                let words = line.split(separator: " ")
                if let code = words.first, Int(code) != nil { helped.insert(String(code)) }
            }
        }
        #expect(helped.isSubset(of: told), "\(helped.subtracting(told))")
        #expect(Set(told).isSubset(of: helped), "\(Set(told).subtracting(helped))")
    }

    @Test func `Ctrl-C ends the tour, its edge and its folder`() throws {
        let world = try TourUnderTest()
        world.child.signal(SIGINT)
        #expect(try world.child.waitForEnd() == 0)
        #expect(!FileManager.default.fileExists(atPath: world.folder))
    }
}

@Suite("Sample services behind curl", .serialized)
struct SampleFaultAcceptanceTests {
    @Test func `modern serves three ports, one port, or one service, and nonsense is usage`() throws
    {
        let any = ["--listen", "127.0.0.1:0"]
        let paths = [
            "/api/v1/virtual-care/sessions/vs-1001", "/api/v1/care-plans/cp-1001",
            "/api/v1/patient-portal/accounts/pa-1001",
        ]
        func statuses(_ arguments: [String], ports: Int) throws -> [[Int]] {
            let child = try ChildProcess(
                Places.binary.path,
                ["sample", "modern"] + arguments
            )
            var addresses: [String] = []
            try waitUntil("\(ports) ports") {
                addresses = child.out.components(separatedBy: "\n").dropLast().compactMap {
                    $0.components(separatedBy: " on ").last
                }
                return addresses.count == ports
            }
            return try addresses.map { address in
                try paths.map { try curl(["http://\(address)\($0)"]).status }
            }
        }
        let each = [[200, 404, 404], [404, 200, 404], [404, 404, 200]]
        #expect(try statuses(any + any + any, ports: 3) == each)
        #expect(try statuses(any, ports: 1) == [[200, 200, 200]])
        let one = ["--service", "care-plan-service"] + any
        #expect(try statuses(one, ports: 1) == [[404, 200, 404]])
        for (wrong, word) in [
            (any + any, "2 times --listen"), (["--service", "care-plan"], "care-plan-service"),
            (["--listen", "here"], "HOST:PORT"), (["--seed", "x"], "--seed"),
            (["--fault", "slow"], "no fault"),
        ] {
            let result = try banyan(["sample", "modern"] + wrong)
            #expect(result.status == 64 && result.error.contains(word), "\(wrong) \(result.error)")
        }
    }

    @Test func `every fault looks to curl as its name says`() throws {
        let child = try ChildProcess(
            Places.binary.path,
            ["sample", "legacy", "--listen", "127.0.0.1:0"]
        )
        let address = try child.waitForOutput(" on (127\\.0\\.0\\.1:[0-9]+)$")[1]
        let item = "http://\(address)/api/v1/digital-communication/virtual-sessions/vs-1001"
        let control = "http://\(address)/_sample/fault"
        let whole = try curl([item])
        #expect(whole.status == 200)
        // Curl's exit: 0 well, 18 cut short, 28 too slow, 52 empty, 56 reset, 1 or 8 no HTTP.
        let table: [(fault: String, status: Int, exits: Set<Int32>)] = [
            (#"{"kind":"status500"}"#, 500, [0]),
            (#"{"kind":"status503"}"#, 503, [0]),
            (#"{"kind":"delay","milliseconds":50}"#, 200, [0]),
            (#"{"kind":"reset"}"#, 0, [56]),
            (#"{"kind":"close"}"#, 0, [52]),
            (#"{"kind":"blackhole"}"#, 0, [28]),
            (#"{"kind":"trickle","milliseconds":100}"#, 0, [28]),
            (#"{"kind":"shortBody"}"#, 200, [18]),
            (#"{"kind":"garbage"}"#, 0, [1, 8]),
        ]
        for row in table {
            #expect(try curl(["-X", "PUT", "-d", row.fault, control]).status == 200)
            let answer = try curl(["--max-time", "1", item])
            #expect(answer.status == row.status, "\(row.fault)")
            #expect(row.exits.contains(answer.exit), "\(row.fault): \(answer.exit)")
        }
        #expect(try curl(["-X", "DELETE", control]).status == 204)
        for framing in ["chunked", "gzip", "close"] {
            let answer = try curl(["--compressed", "\(item)?framing=\(framing)"])
            #expect(answer.body == whole.body, "\(framing)")
        }
        let counts = try curl(["http://\(address)/_sample/requests"]).text
        #expect(counts.contains(#""GET":13"#), "\(counts)")
        child.signal(SIGTERM)
        #expect(try child.waitForEnd() == 0)
    }
}
