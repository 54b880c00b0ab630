// SPDX-License-Identifier: Apache-2.0
import Foundation
import Kernel

/// Where a proxy under measurement listens, where its origins are, and a folder of its own.
struct SubjectPlace {
    let folder: URL
    let port: Int
    let legacyPort: Int
    let modernPort: Int
    /// Where the bench's certificate and key are.
    let identity: BenchIdentity

    /// The path of a file in the folder.
    func path(_ name: String) -> String { self.folder.appending(path: name).path }

    /// Writes a file into the folder; its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = self.folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
        return file.path
    }
}

/// One certificate for every proxy: ECDSA on P-256, signed by itself.
struct BenchIdentity {
    let chain: String
    let key: String

    /// Makes it in a folder, by the openssl command.
    static func make(in folder: URL) throws -> BenchIdentity {
        let identity = BenchIdentity(
            chain: folder.appending(path: "edge.pem").path,
            key: folder.appending(path: "edge.key").path
        )
        let tool = Process()
        tool.executableURL = URL(filePath: "/usr/bin/env")
        tool.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "30", "-subj", "/CN=edge.care.example", "-addext",
            "subjectAltName=DNS:edge.care.example", "-keyout", identity.key, "-out", identity.chain,
        ]
        tool.standardError = FileHandle.nullDevice
        try tool.run()
        tool.waitUntilExit()
        guard tool.terminationStatus == 0 else {
            throw BenchError(description: "openssl makes no certificate")
        }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600],
            ofItemAtPath: identity.key
        )
        return identity
    }
}

/// A proxy that is measured: how its files are written and how it is started.
protocol SubjectProgram: Sendable {
    var name: String { get }
    func can(_ workload: Workload) -> Bool
    /// Writes the files; the command that stays in the foreground with one worker.
    func prepare(_ workload: Workload, _ place: SubjectPlace) throws -> [String]
}

/// What went wrong with a measurement, for people.
struct BenchError: Error, CustomStringConvertible {
    let description: String
}

/// A running proxy, its output in `out.log`.
final class Subject {
    let program: any SubjectProgram
    let place: SubjectPlace
    let probe: ProcessProbe
    private let process: Process

    /// Starts the program on one core behind `wrapper` (`taskset -c 0`, say) and waits for its
    /// port.
    init(
        _ program: any SubjectProgram,
        _ workload: Workload,
        _ place: SubjectPlace,
        wrapper: [String],
        readySeconds: Double = 10
    ) throws {
        self.program = program
        self.place = place
        try FileManager.default.createDirectory(
            at: place.folder,
            withIntermediateDirectories: true
        )
        let command = wrapper + (try program.prepare(workload, place))
        let output = try place.write("out.log", "")
        let handle = try FileHandle(forWritingTo: URL(filePath: output))
        self.process = Process()
        self.process.executableURL = URL(filePath: "/usr/bin/env")
        self.process.arguments = command
        self.process.currentDirectoryURL = place.folder
        self.process.standardInput = FileHandle.nullDevice
        self.process.standardOutput = handle
        self.process.standardError = handle
        try self.process.run()
        self.probe = ProcessProbe(root: self.process.processIdentifier)
        let end = Date(timeIntervalSinceNow: readySeconds)
        while !Subject.isListening(place.port) {
            guard self.process.isRunning, Date() < end else {
                let said = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
                self.stop()
                throw BenchError(
                    description: "\(program.name) does not listen:\n\(said.suffix(2_000))"
                )
            }
            sleepThread(milliseconds: 20)
        }
    }

    /// Share of the sampled exchanges that were handed to comparing, by Banyan's own metrics;
    /// `nil`: it has none, or none was sampled.
    var observedShare: Double? {
        let said = (try? String(contentsOfFile: self.place.path("out.log"), encoding: .utf8)) ?? ""
        let mark = "metrics and health on "
        guard let line = said.split(separator: "\n").first(where: { $0.hasPrefix(mark) }),
            let page = try? Subject.fetch("http://\(line.dropFirst(mark.count))/metrics")
        else { return nil }
        func value(_ name: String) -> Double {
            let line = page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            return line.flatMap { Double($0.dropFirst(name.count + 1)) } ?? 0
        }
        let observed = value("banyan_parity_observations_total")
        let all = observed + value("banyan_parity_observations_without_slot_total")
        return all > 0 ? observed / all : nil
    }

    private static func fetch(_ address: String) throws -> String {
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/env")
        curl.arguments = ["curl", "-s", address]
        let output = Pipe()
        curl.standardOutput = output
        try curl.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        curl.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }

    func stop() {
        guard self.process.isRunning else { return }
        self.process.terminate()
        let end = Date(timeIntervalSinceNow: 5)
        while self.process.isRunning, Date() < end { sleepThread(milliseconds: 20) }
        // The process is our own child: nobody else can have its number.
        if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) }
        self.process.waitUntilExit()
    }

    /// A port that nobody has now.
    static func freePort() throws -> Int {
        guard let loopback = try resolve(host: "127.0.0.1", port: 0).first else {
            throw BenchError(description: "no loopback")
        }
        let listener = try listen(on: loopback, sharesPort: false)
        return localAddress(of: listener.number).port
    }

    private static func isListening(_ port: Int) -> Bool {
        // The table of listeners (state 0A) tells without a connection that would be counted.
        let table = kernelText("/proc/net/tcp")
        let digits = String(port, radix: 16, uppercase: true)
        let wanted = ":" + String(repeating: "0", count: 4 - digits.count) + digits
        return table.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[1].hasSuffix(wanted) && fields[3] == "0A"
        }
    }
}
