# SPDX-License-Identifier: Apache-2.0
"""What an HTTP/2 origin can do wrong, and what the client of a proxy must see then.

Frames are written for stream 0x7FFFFFFF, which the origin replaces by the request's.
"""
from fault_table import CUT, P502, P504, REQUESTS, Fault, answer, outcomes  # noqa: F401
from h2raw import *

FAULTS = []
IS_H2 = True
S = 0x7FFFFFFF
P503 = ("problem", 503)


def fault(name, outcomes, data, then="keep", reads="all"):
    outcomes = outcomes if isinstance(outcomes, list) else [outcomes]
    FAULTS.append(Fault(name, outcomes, data, then, reads, then == "silence"))


def head(fields=(), status="200", end=False, block_=None):
    payload = block([(":status", status), *fields]) if block_ is None else block_
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), S, payload)


def data(body, end=True):
    return frame(DATA, END_STREAM if end else 0, S, body)


def bad(name, payload, then="keep"):
    """What no client may see as an answer: refused, or cut where its head was fine."""
    fault(name, [P502, CUT], payload, then)


AB = data(b"ab")
LENGTH = ("content-length", "2")
END = frame(HEADERS, 5, S, block([("x-sum", "1")]))

# Fine.
fault("an answer", answer(200, b"ab"), head([LENGTH]) + AB)
fault("no content", answer(204), head(status="204", end=True))
fault("content without a length", answer(200, b"ab"), head() + AB)
fault("content and an empty end", answer(200, b"ab"), head() + data(b"ab", False) + data(b""))
fault("trailers", answer(200, b"ab"), head() + data(b"ab", False) + END)
fault("padding", answer(200, b"ab"), head() + frame(DATA, 9, S, b"\5ab\0\0\0\0\0"))
fault("a head in pieces", answer(200, b"ab"),
      frame(HEADERS, 0, S, block([(":status", "200")])) + frame(CONTINUATION, 4, S, literal("x", "y")) + AB)
fault("15 interim answers", answer(200, b"ab"), head(status="103") * 15 + head() + AB)
fault("an unknown frame", answer(200, b"ab"), head() + frame(0x42, 0, S, b"x") + AB)
fault("500", answer(500, b"ab"), head(status="500") + AB)
fault("NO_ERROR behind the end", answer(200, b"ab"), head() + AB + rst(S, NO_ERROR))
fault("GOAWAY that lets the answer through", answer(200, b"ab"),
      frame(GOAWAY, 0, 0, S.to_bytes(4, "big") + b"\0\0\0\0") + head() + AB, "close")
fault("an early refusal", answer(413, b"ab"), head(status="413") + AB + rst(S, NO_ERROR), "keep", "none")
fault("a close behind the end", answer(200, b"ab"), head() + AB, "close")
fault("a reset behind the end", answer(200, b"ab"), head() + AB, "reset")

# Before the head.
for code in (PROTOCOL, INTERNAL, FLOW, CANCEL, CONNECT, CALM, SECURITY, HTTP11, 0xDEAD):
    fault(f"RST_STREAM {code} before the head", P502, rst(S, code))
fault("REFUSED_STREAM for ever", [P502, P503], rst(S, REFUSED))
fault("NO_ERROR before the head", P502, rst(S, NO_ERROR))
fault("closes", P502, b"", "close")
fault("resets", P502, b"", "reset")
fault("half a frame, close", P502, head()[:12], "close")
fault("GOAWAY and close", P502, frame(GOAWAY, 0, 0, b"\0" * 8), "close")
fault("GOAWAY with an error", P502, frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\2"), "close")
fault("an interim answer, close", P502, head(status="103"), "close")
fault("silence", P504, b"", "silence")
fault("silence behind an interim answer", P504, head(status="103"), "silence")
fault("silence inside a field block", [P502, P504], frame(HEADERS, 0, S, block([(":status", "200")])), "silence")

# Heads that are none.
for status in ("", "20", "2000", "abc", "099", "600", "000", "+20", "2 0"):
    bad(f"status {status!r}", head([LENGTH], status) + AB)
bad("no :status", head(block_=block([LENGTH])) + AB)
bad("two :status", head(block_=block([(":status", "200"), (":status", "204")])) + AB)
bad(":status behind a field", head(block_=block([LENGTH, (":status", "200")])) + AB)
bad("a pseudo-field of requests", head([(":path", "/")]) + AB)
bad("101", head(status="101") + head() + AB)
bad("101 and raw bytes", head(status="101") + data(b"raw", False))
bad("an interim answer that ends", head(status="103", end=True))
bad("17 interim answers", head(status="103") * 17 + head() + AB)
bad("10,000 interim answers", head(status="103") * 10_000 + head() + AB)
bad("DATA before the head", data(b"ab"))
for name, pair in [
    ("upper case", ("X-A", "b")), ("empty name", ("", "b")), ("space in a name", ("x a", "b")),
    ("NUL", ("x", "a\0")), ("CR LF", ("x", "a\r\nset-cookie: b")), ("LF in a name", ("x\n", "b")),
    ("connection", ("connection", "close")), ("transfer-encoding", ("transfer-encoding", "chunked")),
    ("upgrade", ("upgrade", "h2c")), ("keep-alive", ("keep-alive", "x")),
    ("content-length of words", ("content-length", "two")), ("content-length signed", ("content-length", "+2")),
    ("content-length list", ("content-length", "2, 2")),
]:
    bad("field: " + name, head([pair]) + AB)
bad("two lengths", head([LENGTH, ("content-length", "3")]) + AB)
bad("a huge field", frame(HEADERS, 0, S, block([(":status", "200")])) + b"".join(
    frame(CONTINUATION, 4 if last else 0, S, literal(f"x{last}", "y" * 16_000)) for last in (0, 0, 1)) + AB)
bad("two hundred fields", head([("x", "y")] * 200) + AB)
bad("an HPACK bomb", head(block_=block([(":status", "200")]) + literal("x", "y" * 3_900, 0x40)
                          + b"\xbe" * 10_000) + AB)

# In the content.
for code in (PROTOCOL, INTERNAL, CANCEL, REFUSED, NO_ERROR):
    fault(f"RST_STREAM {code} in the content", CUT, head() + data(b"ab", False) + rst(S, code))
fault("a close in the content", CUT, head() + data(b"ab", False), "close")
fault("a reset in the content", CUT, head() + data(b"ab", False), "reset")
fault("GOAWAY with an error in the content", CUT,
      head() + data(b"ab", False) + frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\2"), "close")
fault("silence in the content", CUT, head() + data(b"ab", False), "silence")
bad("short of its length", head([("content-length", "5")]) + AB)
bad("none of its length", head([("content-length", "5")]) + data(b""))
bad("beyond its length", head([LENGTH]) + data(b"abc"))
bad("beyond its length, in two frames", head([LENGTH]) + data(b"ab", False) + data(b"poison"))
bad("trailers short of the length", head([("content-length", "5")]) + data(b"ab", False) + END)
bad("trailers that do not end", head() + data(b"ab", False) + frame(HEADERS, 4, S, block([("x", "y")])))
bad("trailers with :status", head() + data(b"ab", False) + frame(HEADERS, 5, S, block([(":status", "200")])))
bad("trailers with connection", head() + data(b"ab", False) + frame(HEADERS, 5, S, block([("connection", "x")])))
bad("trailers with CR LF", head() + data(b"ab", False) + frame(HEADERS, 5, S, block([("x", "a\r\nb: c")])))

# The connection.
bad("garbage", bytes(range(256)) * 8, "close")
bad("an HTTP/1.1 answer", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "close")
bad("a field block that does not decode", head(block_=b"\xff\xff\xff\xff\xff\x0f"))
bad("a frame too long", frame(DATA, 0, S, b"x" * 20_000))
bad("PUSH_PROMISE", frame(PUSH, 4, S, b"\0\0\0\2" + block(request())))
bad("HEADERS on an even stream", frame(HEADERS, 5, 2, block([(":status", "200")])))
bad("HEADERS on stream 0", frame(HEADERS, 5, 0, block([(":status", "200")])))
bad("DATA on an idle stream", frame(DATA, 1, 0x7FFFFFFD, b"x"))
bad("SETTINGS of 5 octets", frame(SETTINGS, 0, 0, b"12345"))
bad("ENABLE_PUSH of a server", frame(SETTINGS, 0, 0, b"\0\2\0\0\0\1"))
bad("an enormous window", frame(SETTINGS, 0, 0, b"\0\4\xff\xff\xff\xff"))
bad("increment 0", window(0, 0))
# Not 2^31-1, which is S.
bad("a window that overflows", window(0, (1 << 31) - 2) * 2)
bad("a PING inside a field block", frame(HEADERS, 0, S, b"") + frame(PING, 0, 0, b"12345678"))
bad("endless CONTINUATION", frame(HEADERS, 0, S, block([(":status", "200")]))
    + frame(CONTINUATION, 0, S, literal("x", "y" * 100)) * 5_000)
bad("empty CONTINUATION", frame(HEADERS, 0, S, block([(":status", "200")])) + frame(CONTINUATION, 0, S) * 20_000)
bad("a flood of PING", frame(PING, 0, 0, b"12345678") * 50_000)
bad("a flood of SETTINGS", frame(SETTINGS, 0, 0) * 50_000)
bad("a flood of empty DATA", head() + frame(DATA, 0, S) * 50_000)
bad("more than any window", head() + b"".join(data(b"x" * 16_384, False) for _ in range(300)))
