# SPDX-License-Identifier: Apache-2.0
"""usage: h2_fault_origin.py [CERTIFICATE KEY]: an HTTP/2 origin that does at `/fault/N` what the table says.

Everything else is answered with its own target. Prints `port P`.
"""
import socket
import ssl
import struct
import sys
import threading
import time

import hpack

from h2_fault_table import FAULTS, S
from h2raw import *


class Connection:
    def __init__(self, peer):
        self.peer = peer
        self.buffer = b""
        self.decoder = hpack.Decoder()
        self.targets = {}
        self.blocks = {}

    def take(self, count):
        while len(self.buffer) < count:
            part = self.peer.recv(65536)
            if not part:
                raise EOFError
            self.buffer += part
        part, self.buffer = self.buffer[:count], self.buffer[count:]
        return part

    def serve(self):
        self.take(len(PREFACE))
        self.peer.sendall(settings((3, 100)))
        while True:
            top = self.take(9)
            payload = self.take(int.from_bytes(top[:3], "big"))
            type_, flags = top[3], top[4]
            stream = int.from_bytes(top[5:9], "big")
            if type_ == SETTINGS and not flags & ACK:
                self.peer.sendall(frame(SETTINGS, ACK, 0))
            elif type_ == PING and not flags & ACK:
                self.peer.sendall(frame(PING, ACK, 0, payload))
            elif type_ in (HEADERS, CONTINUATION):
                if type_ == HEADERS and flags & WEIGHTED:
                    payload = payload[5:]
                self.blocks[stream] = self.blocks.get(stream, b"") + payload
                if type_ == HEADERS:
                    self.ends = flags & END_STREAM
                if not flags & END_HEADERS:
                    continue
                fields = dict(self.decoder.decode(self.blocks.pop(stream)))
                if ":path" in fields:
                    path = fields[":path"].removeprefix("/charts")
                    self.targets[stream] = (fields[":method"], path)
                    if "expect" in fields:
                        self.peer.sendall(frame(HEADERS, 4, stream, block([(":status", "100")])))
                if self.act(stream, bool(self.ends)):
                    return
            elif type_ == DATA:
                if payload:
                    self.peer.sendall(window(0, len(payload)))
                    if stream in self.targets and not flags & END_STREAM:
                        self.peer.sendall(window(stream, len(payload)))
                if self.act(stream, bool(flags & END_STREAM)):
                    return
            elif type_ == RST:
                self.targets.pop(stream, None)

    def act(self, stream, is_whole):
        """Answers when its time has come; whether the connection is over."""
        if stream not in self.targets:
            return False
        method, target = self.targets[stream]
        number = target.removeprefix("/fault/")
        fault = FAULTS[int(number)] if number.isdigit() else None
        if not is_whole and (fault is None or fault.reads == "all"):
            return False
        del self.targets[stream]
        if fault is None:
            body = b"of " + target.encode()
            ends = method == "HEAD"
            self.peer.sendall(frame(HEADERS, 5 if ends else 4, stream, block([(":status", "200")]))
                              + (b"" if ends else frame(DATA, 1, stream, body)))
            return False
        data = fault.data.replace(S.to_bytes(4, "big"), stream.to_bytes(4, "big"))
        if method == "HEAD":
            data = without_content(data)
        self.peer.sendall(data)
        if fault.then == "reset":
            if data:
                time.sleep(0.05)
            linger = struct.pack("ii", 1, 0)
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return fault.then in ("reset", "close")


def without_content(data):
    """An answer to HEAD that is fine but for its content ends with its head."""
    if len(data) > 9 and data[3] == HEADERS and data[4] == END_HEADERS:
        length = 9 + int.from_bytes(data[:3], "big")
        rest = data[length:]
        if rest and rest[3] == DATA and rest[4] == END_STREAM and b":status\x03200" in data[:length]:
            return data[:4] + bytes([5]) + data[5:length] + rest[9 + int.from_bytes(rest[:3], "big"):]
    return data


def run(peer):
    try:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            peer = context.wrap_socket(peer, server_side=True)
        Connection(peer).serve()
    except (OSError, EOFError):
        pass
    finally:
        peer.close()


context = None
if len(sys.argv) > 2:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    context.set_alpn_protocols(["h2"])
server = socket.create_server(("127.0.0.1", 0), backlog=512)
print("port", server.getsockname()[1], flush=True)
while True:
    peer, _ = server.accept()
    threading.Thread(target=run, args=(peer,), daemon=True).start()
