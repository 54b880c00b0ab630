// SPDX-License-Identifier: Apache-2.0

import Foundation

/// strace on a running process.
final class SystemCallTrace {
    private let child: ChildProcess
    private let output: TemporaryFolder

    /// Attaches; `nil`, and a line that says so, where tracing is not allowed.
    init?(of process: Int32, _ arguments: [String]) throws {
        self.output = try TemporaryFolder()
        self.child = try ChildProcess(
            "strace",
            ["-f", "-y", "-s", "80", "-o", self.output.path("trace"), "-p", "\(process)"]
                + arguments
        )
        do {
            _ = try self.child.waitForOutput("attached( with [0-9]+ threads)?$")
        } catch {
            print("skipped: strace cannot attach here: \(self.child.error)")
            return nil
        }
    }

    /// Detaches, and gives every line in the order in which the kernel was seen.
    @discardableResult
    func end() throws -> [String] {
        self.child.signal(SIGTERM)
        try self.child.waitForEnd()
        return self.output.read("trace").split(separator: "\n").map(String.init)
    }
}
