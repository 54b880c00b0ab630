// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Kernel
import Synchronization

/// A peer that answers every connection with fixed bytes, for checks of endpoints.
final class ScriptedPeer: Sendable {
    /// What it does with a connection.
    enum Script: Sendable {
        /// Reads a request, sends these bytes, closes.
        case answer(String)
        /// Sends these bytes one at a time, with a pause, for as long as anybody reads.
        case trickle(String)
        /// Reads and says nothing.
        case silence
        /// Closes at once.
        case close
        /// Closes with a reset once something has come.
        case reset
    }

    let address: SocketAddress
    private let listener: FileDescriptor
    private let script: Mutex<Script>
    private let seen = Mutex<[String]>([])
    private let isStopping = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)

    init(_ script: Script, unixPath: String? = nil) throws {
        let wanted =
            try unixPath.flatMap { SocketAddress(unixPath: $0) }
            ?? resolve(host: "127.0.0.1", port: 0)[0]
        self.listener = try listen(on: wanted, sharesPort: false)
        self.address = unixPath == nil ? localAddress(of: self.listener.number) : wanted
        self.script = Mutex(script)
        try CoreThread(name: "peer") { [self] in
            while !self.isStopping.withLock({ $0 }) {
                guard waitUntilReady(self.listener.number, for: .reading, timeoutMilliseconds: 20),
                    let (fd, _) = try? accept(self.listener.number)
                else { continue }
                try? CoreThread(name: "peer-line") { [self] in
                    self.serve(FileDescriptor(owning: fd))
                }.detach()
            }
            self.ended.signal()
        }.detach()
    }

    func set(_ script: Script) { self.script.withLock { $0 = script } }

    /// First lines of requests so far.
    var requests: [String] { self.seen.withLock { $0 } }

    func stop() {
        self.isStopping.withLock { $0 = true }
        self.ended.wait()
    }

    private func serve(_ fd: borrowing FileDescriptor) {
        let script = self.script.withLock { $0 }
        if case .close = script { return }
        var bytes: [UInt8] = []
        _ = readBlocking(fd.number, into: &bytes, atMost: 65_536, timeoutMilliseconds: 2_000)
        self.seen.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        switch script {
        case .answer(let text):
            _ = writeBlocking(fd.number, Array(text.utf8), timeoutMilliseconds: 2_000)
            shutdownWrite(fd.number)
            _ = readBlocking(fd.number, into: &bytes, atMost: 65_536, timeoutMilliseconds: 500)
        case .trickle(let text):
            for byte in text.utf8 {
                if case .failed = writeBlocking(fd.number, [byte], timeoutMilliseconds: 500) {
                    return
                }
                sleepThread(milliseconds: 20)
            }
        case .silence:
            _ = readBlocking(fd.number, into: &bytes, atMost: 65_536, timeoutMilliseconds: 5_000)
        case .reset: resetOnClose(fd.number)
        case .close: return
        }
    }
}
