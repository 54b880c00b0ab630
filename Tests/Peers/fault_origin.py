# SPDX-License-Identifier: Apache-2.0
"""usage: fault_origin.py: an HTTP/1.1 origin that does at `/fault/N` what the table says of N.

Everything else is answered with its own target. Prints `port P`.
"""
import socket
import struct
import threading
import time

from fault_table import FAULTS


class Connection:
    def __init__(self, peer):
        self.peer = peer
        self.buffer = b""

    def fill(self):
        part = self.peer.recv(65536)
        if not part:
            raise EOFError
        self.buffer += part

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        part, self.buffer = self.buffer[:count], self.buffer[count:]
        return part

    def until(self, mark):
        while mark not in self.buffer:
            self.fill()
        part, _, self.buffer = self.buffer.partition(mark)
        return part

    def chunk(self):
        """Reads one; False at the last."""
        size = int(self.until(b"\r\n"), 16)
        if size == 0:
            while self.until(b"\r\n"):
                pass
            return False
        self.take(size + 2)
        return True

    def content(self, share, fields):
        """Reads `share` of the content, and gives what reads the rest."""
        if fields.get("transfer-encoding"):
            if share == "all":
                self.rest_of_chunks()
            elif share == "half" and not self.chunk():
                return lambda: None
            return self.rest_of_chunks if share != "all" else lambda: None
        length = int(fields.get("content-length", 0))
        first = {"all": length, "half": length // 2, "none": 0}[share]
        self.take(first)
        return lambda: self.take(length - first)

    def rest_of_chunks(self):
        while self.chunk():
            pass

    def serve(self):
        while True:
            lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            target = lines[0].split(" ")[1]
            fields = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines[1:])
            }
            number = target.removeprefix("/fault/")
            fault = FAULTS[int(number)] if number.isdigit() else None
            if fields.get("expect") and (fault is None or fault.reads != "none"):
                self.peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            finish = self.content(fault.reads if fault else "all", fields)
            if fault is None:
                body = b"of " + target.encode()
                self.peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
                if not lines[0].startswith("HEAD"):
                    self.peer.sendall(body)
                continue
            if self.act(fault):
                return
            finish()

    def act(self, fault):
        """Whether the connection is over."""
        if fault.then == "trickle":
            for byte in fault.data:
                self.peer.sendall(bytes([byte]))
                time.sleep(0.01)
        elif fault.then == "slowly":
            for byte in fault.data:
                self.peer.sendall(bytes([byte]))
                time.sleep(0)
            return False
        else:
            self.peer.sendall(fault.data)
        if fault.then == "keep":
            return False
        if fault.then in ("silence", "trickle"):
            while self.peer.recv(65536):
                pass
        elif fault.then == "reset":
            # A reset throws away what the peer's kernel has not handed over yet.
            if fault.data:
                time.sleep(0.05)
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return True


def run(peer):
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        Connection(peer).serve()
    except (OSError, EOFError):
        pass
    finally:
        peer.close()


server = socket.create_server(("127.0.0.1", 0), backlog=512)
print("port", server.getsockname()[1], flush=True)
while True:
    peer, _ = server.accept()
    threading.Thread(target=run, args=(peer,), daemon=True).start()
