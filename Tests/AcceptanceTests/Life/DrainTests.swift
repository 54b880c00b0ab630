// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 2: SIGTERM drains.
@Suite("Drain", .serialized)
struct DrainTests {
    private func edge(_ origin: LoadOrigin) throws -> EdgeUnderTest {
        let migration = PlainMigration(
            name: "charts",
            legacy: origin.address,
            modern: origin.address
        )
        return try EdgeUnderTest(files: PlainMigration.files([migration], tenants: ["acme"]))
    }

    @Test func `under load SIGTERM fails no accepted request, refuses new ones and ends with 0`()
        throws
    {
        let origin = try LoadOrigin(name: "legacy")
        let edge = try self.edge(origin)
        let tenant = "X-Tenant-Id: acme\r\n"
        // Fast ones on kept connections, one connection per request, and answers in the making.
        let clients = (0..<8).map { index in
            SteadyClient(
                port: edge.port,
                path: "/charts/a",
                fields: index < 6 ? tenant : tenant + "Want-Pause: 300\r\n",
                isKept: index < 4
            )
        }
        for client in clients { client.start() }
        try waitUntil("all are at work") { clients[..<6].allSatisfy { $0.count > 100 } }
        edge.child.signal(SIGTERM)
        #expect(try edge.child.waitForEnd(seconds: 20) == 0, "\(edge.child.error)")
        let results = clients.map { $0.finish(stops: false) }
        for result in results {
            #expect(result.failed.isEmpty, "\(result.failed.prefix(3))")
            #expect(result.wasRefused)
            #expect(result.answered > 0)
        }
        // What was answered is in the log, to the last line.
        let answered = results.map(\.answered).reduce(0, +)
        #expect(lineCount(edge.folder.path("access.log")) == answered)
        #expect(edge.child.error.contains("stopped"))
        #expect(!edge.child.error.contains("was cut"))
        print("drain: \(answered) answered, \(results.map(\.unaccepted).reduce(0, +)) unaccepted")
    }

    @Test func `an HTTP 2 client's request behind the notice is answered, over TLS too`()
        throws
    {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        for isSecure in [false, true] {
            let origin = try PeerProgram.origin("noting_origin.py")
            let world = try SecureEdge(
                certificates,
                [SecureEdge.Way(name: "charts", address: origin.address)]
            )
            let child = world.edge.child
            let port = isSecure ? world.tlsPort : world.edge.port
            let arguments = ["\(port)", "\(child.id)"]
            let rows = try PeerProgram.rows(
                "h2_drain.py",
                arguments + (isSecure ? [certificates.authority] : []),
                python: python
            )
            #expect(rows.wrong == [], "TLS: \(isSecure)")
            #expect(rows["rows"] == 5, "TLS: \(isSecure)")
            #expect(try child.waitForEnd(seconds: 10) == 0, "\(child.error)")
            #expect(!child.error.contains("was cut"))
        }
    }

    @Test func `a client that does not end is cut at the drain's timeout, and the exit is 0`()
        throws
    {
        let origin = try PythonOrigin(script: Self.endless)
        let migration = PlainMigration(
            name: "charts",
            legacy: origin.address,
            modern: origin.address
        )
        let edge = try EdgeUnderTest(
            files: PlainMigration.files([migration], tenants: ["acme"]),
            lines: ["drain: { timeout: 300ms }"]
        )
        let connection = try BlockingConnection(port: edge.port)
        #expect(
            connection.send(
                Array("GET /charts/a HTTP/1.1\r\nHost: x\r\nX-Tenant-Id: acme\r\n\r\n".utf8)
            )
        )
        try waitUntil("the answer has begun") { connection.hasBytes }
        edge.child.signal(SIGTERM)
        #expect(try edge.child.waitForEnd(seconds: 10) == 0)
        #expect(edge.child.error.contains("what was still open was cut"), "\(edge.child.error)")
    }

    private static let endless = """
        import socket, threading, time
        server = socket.create_server(("127.0.0.1", 0))
        print("port", server.getsockname()[1])
        def serve(peer):
            peer.recv(65536)
            try:
                peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 99999999\\r\\n\\r\\n")
                while True:
                    peer.sendall(b"a")
                    time.sleep(0.01)
            except OSError: peer.close()
        while True:
            peer, _ = server.accept()
            threading.Thread(target=serve, args=(peer,), daemon=True).start()
        """
}
