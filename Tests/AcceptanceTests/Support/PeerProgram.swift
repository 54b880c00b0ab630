// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Programs of `Tests/Peers`: clients and origins in Python, on libraries that are not ours.
enum PeerProgram {
    /// The folder of the programs.
    static let folder = Places.package.appendingPathComponent("Tests/Peers")

    /// The Python that `.ci/oracles` made in `.build/NAME`; `nil` (and a line that says so) where
    /// there was no package index.
    static func python(_ name: String = "peers") -> String? {
        let path = Places.package.appendingPathComponent(".build/\(name)/bin/python").path
        if FileManager.default.isExecutableFile(atPath: path) { return path }
        print("skipped: no Python packages in .build/\(name) (make deps-test)")
        return nil
    }

    /// Starts a program with a Python of the machine, or the one given.
    static func start(
        _ name: String,
        _ arguments: [String] = [],
        python: String = "python3",
        environment: [String: String] = [:]
    ) throws -> ChildProcess {
        let path = self.folder.appendingPathComponent(name).path
        let all = environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { first, _ in first }
        return try ChildProcess(python, ["-u", path] + arguments, environment: all)
    }

    /// Starts an origin, and waits for its line `port N`.
    static func origin(
        _ name: String,
        _ arguments: [String] = [],
        python: String = "python3"
    ) throws -> PeerOrigin {
        let child = try self.start(name, arguments, python: python)
        let port = try child.waitForOutput("^port ([0-9]+)$")[1]
        return PeerOrigin(child: child, address: "127.0.0.1:\(port)")
    }

    /// Runs a client to its end; its lines, the last of which are `NAME N NAME N ...`.
    static func rows(
        _ name: String,
        _ arguments: [String],
        python: String = "python3",
        seconds: Double = 240
    ) throws -> PeerRows {
        let child = try self.start(name, arguments, python: python)
        let status = try child.waitForEnd(seconds: seconds)
        guard status == 0 else { throw AcceptanceError("\(name): \(child.out)\(child.error)") }
        var lines = child.out.split(separator: "\n").map(String.init)
        let words = (lines.popLast() ?? "").split(separator: " ")
        var counts: [String: Int] = [:]
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            counts[String(words[index])] = Int(words[index + 1])
        }
        return PeerRows(wrong: lines, counts: counts)
    }
}

/// An origin of `Tests/Peers`, ended with its owner.
struct PeerOrigin: Sendable {
    var child: ChildProcess
    /// `host:port`.
    var address: String
}

/// What a client of `Tests/Peers` has to say.
struct PeerRows: Sendable {
    /// A line for each row that went wrong.
    var wrong: [String]
    /// Figures by name.
    var counts: [String: Int]

    /// One figure; -1 when it is absent.
    subscript(_ name: String) -> Int { self.counts[name] ?? -1 }
}

extension EdgeUnderTest {
    /// The value of a metric without labels; -1 when it is absent.
    func metric(_ name: String) throws -> Int {
        let page = try curl([self.observe("/metrics")]).text
        let line = page.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) }.map { Int($0) } ?? -1
    }

    /// A line of its `/proc/ID/status` in KiB: VmRSS, VmHWM.
    func kilobytes(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(self.child.id)/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name + ":") }),
            let value = Int(line.filter(\.isNumber))
        else { throw AcceptanceError("no \(name)") }
        return value
    }
}
