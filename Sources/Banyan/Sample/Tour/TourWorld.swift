// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Kernel
import Migration
import Synchronization

/// What a tour walks through: the four sample services in this process, an edge as its child.
final class TourWorld: Sendable {
    let folder: TourFolder
    private let servers: [ControlServer]
    private let edge: Mutex<Process?>
    private let isStopping = Mutex(false)

    /// Starts everything; returns when the edge says that it is ready.
    ///
    /// `whenGone` is called when the edge ends without having been told to.
    init(
        folder: TourFolder,
        output: CommandOutput,
        whenGone: @escaping @Sendable () -> Void
    ) throws(CommandFailure) {
        self.folder = folder
        let specs = [SampleServiceSpec.digitalCommunication] + SampleServiceSpec.modern
        var servers: [ControlServer] = []
        for (spec, written) in zip(specs, TourLines.services) {
            let address = try hostAndPort(folder.real(written))
            let service = SampleService(spec, seed: 1)
            servers.append(try service.listen(host: address.host, port: address.port))
            output.line("sample \(spec.name) (\(spec.origin.word)) on \(folder.real(written))")
        }
        self.servers = servers
        self.edge = Mutex(nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: TourWorld.executable)
        process.arguments = ["serve", "--config", folder.configurationPath]
        // A tour that is killed cannot stop its edge: the kernel tells it.
        process.environment = ProcessInfo.processInfo.environment
            .merging([ServeCommand.endsWithParent: "1"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        // What the edge says is for people; stdout stays the tour's.
        process.standardOutput = FileHandle.standardError
        process.terminationHandler = { [self] _ in
            if !self.isStopping.withLock({ $0 }) { whenGone() }
        }
        do {
            try process.run()
        } catch {
            throw CommandFailure(.failed, "the edge cannot be started: \(error)")
        }
        self.edge.withLock { $0 = process }
        do throws(CommandFailure) {
            try self.waitUntilReady()
        } catch {
            self.stop()
            throw error
        }
        output.line("edge on \(folder.real(TourLines.edge))")
        output.line("its health and metrics on \(folder.real(TourLines.observe))")
    }

    /// This program.
    static var executable: String {
        let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return path ?? CommandLine.arguments[0]
    }

    /// Asks `/readyz` until it says 200; at most 30 seconds.
    private func waitUntilReady() throws(CommandFailure) {
        let address = try hostAndPort(self.folder.real(TourLines.observe))
        let deadline = monotonicNanoseconds() + 30_000_000_000
        while monotonicNanoseconds() < deadline {
            guard self.edge.withLock({ $0?.isRunning ?? false }) else {
                throw CommandFailure(.failed, "the edge has ended; its last words stand above")
            }
            let client = try? ControlClient(host: address.host, port: address.port)
            if let answer = try? client?.send("GET", "/readyz"), answer.status == 200 { return }
            sleepThread(milliseconds: 20)
        }
        throw CommandFailure(.failed, "the edge was not ready within 30 s")
    }

    /// Stops the edge, which finishes what it has begun, then the services.
    func stop() {
        self.isStopping.withLock { $0 = true }
        self.edge.withLock { process in
            guard let process, process.isRunning else { return }
            process.terminate()
            let deadline = monotonicNanoseconds() + 10_000_000_000
            while process.isRunning, monotonicNanoseconds() < deadline {
                sleepThread(milliseconds: 10)
            }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        for server in self.servers { server.stop(timeoutMilliseconds: 200) }
        self.folder.remove()
    }
}
