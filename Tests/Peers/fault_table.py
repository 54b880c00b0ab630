# SPDX-License-Identifier: Apache-2.0
"""What an HTTP/1.1 origin can do wrong, and what the client of a proxy must see then."""
from dataclasses import dataclass

# Outcomes: ("problem", 502) a whole answer of the proxy's own; ("answer", 200, b"...") the origin's
# whole answer; ("cut",) whatever came, the client can tell that it is not whole. Several: any.


@dataclass
class Fault:
    name: str
    outcomes: list
    # What is sent, and then: keep (serve more), close, reset, silence, trickle (the bytes one by one,
    # then silence), slowly (the bytes one by one, then keep).
    data: bytes
    then: str = "keep"
    # How much of the content is read first: all, half, none.
    reads: str = "all"
    # Takes as long as a deadline of the proxy.
    is_slow: bool = False


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
STRAY = OK + b"Content-Length: 6\r\n\r\npoison"
AB = b"Content-Length: 2\r\n\r\nab"
P502, P504, CUT = ("problem", 502), ("problem", 504), ("cut",)


def answer(status, body=b""):
    return ("answer", status, body)


FAULTS = []
IS_H2 = False


def fault(name, outcomes, data, then="keep", reads="all", is_slow=False):
    outcomes = outcomes if isinstance(outcomes, list) else [outcomes]
    slow = is_slow or then in ("silence", "trickle")
    FAULTS.append(Fault(name, outcomes, data, then, reads, slow))


def head(name, data):
    """A head that no client may see."""
    fault("head: " + name, P502, data)


# Before the head, and in it.
fault("closes without a byte", P502, b"", "close")
fault("resets without a byte", P502, b"", "reset")
fault("closes with the content unread", P502, b"", "close", "none")
fault("resets with the content unread", P502, b"", "reset", "none")
fault("closes with half of the content read", P502, b"", "close", "half")
fault("resets with half of the content read", P502, b"", "reset", "half")
fault("half a status line, close", P502, b"HTTP/1.1 2", "close")
fault("half a status line, reset", P502, b"HTTP/1.1 2", "reset")
fault("half a field, close", P502, OK + b"Content-Le", "close")
fault("half a field, reset", P502, OK + b"Content-Le", "reset")
fault("all of a head but its last byte", P502, OK + b"Content-Length: 0\r\n\r", "close")
fault("an interim answer, close", P502, b"HTTP/1.1 103 E\r\n\r\n", "close")
fault("an interim answer, reset", P502, b"HTTP/1.1 102 P\r\n\r\n", "reset")
fault("silence", P504, b"", "silence")
fault("silence with the content unread", P504, b"", "silence", "none")
fault("silence in the head", P504, OK + b"X: ", "silence")
fault("silence behind an interim answer", P504, b"HTTP/1.1 103 E\r\n\r\n", "silence")
fault("a head that trickles", P504, OK + b"X: " + b"y" * 4000, "trickle")
fault("interim answers that trickle", [P502, P504], b"HTTP/1.1 102 P\r\n\r\n" * 99, "trickle")

# Heads that are none.
head("garbage", b"\x00\x01\x02\x03\r\n\r\n")
head("random bytes without a line", bytes(range(256)) * 100)
head("TLS alert", b"\x15\x03\x03\x00\x02\x02\x28\r\n\r\n")
head("HTTP/2 SETTINGS", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\r\n\r\n")
head("SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
head("HTTP/0.9 page", b"<html>oops</html>\r\n\r\n")
for version in [b"HTTP/0.9", b"HTTP/2", b"HTTP/2.0", b"HTTP/1.2", b"HTTP/1.10", b"http/1.1",
                b"HTTP/1,1", b"HTTP/ 1.1", b"HTTP/1.1x", b"RTSP/1.0", b""]:
    head(f"version {version.decode()}", version + b" 200 OK\r\n" + AB)
for status in [b"20", b"2000", b"000", b"099", b"600", b"999", b"abc", b"2 0", b"+20", b"-20",
               b"0x1", b"2e2", b" 200", b"", "２００".encode()]:
    head(f"status {status!r}", b"HTTP/1.1 " + status + b" OK\r\n" + AB)
for name, line in [
    ("folded", b"X: a\r\n b"), ("no colon", b"X"), ("no name", b": x"), ("space", b"X : y"),
    ("NUL in a name", b"X\0: y"), ("NUL in a value", b"X: \0"), ("bare CR", b"X: a\rb"),
    ("bare LF", b"X: a\nb"), ("UTF-8 in a name", b"X\xc3\xa9: y"), ("DEL in a value", b"X: \x7f"),
    ("huge", b"X: " + b"a" * 40_000), ("many", b"\r\n".join([b"X: a"] * 101)),
    ("hides a length", b"X: a\rContent-Length: 1"),
    ("two lengths", b"Content-Length: 2\r\nContent-Length: 2"),
    ("other lengths", b"Content-Length: 1\r\nContent-Length: 2"),
    ("list of lengths", b"Content-Length: 2, 2"), ("negative", b"Content-Length: -2"),
    ("signed", b"Content-Length: +2"), ("hexadecimal", b"Content-Length: 0x2"),
    ("too large", b"Content-Length: 18446744073709551618"), ("empty", b"Content-Length:"),
]:
    fields = AB if name not in ("two lengths", "other lengths", "list of lengths", "negative",
                                "signed", "hexadecimal", "too large", "empty") else b"\r\nab"
    end = b"" if fields is AB else b""
    head("field: " + name, OK + line + b"\r\n" + end + fields)
for name, coding in [
    ("with a length", b"chunked\r\nContent-Length: 2"), ("gzip", b"gzip"),
    ("gzip, chunked", b"gzip, chunked"), ("chunked, identity", b"chunked, identity"),
    ("twice", b"chunked\r\nTransfer-Encoding: chunked"), ("xchunked", b"xchunked"),
    ("empty", b""), ("vertical tab", b"\x0bchunked"),
]:
    head(f"coding: {name}", OK + b"Transfer-Encoding: " + coding + b"\r\n\r\n2\r\nab\r\n0\r\n\r\n")
head("chunked of HTTP/1.0",
     b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
head("204 with chunks", b"HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
head("204 with a length", b"HTTP/1.1 204 N\r\nContent-Length: 6\r\n\r\npoison")
head("100 with a length", b"HTTP/1.1 100 C\r\nContent-Length: 6\r\n\r\npoison" + OK + AB)
head("line feeds only", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n")
head("101 unasked", b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw bytes")
head("101 unasked, then an answer", b"HTTP/1.1 101 S\r\n\r\n" + OK + AB)
head("17 interim answers", b"HTTP/1.1 103 E\r\n\r\n" * 17 + OK + AB)
head("10,000 interim answers", b"HTTP/1.1 100 C\r\n\r\n" * 10_000 + OK + AB)
head("interim answers with large fields",
     (b"HTTP/1.1 103 E\r\nLink: " + b"a" * 15_000 + b"\r\n\r\n") * 17 + OK + AB)

# In the content.
fault("no content of a length", CUT, OK + b"Content-Length: 5\r\n\r\n", "close")
fault("short content", CUT, OK + b"Content-Length: 5\r\n\r\nabcd", "close")
fault("a reset in the content", CUT, OK + b"Content-Length: 5\r\n\r\nabcd", "reset")
fault("short content of many blocks", CUT,
      OK + b"Content-Length: 1000001\r\n\r\n" + b"a" * 1_000_000, "close")
fault("silence in the content", CUT, OK + b"Content-Length: 5\r\n\r\nab", "silence")
fault("content that trickles", CUT, OK + b"Content-Length: 5000\r\n\r\n" + b"a" * 4_000, "trickle")
fault("content until the end", answer(200, b"all of it"), OK + b"\r\nall of it", "close")
fault("no content until the end", answer(200), OK + b"\r\n", "close")
fault("content until a reset", CUT, OK + b"\r\nall of it?", "reset")
fault("much content until a reset", CUT, OK + b"\r\n" + b"a" * 200_000, "reset")
fault("content until silence", CUT, OK + b"\r\nall of it?", "silence")
fault("content of HTTP/1.0 until a reset", CUT, b"HTTP/1.0 200 OK\r\n\r\nold", "reset")
fault("no chunk", CUT, CHUNKED, "close")
fault("half a chunk", CUT, CHUNKED + b"5\r\nabc", "close")
fault("no last chunk", CUT, CHUNKED + b"3\r\nabc\r\n", "close")
fault("half of the last chunk", CUT, CHUNKED + b"3\r\nabc\r\n0\r\n", "close")
fault("a reset between chunks", CUT, CHUNKED + b"3\r\nabc\r\n", "reset")
fault("a reset in the trailers", CUT, CHUNKED + b"3\r\nabc\r\n0\r\nX: y\r\n", "reset")
fault("silence between chunks", CUT, CHUNKED + b"3\r\nabc\r\n", "silence")
for name, data in [
    ("no number", b"x\r\nabc\r\n"), ("negative", b"-3\r\nabc\r\n"), ("sign", b"+3\r\nabc\r\n"),
    ("prefix", b"0x3\r\nabc\r\n"), ("space", b"3 \r\nabc\r\n"), ("empty", b"\r\nabc\r\n"),
    ("overflow", b"1" + b"0" * 16 + b"3\r\nabc\r\n"), ("too long", b"2\r\nabc\r\n"),
    ("line feeds", b"3\nabc\n"), ("long line", b"3;" + b"a" * 1_000 + b"\r\nabc\r\n"),
    ("extension with LF", b"3;a\nb\r\nabc\r\n"),
]:
    fault(f"chunk: {name}", CUT, CHUNKED + data + b"0\r\n\r\n")
fault("chunk: endless extensions", CUT, CHUNKED + b"3;" + b"a=b;" * 20_000)
fault("trailers too long", CUT, CHUNKED + b"0\r\nX: " + b"a" * 20_000 + b"\r\n\r\n")
fault("a trailer without a colon", CUT, CHUNKED + b"2\r\nab\r\n0\r\nX\r\n\r\n")
fault("a trailer with NUL", CUT, CHUNKED + b"2\r\nab\r\n0\r\nX: \0\r\n\r\n")

# Behind the content, and merely odd.
fault("bytes behind the content", answer(200, b"ab"), OK + AB + STRAY)
fault("bytes behind no content", answer(200), OK + b"Content-Length: 0\r\n\r\n" + STRAY)
fault("bytes behind 204", answer(204), b"HTTP/1.1 204 N\r\n\r\n" + STRAY)
fault("bytes behind 304", answer(304), b"HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n" + STRAY)
fault("bytes behind the last chunk", answer(200, b"ab"), CHUNKED + b"2\r\nab\r\n0\r\n\r\n" + STRAY)
fault("garbage behind the content", answer(200, b"ab"), OK + AB + b"\0\0\0")
fault("an interim answer behind the content", answer(200, b"ab"), OK + AB + b"HTTP/1.1 100 C\r\n\r\n")
fault("a reset behind the content", answer(200, b"ab"), OK + AB, "reset")
fault("a close that was not announced", answer(200, b"ab"), OK + AB, "close")
fault("a close that was announced", answer(200, b"ab"), OK + b"Connection: close\r\n" + AB, "close")
fault("a close that was announced and not done", answer(200, b"ab"),
      OK + b"Connection: close\r\n" + AB)
fault("a close announced, and bytes behind", answer(200, b"ab"),
      OK + b"Connection: close\r\n" + AB + STRAY)
fault("whole chunks, extension, trailer", answer(200, b"abc"),
      CHUNKED + b"3;a=b\r\nabc\r\n0;c\r\nX: y\r\n\r\n")
# The sixteenth is the 100 that asks for content.
fault("15 interim answers", answer(200, b"ab"), b"HTTP/1.1 103 E\r\n\r\n" * 15 + OK + AB)
fault("HTTP/1.0 until the end", answer(200, b"old"), b"HTTP/1.0 200 OK\r\n\r\nold", "close")
fault("HTTP/1.0 kept", answer(200, b"ab"), b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + AB)
fault("an empty reason", answer(200, b"ab"), b"HTTP/1.1 200 \r\n" + AB)
fault("500", answer(500, b"ab"), b"HTTP/1.1 500 X\r\n" + AB)
fault("599", answer(599, b"ab"), b"HTTP/1.1 599 X\r\n" + AB)
fault("its own 408, close", answer(408, b"ab"), b"HTTP/1.1 408 X\r\nConnection: close\r\n" + AB,
      "close")
fault("a byte at a time", answer(200, b"ab"), OK + AB, "slowly")

# Answers before the content is read.
fault("an early refusal, close", [answer(413, b"ab"), P502],
      b"HTTP/1.1 413 X\r\nConnection: close\r\n" + AB, "close", "none")
fault("an early refusal, kept", answer(401, b"ab"), b"HTTP/1.1 401 X\r\n" + AB, "keep", "none")
fault("an answer at half of the content", answer(200, b"ab"), OK + AB, "keep", "half")
fault("an early answer, content cut", [CUT, P502], OK + b"Content-Length: 9\r\n\r\nab", "close", "half")
fault("an early answer, garbage", P502, b"\0\0\0\r\n\r\n", "keep", "half")

# Method and kind of body; (framing, size).
REQUESTS = [
    ("GET", "none", 0), ("HEAD", "none", 0), ("OPTIONS", "none", 0), ("DELETE", "none", 0),
    ("GET", "length", 5), ("POST", "length", 5), ("POST", "length", 50_000),
    ("POST", "chunked", 50_000), ("POST", "expect", 50_000), ("PUT", "length", 50_000),
    ("PUT", "none", 0), ("PATCH", "chunked", 5), ("PROPFIND", "chunked", 5),
]


def outcomes(fault, method):
    """What may be seen: an answer to HEAD ends with its head."""
    if method != "HEAD":
        return fault.outcomes
    seen = []
    for outcome in fault.outcomes:
        if outcome == CUT:
            seen += [answer(200), answer(200)]
        elif outcome[0] == "answer":
            seen.append(answer(outcome[1]))
        else:
            seen.append(outcome)
    return seen
