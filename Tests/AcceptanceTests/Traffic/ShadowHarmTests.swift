// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 2, "Done when" 4: a shadow can do nothing to a client, whatever it is.
@Suite("Shadow harm")
struct ShadowHarmTests {
    private static let modes = ["dead", "refusing", "hole", "drip", "storm", "flood"]
    private static let requests = Places.isSoak ? 5_000 : 600

    @Test func `the client has its last byte first, memory is flat, every copy is accounted for`()
        throws
    {
        let peers = try PythonOrigin(script: Self.script)
        let ports = try peers.child.waitForOutput("^shadows (.*)$")[1].split(separator: " ")
        let migrations = zip(Self.modes, ports).map { mode, port in
            PlainMigration(
                name: mode,
                legacy: peers.address,
                modern: "127.0.0.1:\(port)"
            )
        }
        var files = PlainMigration.files(migrations, tenants: ["acme"])
        for migration in migrations {
            files["Routes/\(migration.name).yaml"] =
                migration.routeFile
                + "  shadow: { timeout: 300ms }\n"
        }
        let edge = try EdgeUnderTest(files: files)
        let control = try BlockingConnection(port: peers.port)
        for mode in Self.modes {
            let flip = try edge.banyan(["flip", "acme/\(mode)", "shadow", "--reason", "test"])
            #expect(flip.status == 0, "\(flip.error)")
            // Once for what grows to its bound, once to see that nothing grows beyond.
            let copies = try self.run(mode, edge, control, peers)
            if ["hole", "drip", "storm", "flood"].contains(mode) {
                #expect(copies > 0, "\(mode): copies came")
            }
            let before = try self.kilobytes(edge)
            _ = try self.run(mode, edge, control, peers)
            let grown = try self.kilobytes(edge) - before
            if Sanitizer.leavesAlone("memory of shadow reads, \(mode)") {
                #expect(grown < 8 << 10, "\(mode): \(grown) KiB more")
            }
        }
    }

    /// All clients' requests under one mode, then the edge's books; copies that reached the shadow.
    private func run(
        _ mode: String,
        _ edge: EdgeUnderTest,
        _ control: BlockingConnection,
        _ peers: PythonOrigin
    ) throws -> Int {
        let before = try self.books(edge)
        let runs = peers.child.out.components(separatedBy: "done ").count
        let command = "RUN \(mode) \(edge.port) \(Self.requests)\r\n\r\n"
        #expect(control.send(Array(command.utf8)))
        try waitUntil("\(mode): the clients are done", seconds: 120) {
            peers.child.out.components(separatedBy: "done ").count > runs
        }
        let line = try #require(peers.child.out.split(separator: "\n").last).split(separator: " ")
        #expect(line[1] == mode)
        #expect(line[2] == "\(Self.requests)", "\(mode): answered, of \(Self.requests)")
        #expect(line[4] == "0", "\(mode): copies before the client's last byte, of \(line[3])")
        var books = try self.books(edge)
        try waitUntil("\(mode): every copy has ended", seconds: 20) {
            books = try self.books(edge)
            return books.due - before.due == books.ended - before.ended
        }
        #expect(books.due - before.due == Self.requests, "\(mode)")
        #expect(books.answered - before.answered == Self.requests, "\(mode): by legacy, with 2xx")
        return Int(line[3]) ?? 0
    }

    private struct Books {
        var due = 0
        /// Answered, failed, timed out, or shed with a reason.
        var ended = 0
        var answered = 0
    }

    private func books(_ edge: EdgeUnderTest) throws -> Books {
        var books = Books()
        for line in try curl([edge.observe("/metrics")]).text.split(separator: "\n") {
            guard let value = line.split(separator: " ").last.flatMap({ Int($0) }) else { continue }
            if line.hasPrefix("banyan_shadow_due_total ") { books.due = value }
            if line.hasPrefix("banyan_shadow_requests_total{")
                || line.hasPrefix("banyan_shadow_dropped_total{") && !line.contains("diverged")
            {
                books.ended += value
            }
            if line.hasPrefix("banyan_http_requests_total{"),
                line.contains(#"origin="legacy",code_class="2xx""#)
            {
                books.answered += value
            }
        }
        return books
    }

    private func kilobytes(_ edge: EdgeUnderTest) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(edge.child.id)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.filter(\.isNumber)))
    }

    /// Legacy, the shadows and the clients in one process: when a copy's first bytes are here, the
    /// kernel shows whether its client's last byte was here before.
    ///
    /// What the edge has sent on loopback is in the receiver's buffer, so no clock is asked.
    private static let script = """
        import socket, threading, time
        size = 2000
        lock = threading.Lock()
        clients = {}
        class Client:
            def __init__(self, port):
                self.socket = socket.create_connection(("127.0.0.1", port))
                self.socket.settimeout(20)
                self.data = b""
        def is_whole(data):
            head, mark, body = data.partition(b"\\r\\n\\r\\n")
            return bool(mark) and len(body) >= size
        def ask(mode, port, name, count, answered):
            client = Client(port)
            for number in range(count):
                key = b"%d-%d" % (name, number)
                with lock:
                    client.data = b""
                    clients[key] = client
                client.socket.sendall(b"GET /%s/a HTTP/1.1\\r\\nHost: x.example\\r\\nX-Tenant-Id: acme\\r\\n"
                    b"Request-Number: %s\\r\\n\\r\\n" % (mode.encode(), key))
                while True:
                    client.socket.recv(1, socket.MSG_PEEK)
                    with lock:
                        part = client.socket.recv(65536)
                        if not part: return
                        client.data += part
                        if is_whole(client.data): break
                if client.data.startswith(b"HTTP/1.1 200 "): answered.append(1)
                with lock: del clients[key]
        seen = [0, 0]
        def check(head):
            key = [line for line in head.split(b"\\r\\n") if line.lower().startswith(b"request-number:")]
            with lock:
                seen[0] += 1
                client = clients.get(key[0].split(b": ")[1])
                if client is None: return
                try: more = client.socket.recv(65536, socket.MSG_PEEK | socket.MSG_DONTWAIT)
                except OSError: more = b""
                if not is_whole(client.data + more): seen[1] += 1
        def heads(peer):
            data = b""
            while True:
                while b"\\r\\n\\r\\n" not in data:
                    part = peer.recv(65536)
                    if not part: return
                    data += part
                head, _, data = data.partition(b"\\r\\n\\r\\n")
                yield head
        def shadow(mode, peer):
            try:
                if mode == "dead": return
                for head in heads(peer):
                    check(head)
                    if mode == "drip":
                        for byte in b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n":
                            peer.sendall(bytes([byte]))
                            time.sleep(1)
                    if mode == "storm": peer.sendall(b"HTTP/1.1 500 X\\r\\nContent-Length: 0\\r\\n\\r\\n")
                    if mode == "flood":
                        peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 99999999999\\r\\n\\r\\n")
                        while True: peer.sendall(b"a" * 65536)
            except OSError: pass
            finally: peer.close()
        def control(peer, command):
            for line in chain(command, heads(peer)):
                _, mode, port, count = line.decode().split(" ")
                answered = []
                seen[0] = seen[1] = 0
                threads = [threading.Thread(target=ask, args=(mode, int(port), name, int(count) // 4, answered))
                    for name in range(4)]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
                print("done", mode, len(answered), seen[0], seen[1])
        def chain(first, rest):
            yield first
            yield from rest
        def legacy(peer):
            try:
                stream = heads(peer)
                for head in stream:
                    if head.startswith(b"RUN "):
                        control(peer, head)
                        return
                    peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % size + b"a" * size)
            except OSError: pass
        def listen(serve):
            server = socket.create_server(("127.0.0.1", 0), backlog=512)
            def run():
                while True:
                    peer, _ = server.accept()
                    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=serve, args=(peer,), daemon=True).start()
            threading.Thread(target=run, daemon=True).start()
            return server.getsockname()[1]
        ports = []
        for mode in ["dead", "refusing", "hole", "drip", "storm", "flood"]:
            if mode == "refusing":
                closed = socket.socket()
                closed.bind(("127.0.0.1", 0))
                ports.append(closed.getsockname()[1])
            else: ports.append(listen(lambda peer, mode=mode: shadow(mode, peer)))
        print("shadows", *ports)
        print("port", listen(legacy))
        threading.Event().wait()
        """
}
