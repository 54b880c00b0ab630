# SPDX-License-Identifier: Apache-2.0
"""usage: h2_drain.py PORT PID [CA]: SIGTERM, and what an HTTP/2 client with a request under way sees.

The notice (GOAWAY with the highest number) is not acknowledged until another request has gone out:
that one must be answered too. Prints a line for each thing that went wrong, then `rows N`.
"""
import os
import signal
import sys
import time

from h2raw import *
from rowbook import row, tell

port, pid = int(sys.argv[1]), int(sys.argv[2])
raw = Raw(port, sys.argv[3] if len(sys.argv) > 3 else None)


def until(wanted, why):
    """Reads frames until `wanted` of (type, flags, stream, payload) is true; that frame."""
    seen = []
    deadline = time.monotonic() + 20
    while True:
        got = raw.frame(deadline)
        if got is None:
            row(why, False, f"{'closed' if raw.is_closed else 'late'} after {seen}")
            return None
        if got[0] == SETTINGS and not got[1] & ACK:
            raw.send(frame(SETTINGS, ACK, 0))
        seen.append(got[:3])
        if wanted(*got):
            return got


def last(goaway):
    return int.from_bytes(goaway[3][:4], "big") & 0x7FFFFFFF if goaway else None


def ask(stream):
    raw.send(headers(stream, block(request(scheme=raw.scheme))))


def answered(stream):
    until(lambda t, f, s, p: s == stream and f & END_STREAM and t in (HEADERS, DATA), f"answer {stream}")
    row(f"answer {stream}", True)


ask(1)
answered(1)
os.kill(pid, signal.SIGTERM)
notice = until(lambda t, f, s, p: t == GOAWAY, "notice")
row("the notice names the highest stream", last(notice) == 0x7FFFFFFF, notice)
ping = until(lambda t, f, s, p: t == PING and not f & ACK, "ping")
ask(3)
answered(3)
raw.send(frame(PING, ACK, 0, ping[3] if ping else bytes(8)))
goodbye = until(lambda t, f, s, p: t == GOAWAY, "goodbye")
row("the goodbye names the last stream", last(goodbye) == 3, goodbye)
row("the connection ends", raw.frame(time.monotonic() + 20) is None and raw.is_closed)
tell()
