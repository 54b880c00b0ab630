// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program that runs beside the test; its output goes to files, so that nothing can block on a
/// pipe.
///
/// Ended with its owner: SIGTERM first, SIGKILL when that does not help within two seconds.
final class ChildProcess: @unchecked Sendable {
    let process = Process()
    let folder: TemporaryFolder
    private let name: String

    /// Starts `program` with `arguments`; `environment` is put over the test's own.
    init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: String? = nil,
        input: FileHandle = .nullDevice
    ) throws {
        self.folder = try TemporaryFolder()
        self.name = URL(fileURLWithPath: program).lastPathComponent
        self.process.executableURL = try Self.find(program)
        self.process.arguments = arguments
        var all = ProcessInfo.processInfo.environment
        for name in ["BANYAN_SOCKET", "BANYAN_CONFIG"] { all[name] = nil }
        all["SWIFT_BACKTRACE"] = "enable=no"
        all.merge(environment) { $1 }
        self.process.environment = all
        if let directory { self.process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        for file in ["out", "error"] { try self.folder.write(file, "") }
        let out = FileHandle(forWritingAtPath: self.folder.path("out"))
        let error = FileHandle(forWritingAtPath: self.folder.path("error"))
        self.process.standardInput = input
        self.process.standardOutput = out
        self.process.standardError = error
        try Self.withoutBlockedSignals { try self.process.run() }
        try out?.close()
        try error?.close()
    }

    deinit { self.end() }

    /// A child starts with its parent thread's signal mask, and the threads that tests run on block
    /// almost everything: a child that inherits that can be ended by SIGKILL only.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    private static func find(_ program: String) throws -> URL {
        if program.contains("/") { return URL(fileURLWithPath: program) }
        // Debian's own first: a version manager's shim is a slow script around the same program.
        let others = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = ["/usr/bin", "/bin", "/usr/sbin"] + others.components(separatedBy: ":")
        for folder in folders {
            let path = "\(folder)/\(program)"
            if FileManager.default.isExecutableFile(atPath: path) {
                return URL(fileURLWithPath: path)
            }
        }
        throw AcceptanceError("\(program) is not installed (make deps-test)")
    }

    /// What it has written to stdout so far.
    var out: String { self.folder.read("out") }
    /// What it has written to stderr so far.
    var error: String { self.folder.read("error") }
    /// Its process id.
    var id: Int32 { self.process.processIdentifier }
    /// Whether it runs.
    var isRunning: Bool { self.process.isRunning }

    /// Sends a signal; nothing happens when it has ended.
    func signal(_ number: Int32) {
        if self.process.isRunning { kill(self.id, number) }
    }

    /// Waits for its end; the exit status, or 128 and the signal's number.
    @discardableResult
    func waitForEnd(seconds: Double = 30) throws -> Int32 {
        try waitUntil("\(self.name) ends; it said: \(self.error)", seconds: seconds) {
            !self.process.isRunning
        }
        let status = self.process.terminationStatus
        return self.process.terminationReason == .uncaughtSignal ? 128 + status : status
    }

    /// Waits for a match of `pattern` in what it writes; the groups, the whole match first.
    func waitForOutput(_ pattern: String, seconds: Double = 20) throws -> [String] {
        let expression = try NSRegularExpression(pattern: pattern, options: [.anchorsMatchLines])
        return try waitFor("\(self.name) says /\(pattern)/", seconds: seconds) {
            for text in [self.out, self.error] {
                if let groups = text.groups(of: expression) { return groups }
            }
            guard self.process.isRunning else {
                throw AcceptanceError("\(self.name) has ended: \(self.out)\(self.error)")
            }
            return nil
        }
    }

    /// Ends it.
    func end() {
        guard self.process.isRunning else { return }
        self.signal(SIGTERM)
        try? waitUntil("end", seconds: 2) { !self.process.isRunning }
        self.signal(SIGKILL)
        try? waitUntil("end", seconds: 5) { !self.process.isRunning }
    }
}

extension String {
    /// The first match's groups, the whole match first; a group that took no part is empty.
    func groups(of expression: NSRegularExpression) -> [String]? {
        let whole = NSRange(self.startIndex..., in: self)
        guard let match = expression.firstMatch(in: self, range: whole) else { return nil }
        return (0..<match.numberOfRanges).map { index in
            Range(match.range(at: index), in: self).map { String(self[$0]) } ?? ""
        }
    }
}

/// What a program wrote, and how it ended.
struct CommandResult: Sendable {
    var status: Int32
    var out: String
    var error: String
}

/// Runs a program to its end.
@discardableResult
func runCommand(
    _ program: String,
    _ arguments: [String],
    environment: [String: String] = [:],
    directory: String? = nil,
    seconds: Double = 60
) throws -> CommandResult {
    let child = try ChildProcess(
        program,
        arguments,
        environment: environment,
        directory: directory
    )
    let status = try child.waitForEnd(seconds: seconds)
    return CommandResult(status: status, out: child.out, error: child.error)
}

/// Runs the `banyan` under test to its end.
@discardableResult
func banyan(
    _ arguments: [String],
    environment: [String: String] = [:],
    directory: String? = nil,
    seconds: Double = 60
) throws -> CommandResult {
    try runCommand(
        Places.binary.path,
        arguments,
        environment: environment,
        directory: directory,
        seconds: seconds
    )
}
