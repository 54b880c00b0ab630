# SPDX-License-Identifier: Apache-2.0
"""Clients that tests send through an edge: HTTP/1.1 by hand, HTTP/2 by the library `h2`.

Both have one face: `ask` gives an Answer that says whether the client could tell that it was
whole. They never retry, and they accept nothing that an RFC forbids.
"""
import socket
import ssl
import struct
from dataclasses import dataclass, field

TIMEOUT = 20


@dataclass
class Answer:
    """What one request led to; `status` 0: no head came."""

    status: int = 0
    fields: list = field(default_factory=list)
    body: bytes = b""
    trailers: list = field(default_factory=list)
    whole: bool = False
    interim: list = field(default_factory=list)
    # How it ended when it is not whole: "close", "reset", "silence", "stream N" (an h2 code).
    end: str = ""

    def get(self, name):
        return next((v for k, v in self.fields if k == name), None)

    def __str__(self):
        state = "whole" if self.whole else f"not whole ({self.end})"
        return f"{self.status} {self.body[:60]!r} {state}"


def connect(port, tls=None, alpn=None, receive_buffer=None):
    """A socket to 127.0.0.1; `tls` is a file of CA certificates, or "" to believe anyone."""
    peer = socket.socket()
    if receive_buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer.settimeout(TIMEOUT)
    peer.connect(("127.0.0.1", port))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is None:
        return peer
    context = ssl.create_default_context(cafile=tls or None)
    if not tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols([alpn])
    return context.wrap_socket(peer, server_hostname="edge.example")


def reset(peer):
    """Closes with RST."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


class H1Client:
    """One HTTP/1.1 connection."""

    protocol = "h1"

    def __init__(self, port, tls=None):
        self.peer = connect(port, tls, "http/1.1" if tls is not None else None)
        self.buffer = b""
        self.end = ""
        self.is_kept = True

    def close(self):
        self.peer.close()

    def ask(self, method, target, fields=(), body=None, framing="length"):
        """`framing`: none, length, chunked, expect (100-continue), partial (half of the body)."""
        try:
            self.send(method, target, fields, body, framing)
        except OSError:
            pass  # An early answer may have come before the end of the content.
        return self.receive(method == "HEAD")

    def send(self, method, target, fields, body, framing):
        lines = [f"{method} {target} HTTP/1.1", "Host: edge.example"]
        lines += [f"{name}: {value}" for name, value in fields]
        content = b""
        if body is not None:
            if framing == "chunked":
                lines.append("Transfer-Encoding: chunked")
                for start in range(0, len(body), 7_000):
                    part = body[start : start + 7_000]
                    content += b"%x\r\n%s\r\n" % (len(part), part)
                content += b"0\r\n\r\n"
            else:
                lines.append(f"Content-Length: {len(body)}")
                content = body[: len(body) // 2] if framing == "partial" else body
            if framing == "expect":
                lines.append("Expect: 100-continue")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if framing == "expect":
            self.peer.sendall(head)
            # Whatever comes first decides: an interim answer asks for the content.
            if not self.fill() or not self.buffer.startswith(b"HTTP/1.1 1"):
                return
            self.peer.sendall(content)
        else:
            self.peer.sendall(head + content)

    def fill(self):
        try:
            part = self.peer.recv(65536)
        except ConnectionResetError:
            self.end = "reset"
            return False
        except (TimeoutError, ssl.SSLError, OSError) as error:
            self.end = "silence" if isinstance(error, TimeoutError) else type(error).__name__
            return False
        if not part:
            self.end = "close"
            return False
        self.buffer += part
        return True

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.fill():
                return None
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def take(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                part, self.buffer = self.buffer, b""
                return part
        part, self.buffer = self.buffer[:count], self.buffer[count:]
        return part

    def receive(self, is_head=False):
        answer = Answer()
        while True:
            while b"\r\n\r\n" not in self.buffer:
                if not self.fill():
                    answer.end = self.end
                    self.is_kept = False
                    return answer
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            version, status, *_ = lines[0].split(" ")
            assert version == "HTTP/1.1", lines[0]
            answer.status = int(status)
            answer.fields = [
                (name.lower(), value.strip())
                for name, _, value in (line.partition(":") for line in lines[1:])
            ]
            if answer.status // 100 != 1 or answer.status == 101:
                break
            answer.interim.append(answer.status)
        self.is_kept = "close" not in (answer.get("connection") or "").lower()
        length, coding = answer.get("content-length"), answer.get("transfer-encoding")
        assert not (length and coding), f"framed twice: {lines}"
        if is_head or answer.status in (204, 304, 101):
            answer.whole = True
        elif coding:
            assert coding == "chunked", coding
            self.chunks(answer)
        elif length is not None:
            answer.body = self.take(int(length))
            answer.whole = len(answer.body) == int(length)
        else:
            while self.fill():
                pass
            answer.body, self.buffer = self.buffer, b""
            answer.whole = self.end == "close"
        if not answer.whole:
            answer.end = self.end
            self.is_kept = False
        return answer

    def chunks(self, answer):
        while True:
            line = self.line()
            if line is None:
                return
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            part = self.take(size)
            answer.body += part
            if len(part) < size or self.line() != b"":
                return
        while True:
            line = self.line()
            if line is None:
                return
            if line == b"":
                answer.whole = True
                return
            name, _, value = line.decode("latin-1").partition(":")
            answer.trailers.append((name.lower(), value.strip()))


class H2Client:
    """One HTTP/2 connection: prior knowledge in clear text, ALPN under TLS."""

    protocol = "h2"

    def __init__(self, port, tls=None):
        import h2.config
        import h2.connection

        self.peer = connect(port, tls, "h2" if tls is not None else None)
        self.scheme = "http"
        if tls is not None:
            assert self.peer.selected_alpn_protocol() == "h2", "no h2 by ALPN"
            self.scheme = "https"
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        )
        self.connection.initiate_connection()
        self.flush()
        self.is_kept = True
        self.answers = {}
        self.done = set()
        self.end = ""

    def close(self):
        self.peer.close()

    def flush(self):
        self.peer.sendall(self.connection.data_to_send())

    def ask(self, method, target, fields=(), body=None, framing="length"):
        stream = self.send(method, target, fields, body, framing)
        while stream not in self.done and self.pump():
            pass
        return self.answer(stream)

    def answer(self, stream):
        answer = self.answers.setdefault(stream, Answer())
        if not answer.whole and not answer.end:
            answer.end = self.end
        return answer

    def head(self, method, target, fields):
        head = [
            (":method", method),
            (":scheme", self.scheme),
            (":authority", "edge.example"),
            (":path", target),
        ]
        return head + [(name.lower(), str(value)) for name, value in fields]

    def send(self, method, target, fields=(), body=None, framing="length"):
        """`framing`: none, length (a content-length), chunked (none), expect, partial."""
        stream = self.connection.get_next_available_stream_id()
        self.answers[stream] = Answer()
        head = self.head(method, target, fields)
        if body is not None and framing != "chunked":
            head.append(("content-length", str(len(body))))
        if framing == "expect":
            head.append(("expect", "100-continue"))
        self.connection.send_headers(stream, head, end_stream=body is None)
        self.flush()
        if body is None:
            return stream
        if framing == "expect":
            while not self.answers[stream].interim and stream not in self.done and self.pump():
                pass
        content = body[: len(body) // 2] if framing == "partial" else body
        while content and stream not in self.done:
            window = self.connection.local_flow_control_window(stream)
            count = min(window, self.connection.max_outbound_frame_size, len(content))
            if count == 0:
                if not self.pump():
                    break
                continue
            self.connection.send_data(stream, content[:count])
            content = content[count:]
            self.flush()
        if not content and stream not in self.done and framing != "partial":
            self.connection.end_stream(stream)
            self.flush()
        return stream

    def pump(self):
        """Takes what has come; False at the connection's end."""
        import h2.events
        import h2.exceptions

        try:
            data = self.peer.recv(65536)
        except ConnectionResetError:
            self.end = "reset"
            self.is_kept = False
            return False
        except OSError as error:
            self.end = "silence" if isinstance(error, TimeoutError) else type(error).__name__
            self.is_kept = False
            return False
        if not data:
            self.end = self.end or "close"
            self.is_kept = False
            return False
        for event in self.connection.receive_data(data):
            if isinstance(event, h2.events.ConnectionTerminated):
                self.end = f"goaway {int(event.error_code)}"
                self.is_kept = False
                continue
            answer = self.answers.get(getattr(event, "stream_id", None))
            if answer is None:
                continue
            stream = event.stream_id
            if isinstance(event, h2.events.InformationalResponseReceived):
                answer.interim.append(int(dict(event.headers)[":status"]))
            elif isinstance(event, h2.events.ResponseReceived):
                answer.status = int(dict(event.headers)[":status"])
                answer.fields = [(k, v) for k, v in event.headers if not k.startswith(":")]
            elif isinstance(event, h2.events.DataReceived):
                answer.body += event.data
                self.connection.acknowledge_received_data(
                    event.flow_controlled_length, event.stream_id
                )
            elif isinstance(event, h2.events.TrailersReceived):
                answer.trailers = list(event.headers)
            elif isinstance(event, h2.events.StreamEnded):
                answer.whole = True
                self.done.add(stream)
            elif isinstance(event, h2.events.StreamReset):
                # RFC 9113 8.1: a whole answer and then NO_ERROR, "do not send the rest".
                if not answer.whole:
                    answer.end = f"stream {int(event.error_code)}"
                self.done.add(stream)
        try:
            self.flush()
        except OSError:
            pass
        return True


def client(protocol, port, tls=None):
    """`protocol`: h1 or h2."""
    peer = (H2Client if protocol == "h2" else H1Client)(port, tls)
    peer.place = (port, tls)
    return peer
