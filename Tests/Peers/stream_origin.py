# SPDX-License-Identifier: Apache-2.0
"""usage: stream_origin.py NAME: answers that last, on Python's standard library.

`/events`: server-sent events, one every 50 ms, without end, chunked. `/download`: a content of known
length that takes minutes. Everything else: NAME. Prints `port N`, and `asked PATH` for each request.
"""
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

name = sys.argv[1]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        print("asked", self.path, flush=True)
        try:
            if self.path.endswith("/events"):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream; charset=utf-8")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                number = 0
                while True:
                    part = b"data: %s %d\n\n" % (name.encode(), number)
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                    number += 1
                    time.sleep(0.05)
            elif self.path.endswith("/download"):
                self.send_response(200)
                self.send_header("Content-Length", str(1_000_000_000))
                self.end_headers()
                while True:
                    self.wfile.write(b"x" * 10_000)
                    time.sleep(0.05)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())
        except OSError:
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


server = Server(("127.0.0.1", 0), Handler)
print("port", server.server_address[1], flush=True)
server.serve_forever()
