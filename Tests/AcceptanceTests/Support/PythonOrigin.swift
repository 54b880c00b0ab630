// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An origin server written in Python's standard library: a peer that is not ours.
final class PythonOrigin: Sendable {
    let child: ChildProcess
    let port: Int

    /// Runs a script that prints `port N` once it listens; what follows are `sys.argv[1...]`.
    init(script: String, arguments: [String] = []) throws {
        self.child = try ChildProcess("python3", ["-u", "-c", script] + arguments)
        self.port = Int(try self.child.waitForOutput("^port ([0-9]+)$")[1]) ?? 0
    }

    /// `host:port`.
    var address: String { "127.0.0.1:\(self.port)" }

    /// Files of a folder over HTTP/1.1, with `Origin-Name: name` in every answer, and in those that
    /// carry a file `Body-Digest`, the SHA-256 of the content as it is sent.
    ///
    /// `framing` is `length`, `chunked`, or `gzip` (compressed by Python's zlib).
    static func files(in folder: String, name: String, framing: String) throws -> PythonOrigin {
        try PythonOrigin(script: Self.filesScript, arguments: [folder, name, framing])
    }

    /// Answers every request with JSON that tells what came: method, target, headers, body length,
    /// and `Origin-Name: name`.
    static func telling(name: String) throws -> PythonOrigin {
        try PythonOrigin(script: Self.tellingScript, arguments: [name])
    }

    /// A raw socket: for every connection it reads a head (and the body that Content-Length
    /// announces), then writes `answer` as it is, and closes, or resets when `resets`.
    static func raw(answer: String, resets: Bool = false) throws -> PythonOrigin {
        let bytes = Data(answer.utf8).base64EncodedString()
        return try PythonOrigin(script: Self.rawScript, arguments: [bytes, resets ? "1" : ""])
    }

    private static let filesScript = """
        import gzip, hashlib, os, sys
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        root, name, framing = os.path.realpath(sys.argv[1]), sys.argv[2], sys.argv[3]
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            def log_message(self, *args): pass
            def do_HEAD(self): self.answer(False)
            def do_GET(self): self.answer(True)
            def answer(self, has_body):
                path = os.path.realpath(root + self.path.split("?")[0])
                if not path.startswith(root) or not os.path.isfile(path):
                    self.send_response(404)
                    self.send_header("Origin-Name", name)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                with open(path, "rb") as file: body = file.read()
                self.send_response(200)
                self.send_header("Origin-Name", name)
                self.send_header("Content-Type", "application/octet-stream")
                if framing == "gzip":
                    body = gzip.compress(body, 1)
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Body-Digest", hashlib.sha256(body).hexdigest())
                if framing == "chunked":
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    if not has_body: return
                    for start in range(0, len(body), 1500):
                        part = body[start:start + 1500]
                        self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(part), part))
                    self.wfile.write(b"0\\r\\n\\r\\n")
                else:
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if has_body: self.wfile.write(body)
        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True
        server = Server(("127.0.0.1", 0), Handler)
        print("port", server.server_port)
        server.serve_forever()
        """

    private static let tellingScript = """
        import json, sys
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        name = sys.argv[1]
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            def log_message(self, *args): pass
            def answer(self):
                length = 0
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    while True:
                        size = int(self.rfile.readline().split(b";")[0], 16)
                        length += size
                        self.rfile.read(size)
                        self.rfile.readline()
                        if size == 0: break
                else:
                    length = int(self.headers.get("Content-Length", "0"))
                    self.rfile.read(length)
                body = json.dumps({"origin": name, "method": self.command, "target": self.path,
                    "headers": [[k, v] for k, v in self.headers.items()],
                    "length": length}).encode()
                self.send_response(200)
                self.send_header("Origin-Name", name)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD": self.wfile.write(body)
            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer
        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True
        server = Server(("127.0.0.1", 0), Handler)
        print("port", server.server_port)
        server.serve_forever()
        """

    private static let rawScript = """
        import base64, socket, struct, sys, threading
        answer, resets = base64.b64decode(sys.argv[1]), bool(sys.argv[2])
        def serve(peer):
            try:
                data = b""
                while b"\\r\\n\\r\\n" not in data:
                    part = peer.recv(65536)
                    if not part: return
                    data += part
                head, _, rest = data.partition(b"\\r\\n\\r\\n")
                length = 0
                for line in head.split(b"\\r\\n")[1:]:
                    key, _, value = line.partition(b":")
                    if key.strip().lower() == b"content-length": length = int(value)
                while len(rest) < length:
                    part = peer.recv(65536)
                    if not part: return
                    rest += part
                peer.sendall(answer)
                if resets:
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    peer.shutdown(socket.SHUT_WR)
                    peer.recv(65536)
            except OSError: pass
            finally: peer.close()
        server = socket.create_server(("127.0.0.1", 0), backlog=128)
        print("port", server.getsockname()[1])
        while True:
            peer, _ = server.accept()
            threading.Thread(target=serve, args=(peer,), daemon=True).start()
        """
}
