# SPDX-License-Identifier: Apache-2.0
"""usage: websocket_raw.py origin            prints `port N`
          websocket_raw.py client PORT PATH COUNT

Frames as bytes: COUNT connections, each with texts, binary, fragments, pings and pongs between them,
reserved bits, empty and long payloads, masks that both ends know, cut anywhere, both ways at once.
Either end compares every byte with what the other end made from the same seed; a tunnel changes
nothing. The client prints a line for each connection that went wrong, then
`rows N frames N fragments N pings N bytes N`.
"""
import base64
import collections
import hashlib
import random
import socket
import sys
import threading

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
SIZES = [0, 1, 2, 125, 126, 127, 1_000, 16_383, 16_384, 65_535, 65_536, 200_000]
figures = collections.Counter()


def frame(kind, payload, is_last, mask, reserved=0):
    head = bytes([is_last << 7 | reserved << 4 | kind])
    bit = 128 if mask is not None else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 65_536:
        head += bytes([bit | 126]) + len(payload).to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + len(payload).to_bytes(8, "big")
    if mask is None:
        return head + payload
    stream = (mask * (len(payload) // 4 + 1))[:len(payload)]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
    return head + mask + masked.to_bytes(len(payload), "big")


def stream(seed, is_masked):
    """All frames of one direction; the last is a Close frame."""
    chance = random.Random(f"{seed} {is_masked}")
    frames = []

    def add(kind, payload, is_last=True, reserved=0):
        figures["frames"] += 1
        figures["pings"] += kind == PING
        figures["fragments"] += not is_last
        frames.append(
            frame(kind, payload, is_last, chance.randbytes(4) if is_masked else None, reserved)
        )

    for _ in range(chance.randrange(5, 15)):
        kind = chance.choice([TEXT, BINARY])
        pieces = chance.choice([1, 1, 2, 3, 7])
        reserved = chance.choice([0, 0, 4])
        for piece in range(pieces):
            payload = chance.randbytes(chance.choice(SIZES))
            if kind == TEXT:
                payload = payload.hex()[:len(payload)].encode()
            add(CONTINUED if piece else kind, payload, piece == pieces - 1, 0 if piece else reserved)
            if chance.random() < 0.4:
                add(chance.choice([PING, PONG]), chance.randbytes(chance.randrange(126)))
    add(CLOSE, (4_000 + seed % 1_000).to_bytes(2, "big") + b"enough")
    return b"".join(frames)


def head_of(peer):
    data = b""
    while b"\r\n\r\n" not in data:
        part = peer.recv(1)
        if not part:
            raise OSError("ended in the head")
        data += part
    return data.decode("latin-1")


def field(head, name):
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return ""


def accept_of(key):
    whole = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1(whole.encode()).digest()).decode()


def exchange(peer, sent, expected, seed):
    """Sends in pieces of any length while it reads; whether exactly `expected` came."""

    def send():
        chance = random.Random(seed)
        at = 0
        while at < len(sent):
            step = chance.choice([1, 2, 3, 100, 5_000, 70_000])
            peer.sendall(sent[at:at + step])
            at += step

    sender = threading.Thread(target=send)
    sender.start()
    got = bytearray()
    while len(got) < len(expected):
        part = peer.recv(65_536)
        if not part:
            break
        got += part
    sender.join()
    return bytes(got) == expected


def serve(peer):
    try:
        with peer:
            peer.settimeout(60)
            head = head_of(peer)
            seed = int(head.split(" ")[1].rpartition("/")[2])
            peer.sendall((
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept_of(field(head, 'sec-websocket-key'))}\r\n\r\n"
            ).encode())
            is_right = exchange(peer, stream(seed, False), stream(seed, True), seed)
            print("seed", seed, "right" if is_right else "wrong", flush=True)
    except OSError as error:
        print("error", error, flush=True)


def origin():
    server = socket.create_server(("127.0.0.1", 0), backlog=128)
    print("port", server.getsockname()[1], flush=True)
    while True:
        peer, _ = server.accept()
        threading.Thread(target=serve, args=(peer,), daemon=True).start()


def client(port, path, count):
    rows = 0
    for seed in range(count):
        rows += 1
        key = base64.b64encode(random.Random(seed).randbytes(16)).decode()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=60) as peer:
                peer.sendall((
                    f"GET {path}/{seed} HTTP/1.1\r\nHost: x\r\nX-Tenant-Id: acme\r\n"
                    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    f"Sec-WebSocket-Key: {key}\r\n\r\n"
                ).encode())
                head = head_of(peer)
                if " 101 " not in head or field(head, "sec-websocket-accept") != accept_of(key):
                    print("wrong: seed", seed, repr(head))
                    continue
                sent, expected = stream(seed, True), stream(seed, False)
                figures["bytes"] += len(sent) + len(expected)
                if not exchange(peer, sent, expected, seed + 1):
                    print("wrong: seed", seed, "other bytes came than were sent")
                elif peer.recv(1):
                    print("wrong: seed", seed, "more bytes came than were sent")
        except OSError as error:
            print("wrong: seed", seed, repr(error))
    names = ["frames", "fragments", "pings", "bytes"]
    print("rows", rows, *(word for name in names for word in (name, figures[name])), flush=True)


if sys.argv[1] == "origin":
    origin()
else:
    client(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
