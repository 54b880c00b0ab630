# SPDX-License-Identifier: Apache-2.0
"""usage: slow_clients.py PORT KIND COUNT [CA]: many clients that take their time, and one that does not.

The ordinary client asks alone first, then beside COUNT slow ones, until each of these is cut off.
Prints `cut N lasted MS quiet US busy US answered N failed N` (p99 of the ordinary client).
With CA the slow clients speak TLS (kinds of h2 by ALPN), but for the kind `handshake`.
"""
import multiprocessing
import resource
import selectors
import socket
import ssl
import sys
import time

from clients import H1Client

port, kind, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tls = sys.argv[4] if len(sys.argv) > 4 else None
INTERVAL = 0.1
HOST = b"Host: edge.example\r\nX-Tenant-Id: acme\r\n"


def frame(type_, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([type_, flags]) + stream.to_bytes(4, "big") + payload


def field(name, value):
    """A literal without indexing, no Huffman (RFC 7541 6.2.2); up to 126 bytes."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def h2_head(method, path):
    return b"".join(
        field(*pair)
        for pair in [(b":method", method), (b":scheme", b"https" if tls else b"http"),
                     (b":path", path), (b":authority", b"edge.example"), (b"x-tenant-id", b"acme")]
    )


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = frame(4, 0, 0)
ACK = frame(4, 1, 0)
# What comes at once; what follows byte by byte, over and over; whether answers are read.
KINDS = {
    "head": (b"GET /charts/a HTTP/1.1\r\n" + HOST, b"X-A: b\r\n", True),
    "first": (b"", b"GET /charts/a HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 5_000, True),
    "body": (b"POST /charts/a HTTP/1.1\r\n%sContent-Length: 100000\r\n\r\n" % HOST, b"a", True),
    "chunks": (b"POST /charts/a HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n" % HOST,
               b"1\r\na\r\n", True),
    "read": (b"GET /charts/big HTTP/1.1\r\n%s\r\n" % HOST, b"", False),
    "h2-preface": (b"", PREFACE, True),
    "h2-frame": (PREFACE + SETTINGS + ACK, b"\0\x3f\xff\x01\x04\0\0\0\x01" + b"\0" * 16_000, True),
    "h2-head": (PREFACE + SETTINGS + ACK + frame(1, 0, 1, h2_head(b"GET", b"/charts/a")),
                frame(9, 0, 1, field(b"x", b"y")), True),
    "h2-body": (PREFACE + SETTINGS + ACK + frame(1, 4, 1, h2_head(b"POST", b"/charts/a")),
                frame(0, 0, 1, b"a"), True),
    # Frames are read, but no window is ever opened: the connection's, or each stream's.
    "h2-read": (PREFACE + SETTINGS + ACK + frame(1, 5, 1, h2_head(b"GET", b"/charts/big")), b"", True),
    "h2-zero": (PREFACE + frame(4, 0, 0, b"\0\x04\0\0\0\0") + ACK
                + b"".join(frame(1, 5, s, h2_head(b"GET", b"/charts/big")) for s in range(1, 40, 2)),
                b"", True),
    "h2-one": (PREFACE + frame(4, 0, 0, b"\0\x04\0\0\0\1") + ACK
               + frame(1, 5, 1, h2_head(b"GET", b"/charts/big")),
               frame(8, 0, 1, b"\0\0\0\1"), True),
    # Not even the socket is read.
    "h2-deaf": (PREFACE + frame(4, 0, 0, b"\0\x04\x7f\xff\xff\xff") + ACK
                + frame(8, 0, 0, b"\x7f\xff\0\0") + frame(1, 5, 1, h2_head(b"GET", b"/charts/big")),
                b"", False),
    "handshake": (b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 5_000, True),
}
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
first, drip, reads = KINDS[kind]


def ordinary(until, results):
    client, times, failures = None, [], []
    while not until.is_set():
        try:
            client = client or H1Client(port, tls)
            start = time.perf_counter()
            answer = client.ask("GET", "/charts/a", [("X-Tenant-Id", "acme")])
            times.append(time.perf_counter() - start)
            if answer.status != 200 or not answer.whole:
                failures.append(str(answer))
            if not client.is_kept:
                client = None
        except OSError as error:
            failures.append(str(error))
            client = None
    results.put((len(times), int(sorted(times)[len(times) * 99 // 100] * 1_000_000), failures))


def start_ordinary():
    """A process of its own, so that what the slow ones cost here is not in its figures."""
    until, results = multiprocessing.Event(), multiprocessing.Queue()
    multiprocessing.Process(target=ordinary, args=(until, results), daemon=True).start()

    def stop():
        until.set()
        return results.get()

    return stop


stop = start_ordinary()
time.sleep(1)
quiet = stop()
stop = start_ordinary()

selector = selectors.DefaultSelector()
begin = time.monotonic()
states = {}
for _ in range(count):
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.settimeout(20)
    peer.connect(("127.0.0.1", port))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is not None and kind != "handshake":
        context = ssl.create_default_context(cafile=tls)
        context.set_alpn_protocols(["h2" if kind.startswith("h2") else "http/1.1"])
        peer = context.wrap_socket(peer, server_hostname="edge.example")
    try:
        peer.sendall(first)
    except OSError:
        continue
    peer.setblocking(False)
    states[peer] = 0
    if reads:
        selector.register(peer, selectors.EVENT_READ)
deadline = begin + 60
due = time.monotonic()
while states and time.monotonic() < deadline:
    for key, _ in selector.select(0.02):
        try:
            while part := key.fileobj.recv(65536):
                pass
        except (BlockingIOError, ssl.SSLWantReadError):
            continue
        except OSError:
            pass
        selector.unregister(key.fileobj)
        states.pop(key.fileobj, None)
        key.fileobj.close()
    if time.monotonic() < due:
        continue
    due = time.monotonic() + INTERVAL
    for peer in list(states):
        try:
            if drip:
                peer.send(drip[states[peer] % len(drip) :][:1])
                states[peer] += 1
            elif not reads:
                # A byte tells whether the other side is still there, without being read.
                error = peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                state = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
                if error or state != 1:
                    raise ConnectionResetError
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass
        except OSError:
            if reads:
                selector.unregister(peer)
            states.pop(peer, None)
            peer.close()
lasted = time.monotonic() - begin
busy = stop()
failures = quiet[2] + busy[2]
for text in failures[:5]:
    print("ordinary client:", text)
print("cut", count - len(states), "lasted", int(lasted * 1_000), "quiet", quiet[1], "busy", busy[1],
      "answered", busy[0], "failed", len(failures))
