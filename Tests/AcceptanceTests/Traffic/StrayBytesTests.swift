// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Bytes that an origin sends although nobody has asked belong to nobody.
@Suite("Stray bytes")
struct StrayBytesTests {
    @Test func `bytes on a kept connection that come with its next request are no answer to it`()
        throws
    {
        let origin = try PythonOrigin(script: Self.script)
        let migration = PlainMigration(
            name: "charts",
            legacy: origin.address,
            modern: origin.address
        )
        let edge = try EdgeUnderTest(
            files: PlainMigration.files([migration], tenants: ["acme"]),
            workers: 1
        )
        let client = try BlockingConnection(port: edge.port)
        let request = Array(
            "GET /charts/a HTTP/1.1\r\nHost: x.example\r\nX-Tenant-Id: acme\r\n\r\n".utf8
        )
        func ask() -> String? {
            client.receive().map { String(decoding: $0.body, as: UTF8.self) }
        }
        #expect(client.send(request))
        #expect(ask() == "true answer")
        for round in 1...5 {
            // While the edge stands still the request arrives first, then the origin's bytes: both
            // events are in one batch, the client's first.
            edge.child.signal(SIGSTOP)
            try waitUntil("every thread stands still") { try self.isStopped(edge.child.id) }
            #expect(client.send(request))
            origin.child.signal(SIGUSR1)
            try waitUntil("the stray bytes are sent") {
                origin.child.out.components(separatedBy: "stray").count == round + 1
            }
            edge.child.signal(SIGCONT)
            #expect(ask() == "true answer", "round \(round)")
        }
    }

    private func isStopped(_ id: Int32) throws -> Bool {
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")
        return try tasks.allSatisfy { task in
            let path = "/proc/\(id)/task/\(task)/stat"
            let words = try String(contentsOfFile: path, encoding: .utf8)
            // The name stands in parentheses and may hold spaces.
            return words[words.index(after: words.lastIndex(of: ")") ?? words.startIndex)...]
                .hasPrefix(" T")
        }
    }

    /// Answers every request; SIGUSR1 sends an answer that nobody asked for on every connection.
    private static let script = """
        import signal, socket, threading
        peers = []
        def answer(text):
            return b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(text), text)
        def stray(*_):
            for peer in list(peers):
                try: peer.sendall(answer(b"stray answer"))
                except OSError: pass
            print("stray")
        signal.signal(signal.SIGUSR1, stray)
        def serve(peer):
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peers.append(peer)
            try:
                while peer.recv(65536): peer.sendall(answer(b"true answer"))
            except OSError: pass
            peers.remove(peer)
            peer.close()
        server = socket.create_server(("127.0.0.1", 0))
        print("port", server.getsockname()[1])
        while True:
            peer, _ = server.accept()
            threading.Thread(target=serve, args=(peer,), daemon=True).start()
        """
}
