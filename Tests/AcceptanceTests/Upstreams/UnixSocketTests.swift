// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: upstreams behind Unix sockets.
@Suite("Unix sockets", .serialized)
struct UnixSocketTests {
    /// HTTP over the Unix socket `sys.argv[1]`, by Python's standard library.
    private static let script = """
        import os, socketserver, sys
        from http.server import BaseHTTPRequestHandler
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def address_string(self): return "unix"
            def log_message(self, *args): pass
            def do_GET(self):
                status = 503 if os.path.exists(sys.argv[1] + ".ill") else 200
                body = (self.headers["Host"] + " " + self.path).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            request_queue_size = 128
        server = Server(sys.argv[1], Handler)
        print("port 1")
        server.serve_forever()
        """

    @Test
    func `an upstream behind a Unix socket is served, its path seen from banyan.yaml's folder`()
        throws
    {
        let edge = try upstreamEdge(endpoints: "\"unix:run/care.sock\"")
        // Nobody is there yet.
        #expect(try edge.ask("/charts/a", tenant: "acme").status == 502)
        try edge.folder.write("run/.keep", "")
        let origin = try PythonOrigin(
            script: Self.script,
            arguments: [edge.folder.path("run/care.sock")]
        )
        defer { origin.child.signal(SIGTERM) }
        let answer = try edge.ask("/charts/a?b=1", tenant: "acme")
        #expect(answer.status == 200 && answer.text == "localhost /a?b=1")
        let body = String(repeating: "chart ", count: 50_000)
        let file = try edge.folder.write("body", body)
        let echo = try edge.ask("/charts/a", tenant: "acme", ["--data-binary", "@\(file)"])
        #expect(echo.status == 200 && echo.text == body)
        let result = try edge.banyan(["validate", edge.folder.path("banyan.yaml")])
        #expect(result.status == 0, "\(result.out)")
    }

    @Test func `checks over a Unix socket tell status what is the matter`() throws {
        let active =
            "health: { active: { type: http, path: /livez, interval: 100ms, "
            + "healthyAfter: 1, unhealthyAfter: 2 } }"
        let edge = try upstreamEdge(endpoints: "\"unix:run/care.sock\"", [active])
        func state() throws -> EndpointRow? { try edge.endpoints(of: "charts-legacy").first }
        try waitUntil("unhealthy: nobody is there") { try state()?.state == "unhealthy" }
        #expect(try state()?.reason?.hasPrefix("connection refused, ") == true)
        try edge.folder.write("run/.keep", "")
        let path = edge.folder.path("run/care.sock")
        let origin = try PythonOrigin(script: Self.script, arguments: [path])
        defer { origin.child.signal(SIGTERM) }
        try waitUntil("healthy") { try state()?.state == "healthy" }
        #expect(try edge.ask("/charts/a", tenant: "acme").status == 200)
        try edge.folder.write("run/care.sock.ill", "")
        try waitUntil("unhealthy: 503") { try state()?.state == "unhealthy" }
        #expect(try state()?.reason?.hasPrefix("status 503") == true)
        // All endpoints are unwell: they are used all the same.
        #expect(try edge.ask("/charts/a", tenant: "acme").status == 503)
        #expect(try edge.ask("/charts/b", tenant: "acme").text == "localhost /b")
        let metrics = try curl([edge.observe("/metrics")]).text
        let line = "banyan_upstream_endpoints{upstream=\"charts-legacy\",state=\"unhealthy\"} 1"
        #expect(metrics.contains(line))
        #expect(
            metrics.contains(
                "banyan_upstream_checks_total{upstream=\"charts-legacy\",result=\"failed\"}"
            )
        )
    }
}
