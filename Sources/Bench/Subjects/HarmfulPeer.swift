// SPDX-License-Identifier: Apache-2.0
import Foundation

/// An origin that misbehaves, in a process of its own; it can also be asked without any proxy.
final class HarmfulPeer {
    enum Mode: String, CaseIterable {
        /// It takes connections and closes them.
        case dead
        /// Nobody listens there.
        case refusing
        /// It reads and never answers.
        case hole
        /// A byte a second.
        case drip
        /// 500 at once.
        case storm
        /// An answer without an end, as fast as it is taken.
        case flood
    }

    private(set) var port = 0
    private let process = Process()
    private let commands = Pipe()
    private let output = Pipe()
    private var rest = Data()

    init(_ mode: Mode) throws {
        self.process.executableURL = URL(filePath: "/usr/bin/env")
        // On the load's core: the proxy's is its own.
        self.process.arguments = [
            "taskset", "-c", "1", "python3", "-c", HarmfulPeer.script, mode.rawValue,
        ]
        self.process.standardInput = self.commands
        self.process.standardOutput = self.output
        try self.process.run()
        guard let port = Int(try self.line()) else {
            throw BenchError(description: "the harmful peer does not start")
        }
        self.port = port
    }

    /// Requests that came since the last question.
    func count() throws -> Int {
        try self.say("count")
        return Int(try self.line()) ?? 0
    }

    /// Has it asked that often by a client of its own, which takes no more of an answer than a
    /// copy would; 0: no more.
    func ask(perSecond rate: Int) throws {
        try self.say("ask \(rate)")
        _ = try self.line()
    }

    func stop() {
        self.process.terminate()
        self.process.waitUntilExit()
    }

    private func say(_ command: String) throws {
        try self.commands.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8))
    }

    private func line() throws -> String {
        while true {
            if let end = self.rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { self.rest = Data(self.rest[(end + 1)...]) }
                return String(decoding: self.rest[..<end], as: UTF8.self)
            }
            let more = self.output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw BenchError(description: "the harmful peer is gone") }
            self.rest += more
        }
    }

    private static let script = #"""
        import socket, sys, threading, time
        mode = sys.argv[1]
        copy_bytes, copy_seconds = 1 << 20, 0.3
        lock, seen, rate = threading.Lock(), [0], [0]
        block = b"a" * (1 << 18)
        def serve(peer):
            try:
                if mode == "dead": return
                data = b""
                while True:
                    while b"\r\n\r\n" not in data:
                        part = peer.recv(65536)
                        if not part: return
                        data += part
                    data = data.partition(b"\r\n\r\n")[2]
                    with lock: seen[0] += 1
                    if mode == "drip":
                        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
                            peer.sendall(bytes([byte]))
                            time.sleep(1)
                    if mode == "storm": peer.sendall(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")
                    if mode == "flood":
                        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
                        while True: peer.sendall(block)
            except OSError: pass
            finally: peer.close()
        server = socket.create_server(("127.0.0.1", 0), backlog=512)
        port = server.getsockname()[1]
        if mode == "refusing":
            server.close()
            closed = socket.socket()
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        def listen():
            while mode != "refusing":
                peer, _ = server.accept()
                threading.Thread(target=serve, args=(peer,), daemon=True).start()
        def one():
            try:
                peer = socket.create_connection(("127.0.0.1", port))
                peer.settimeout(copy_seconds)
                peer.sendall(b"GET /m0/items/81 HTTP/1.1\r\nHost: edge.care.example\r\n\r\n")
                taken = 0
                while taken < copy_bytes:
                    part = peer.recv(1 << 18)
                    if not part or mode == "storm": break
                    taken += len(part)
            except OSError: pass
        def ask():
            due = time.monotonic()
            while True:
                if rate[0] == 0:
                    time.sleep(0.01)
                    due = time.monotonic()
                    continue
                due += 1 / rate[0]
                time.sleep(max(0, due - time.monotonic()))
                threading.Thread(target=one, daemon=True).start()
        threading.Thread(target=listen, daemon=True).start()
        threading.Thread(target=ask, daemon=True).start()
        print(port, flush=True)
        for command in sys.stdin:
            word, _, value = command.strip().partition(" ")
            with lock:
                if word == "count":
                    print(seen[0], flush=True)
                    seen[0] = 0
                else:
                    rate[0] = int(value)
                    print("ok", flush=True)
        """#
}
