# SPDX-License-Identifier: Apache-2.0
"""usage: echo_origin.py NAME h1|h2 [CERTIFICATE KEY [CLIENT-CA]]: tells what came, over TLS if asked.

`/size/N`: N bytes and the trailer x-digest, their SHA-256. `/page`: a page whose script fetches.
`/status/N`, `/empty` (204), `/early` (413 before the content is read), `/slow` (in pieces).
Everything else: JSON of name, method, target, fields, and the content's length and digest; trailers
that came are among the fields as `trailer NAME`. Prints `port P`.
"""
import hashlib
import json
import socket
import ssl
import sys
import threading
import time

name, protocol = sys.argv[1:3]
BLOCK = bytes((i * 131 + (i >> 8)) & 255 for i in range(1 << 16))
PAGE = b"""<!doctype html><title>page</title><body>waiting<script>
(async () => {
  const seen = [];
  for (let i = 0; i < 5; i++) {
    const answer = await fetch(location.pathname.replace("page", "size/" + i * 1000));
    seen.push((await answer.arrayBuffer()).byteLength);
  }
  const sent = await fetch(location.pathname.replace("page", "echo"), { method: "POST", body: "x".repeat(5000) });
  seen.push((await sent.json()).length);
  const hop = performance.getEntriesByType("resource").map(entry => entry.nextHopProtocol);
  document.body.textContent = "sizes " + seen.join(",") + " over " + [...new Set(hop)].join(",");
})().catch(error => { document.body.textContent = "failed " + error; });
</script>"""


def pattern(size):
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def answer(method, target, fields, body):
    """Status, fields, body, trailers."""
    path = target.partition("?")[0]
    word, _, value = path[1:].partition("/")
    if word == "size":
        content = pattern(int(value))
        return 200, [("content-type", "application/octet-stream")], content, [
            ("x-digest", hashlib.sha256(content).hexdigest())]
    if word == "page":
        return 200, [("content-type", "text/html"), ("content-length", str(len(PAGE)))], PAGE, []
    if word == "empty":
        return 204, [], b"", []
    status = int(value) if word == "status" else 200
    told = json.dumps({
        "origin": name, "method": method, "target": target, "fields": fields, "length": len(body),
        "digest": hashlib.sha256(body).hexdigest()}).encode()
    return status, [("content-type", "application/json"), ("content-length", str(len(told))),
                    ("set-cookie", "a=1"), ("set-cookie", "b=2")], told, []


class H1:
    def __init__(self, peer):
        self.file = peer.makefile("rb")
        self.peer = peer

    def serve(self):
        while line := self.file.readline():
            method, target, _ = line.decode("latin-1").split(" ")
            fields = []
            while (line := self.file.readline()) not in (b"\r\n", b""):
                key, _, value = line.decode("latin-1").partition(":")
                fields.append((key.lower(), value.strip()))
            known = dict(fields)
            if target.startswith("/early"):
                self.peer.sendall(b"HTTP/1.1 413 X\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
                self.peer.shutdown(socket.SHUT_WR)
                while self.peer.recv(65536):
                    pass
                return
            if "expect" in known:
                self.peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = b""
            if "transfer-encoding" in known:
                while size := int(self.file.readline().split(b";")[0], 16):
                    body += self.file.read(size)
                    self.file.readline()
                while (line := self.file.readline()) not in (b"\r\n", b""):
                    key, _, value = line.decode("latin-1").partition(":")
                    fields.append(("trailer " + key.lower(), value.strip()))
            else:
                body = self.file.read(int(known.get("content-length", 0)))
            status, more, content, trailers = answer(method, target, fields, body)
            is_chunked = not any(key == "content-length" for key, _ in more) and status != 204
            head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in more)
            head += "Transfer-Encoding: chunked\r\n\r\n" if is_chunked else "\r\n"
            self.peer.sendall(head.encode())
            if method == "HEAD":
                continue
            if not is_chunked:
                self.peer.sendall(content)
                continue
            for start in range(0, len(content), 9_000):
                part = content[start : start + 9_000]
                self.peer.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            tail = "".join(f"{k}: {v}\r\n" for k, v in trailers)
            self.peer.sendall(f"0\r\n{tail}\r\n".encode())


class H2:
    def __init__(self, peer):
        import h2.config
        import h2.connection

        self.peer = peer
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.requests = {}
        self.waiting = {}

    def serve(self):
        import h2.events
        import h2.exceptions

        self.connection.initiate_connection()
        self.peer.sendall(self.connection.data_to_send())
        while data := self.peer.recv(65536):
            for event in self.connection.receive_data(data):
                stream = getattr(event, "stream_id", None)
                if isinstance(event, h2.events.RequestReceived):
                    self.requests[stream] = [event.headers, [], b""]
                    known = dict(event.headers)
                    if known[":path"].startswith("/early"):
                        self.connection.send_headers(stream, [(":status", "413"), ("content-length", "3")])
                        self.connection.send_data(stream, b"big", end_stream=True)
                        try:
                            self.connection.reset_stream(stream, 0)
                        except h2.exceptions.StreamClosedError:
                            pass  # all of the request had come with its head
                        del self.requests[stream]
                    elif "expect" in known:
                        self.connection.send_headers(stream, [(":status", "100")])
                elif isinstance(event, h2.events.DataReceived):
                    self.connection.acknowledge_received_data(event.flow_controlled_length, stream)
                    if stream in self.requests:
                        self.requests[stream][2] += event.data
                elif isinstance(event, h2.events.TrailersReceived):
                    self.requests[stream][1] = [("trailer " + k, v) for k, v in event.headers]
                elif isinstance(event, h2.events.StreamEnded):
                    if stream in self.requests:
                        self.answer(stream)
                elif isinstance(event, h2.events.StreamReset):
                    self.waiting.pop(stream, None)
                    self.requests.pop(stream, None)
            for stream in list(self.waiting):
                self.move(stream)
            self.peer.sendall(self.connection.data_to_send())

    def answer(self, stream):
        head, trailers, body = self.requests.pop(stream)
        known = dict(head)
        method = known[":method"]
        fields = [(k, v) for k, v in head if not k.startswith(":")]
        fields += [("host", known.get(":authority", "")), ("scheme", known[":scheme"])]
        status, more, content, tail = answer(method, known[":path"], fields + trailers, body)
        ends = method == "HEAD" or (not content and not tail)
        self.connection.send_headers(stream, [(":status", str(status)), *more], end_stream=ends)
        if not ends:
            self.waiting[stream] = (content, tail)

    def move(self, stream):
        content, tail = self.waiting[stream]
        while content:
            count = min(self.connection.local_flow_control_window(stream),
                        self.connection.max_outbound_frame_size, len(content))
            if count == 0:
                break
            self.connection.send_data(stream, content[:count])
            content = content[count:]
        if content:
            self.waiting[stream] = (content, tail)
            return
        del self.waiting[stream]
        if tail:
            self.connection.send_headers(stream, tail, end_stream=True)
        else:
            self.connection.end_stream(stream)


def run(peer):
    try:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            peer = context.wrap_socket(peer, server_side=True)
        (H2 if protocol == "h2" else H1)(peer).serve()
    except (OSError, ValueError):
        pass
    finally:
        peer.close()


context = None
if len(sys.argv) > 4:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    context.set_alpn_protocols(["h2" if protocol == "h2" else "http/1.1"])
    if len(sys.argv) > 5:
        context.load_verify_locations(sys.argv[5])
        context.verify_mode = ssl.CERT_REQUIRED
server = socket.create_server(("127.0.0.1", 0), backlog=512)
print("port", server.getsockname()[1], flush=True)
while True:
    peer, _ = server.accept()
    threading.Thread(target=run, args=(peer,), daemon=True).start()
