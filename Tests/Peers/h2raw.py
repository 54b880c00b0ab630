# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 frames by hand: what a library refuses to send."""
import ssl
import time

import hpack

from clients import connect

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM = ACK = 1
END_HEADERS, PADDED, WEIGHTED = 4, 8, 0x20
NO_ERROR, PROTOCOL, INTERNAL, FLOW, SETTINGS_TIMEOUT, CLOSED, SIZE, REFUSED, CANCEL, COMPRESSION, \
    CONNECT, CALM, SECURITY, HTTP11 = range(14)


def frame(type_, flags, stream, payload=b""):
    head = len(payload).to_bytes(3, "big") + bytes([type_, flags]) + stream.to_bytes(4, "big")
    return head + payload


def number(value, bits, first=0):
    """An integer of RFC 7541 5.1 with `bits` of prefix; `first` has the bits before it."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out = [first | most]
    value -= most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def text(value):
    value = value if isinstance(value, bytes) else value.encode("latin-1")
    return number(len(value), 7) + value


def literal(name, value, kind=0):
    """`kind` 0: not indexed, 0x10: never indexed, 0x40: indexed (RFC 7541 6.2)."""
    return bytes([kind]) + text(name) + text(value)


def block(fields, kind=0):
    return b"".join(literal(name, value, kind) for name, value in fields)


def request(method="GET", path="/charts/a", authority="edge.example", scheme="http", more=()):
    head = [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority)]
    return [*head, ("x-tenant-id", "acme"), *more]


def headers(stream, fields=None, flags=END_STREAM | END_HEADERS):
    payload = fields if isinstance(fields, bytes) else block(request() if fields is None else fields)
    return frame(HEADERS, flags, stream, payload)


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(k.to_bytes(2, "big") + v.to_bytes(4, "big") for k, v in pairs))


def window(stream, increment):
    return frame(WINDOW, 0, stream, increment.to_bytes(4, "big"))


def rst(stream, code=CANCEL):
    return frame(RST, 0, stream, code.to_bytes(4, "big"))


class Raw:
    """A connection that reads frames as they come; nothing is answered by itself but SETTINGS."""

    def __init__(self, port, tls=None, greets=True, first=b"", receive_buffer=None):
        self.peer = connect(port, tls, "h2" if tls is not None else None, receive_buffer)
        self.scheme = "http" if tls is None else "https"
        self.buffer = b""
        self.decoder = hpack.Decoder()
        self.decoder.max_header_list_size = 1 << 20
        self.is_closed = False
        self.is_deaf = False
        if greets:
            self.send(PREFACE + (first or settings()))

    def send(self, data):
        """False when the other side is gone.

        Nothing is sent behind what was cut off: OpenSSL takes that for a fault of its caller's, and
        what waits to be read (a GOAWAY) could not be read any more.
        """
        if self.is_deaf:
            return False
        try:
            self.peer.sendall(data)
            return True
        except OSError:
            self.is_deaf = True
            return False

    def close(self):
        self.peer.close()

    def frame(self, deadline):
        """The next frame as (type, flags, stream, payload); None at the end, or at `deadline`."""
        while True:
            if len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) >= 9 + length:
                    head, self.buffer = self.buffer[: 9 + length], self.buffer[9 + length :]
                    stream = int.from_bytes(head[5:9], "big") & 0x7FFFFFFF
                    return head[3], head[4], stream, head[9:]
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.peer.settimeout(left)
            try:
                part = self.peer.recv(65536)
            except TimeoutError:
                return None
            except (OSError, ssl.SSLError):
                part = b""
            finally:
                self.peer.settimeout(20)
            if not part:
                self.is_closed = True
                return None
            self.buffer += part

    def fields(self, payload):
        return [(str(k), str(v)) for k, v in self.decoder.decode(payload)]
