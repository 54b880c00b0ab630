# SPDX-License-Identifier: Apache-2.0
"""usage: h2_rows.py PORT [CA]: every row of h2_rules.py on a connection of its own.

The origin behind the edge is noting_origin.py. Prints a line for each row that went wrong, then
`rows N connection N stream N answer N`.
"""
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from h2_rules import ROWS
from h2raw import *

port = int(sys.argv[1])
tls = sys.argv[2] if len(sys.argv) > 2 else None
PROBE = 99
MARK = b"\xffprobe!\xff"


def play(raw, data, quiet=False):
    """What followed: {"goaway", "reset", "status", "ended", "body", "pong"} as far as it came."""
    seen = {"status": None, "ended": False, "body": b"", "reset": None, "goaway": None,
            "pong": False, "probe": None, "replies": 0}
    raw.send(data)
    raw.send(frame(PING, 0, 0, MARK))
    deadline = time.monotonic() + 10
    while True:
        got = raw.frame(deadline)
        if got is None:
            return seen
        type_, flags, stream, payload = got
        if type_ == SETTINGS and not flags & ACK:
            raw.send(frame(SETTINGS, ACK, 0))
        elif type_ == GOAWAY:
            seen["goaway"] = int.from_bytes(payload[4:8], "big")
            if seen["goaway"]:
                # The end follows; who only says GOAWAY and goes on would be caught here.
                while raw.frame(time.monotonic() + 5) is not None:
                    pass
                return seen
        elif type_ == RST and stream == 1:
            seen["reset"] = int.from_bytes(payload, "big")
        elif type_ == PING and flags & ACK:
            if payload == MARK:
                seen["pong"] = True
        elif type_ == HEADERS:
            fields = dict(raw.fields(payload))
            if stream == 1 and not fields[":status"].startswith("1"):
                seen["status"] = int(fields[":status"])
            if stream == PROBE:
                seen["probe"] = int(fields[":status"])
        if type_ == DATA:
            raw.send(window(0, max(1, len(payload))))
            if stream == 1:
                seen["body"] += payload
        if type_ in (HEADERS, DATA) and stream == 1 and flags & END_STREAM:
            seen["ended"] = True
        # Once nothing more can come of it, a request shows whether the connection lives.
        is_done = seen["ended"] or seen["reset"] is not None
        if seen["pong"] and quiet:
            return seen
        if seen["pong"] and is_done and seen["probe"] is None:
            seen["probe"] = 0
            probe = request(scheme=raw.scheme)
            raw.send(headers(PROBE, probe))
        if seen["probe"] and is_done:
            return seen


def is_right(outcome, seen):
    kind, *codes = outcome
    goaway, reset, status = seen["goaway"], seen["reset"], seen["status"]
    lives = seen["probe"] == 200
    if kind == "connection":
        return goaway in codes
    if kind == "stream":
        return (reset in codes and lives) or goaway in codes
    if kind == "answer":
        return status in codes and seen["ended"] and lives
    if kind == "answer-with":
        body = bytes.fromhex(seen["body"].decode() or "")
        return status == 200 and lives and codes[0] in body.lower()
    if kind == "answer-then-end":
        return status in codes and seen["ended"]
    if kind == "malformed":
        return (reset == PROTOCOL and lives and status is None) or (
            status == 400 and seen["ended"] and lives) or goaway == PROTOCOL
    if kind == "refused":
        return (reset is not None and lives) or (status or 0) // 100 in (4, 5) or goaway is not None
    if kind == "too-large":
        return status in (400, 414, 431) and lives or reset is not None and lives or bool(goaway)
    if kind == "either":
        return goaway in codes or (reset in codes and lives)
    if kind == "either-answer":
        return goaway in codes or (reset in codes and lives) or (status == 200 and lives)
    if kind == "either-quiet":
        # Frames of a stream that we have reset may have crossed it: ignored, or refused.
        return goaway in codes or (seen["pong"] and goaway is None)
    if kind == "fine":
        return seen["pong"] and goaway is None and lives
    raise ValueError(kind)


def one(item):
    section, name, data, outcome = item
    try:
        raw = Raw(port, tls)
        if outcome == ("fine",):
            # Nothing comes of stream 1: the probe is asked behind the row.
            data += headers(PROBE, request(scheme=raw.scheme))
        seen = play_fine(raw, data) if outcome == ("fine",) else play(
            raw, data, outcome[0] == "either-quiet")
        raw.close()
        if is_right(outcome, seen):
            return outcome[0], None
        seen["body"] = len(seen["body"])
        return "wrong", f"{section} {name}: {seen}, not {outcome}"
    except Exception as error:
        return "wrong", f"{section} {name}: {type(error).__name__} {error}"


def play_fine(raw, data):
    seen = {"pong": False, "goaway": None, "probe": None, "reset": None, "status": None, "body": b""}
    raw.send(data + frame(PING, 0, 0, MARK))
    deadline = time.monotonic() + 10
    while not (seen["pong"] and seen["probe"]):
        got = raw.frame(deadline)
        if got is None:
            break
        type_, flags, stream, payload = got
        if type_ == GOAWAY:
            seen["goaway"] = int.from_bytes(payload[4:8], "big")
        elif type_ == PING and payload == MARK:
            seen["pong"] = True
        elif type_ == HEADERS:
            status = int(dict(raw.fields(payload))[":status"])
            if stream == PROBE:
                seen["probe"] = status
    return seen


def preface_rows():
    """RFC 9113 3.4: what does not begin as it should ends."""
    for name, first in [
        ("no SETTINGS behind the preface", PREFACE + headers(1)),
        ("PING before SETTINGS", PREFACE + frame(PING, 0, 0, b"12345678")),
        ("a preface with another end", PREFACE[:-4] + b"XX\r\n" + settings()),
        ("a preface without SM", b"PRI * HTTP/2.0\r\n\r\n" + settings() + headers(1)),
        ("SETTINGS without a preface", settings() + headers(1)),
        ("an acknowledgement before SETTINGS", PREFACE + frame(SETTINGS, 1, 0)),
    ]:
        raw = Raw(port, tls, greets=False)
        raw.send(first + frame(PING, 0, 0, MARK))
        deadline = time.monotonic() + 10
        data = b""
        raw.peer.settimeout(10)
        try:
            while part := raw.peer.recv(65536):
                data += part
        except TimeoutError:
            yield f"3.4 {name}: the connection lives"
        except OSError:
            pass
        if b"\x00\x00\x08\x06\x01" in data:
            yield f"3.4 {name}: its PING was answered"
        raw.close()


wrong = list(preface_rows())
kinds = Counter()
with ThreadPoolExecutor(16) as pool:
    for kind, problem in pool.map(one, ROWS):
        kinds[kind] += 1
        if problem:
            wrong.append(problem)
for text in wrong:
    print(text)
print("rows", len(ROWS) + 6, "connection", kinds["connection"], "stream", kinds["stream"],
      "answer", kinds["answer"])
