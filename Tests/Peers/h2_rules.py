# SPDX-License-Identifier: Apache-2.0
"""What a client may not do in HTTP/2 (RFC 9113 sections 3 to 8, RFC 7541), and what must follow.

A row: section, name, bytes behind the preface and SETTINGS, and what may follow, one of
("connection", codes...) GOAWAY with one of the codes, then the end; ("stream", codes...) stream 1 is
reset with one of the codes, or the connection ends with one (RFC 9113 5.4.2 allows that);
("answer", status...) stream 1 is answered so, whole; ("fine",) nothing, and a request is served.
A refusal by status 400 is as good as a reset where a message is malformed (RFC 9113 8.1.1).
"""
from h2raw import *

ROWS = []
BAD = ("malformed",)  # ("stream", PROTOCOL) or ("answer", 400)
FINE = ("fine",)


def row(section, name, data, *outcome):
    ROWS.append((section, name, data, outcome if len(outcome) > 1 else outcome[0]))


def connection(*codes):
    return ("connection", *codes)


def stream(*codes):
    return ("stream", *codes)


def answer(*status):
    return ("answer", *status)


def open_request(*more, method="POST"):
    """A request on stream 1 with content to come."""
    return headers(1, request(method, more=more), END_HEADERS)


held = headers(1, request(path="/charts/hold"))  # Answered late: half-closed (remote) until then.
PROTO = connection(PROTOCOL)

# 3.4 Preface.
row("3.4", "SETTINGS may be empty", headers(1), answer(200))
row("3.4", "two SETTINGS", settings() + headers(1), answer(200))

# 4.1 Frame format.
row("4.1", "an unknown type is ignored", frame(0x42, 0xFF, 0, b"x" * 9) + headers(1), answer(200))
row("4.1", "an unknown type on a stream is ignored", frame(0x42, 0, 1, b"x") + headers(1), answer(200))
row("4.1", "unknown flags are ignored", frame(PING, 0xFE, 0, b"12345678") + headers(1), answer(200))
row("4.1", "the reserved bit is ignored",
    frame(HEADERS, 5, 1 | 1 << 31, block(request())), answer(200))

# 4.2 Frame size.
row("4.2", "DATA too long", open_request() + frame(DATA, 1, 1, b"x" * 16_385), stream(SIZE))
row("4.2", "HEADERS too long", headers(1, block(request()) + literal("x", "y" * 16_400)), connection(SIZE))
row("4.2", "SETTINGS too long", frame(SETTINGS, 0, 0, b"\0\x63\0\0\0\0" * 2_731), connection(SIZE))
row("4.2", "an unknown type too long", frame(0x42, 0, 0, b"x" * 16_385), connection(SIZE))
row("4.2", "DATA of the greatest size", open_request() + frame(DATA, 1, 1, b"x" * 16_384), answer(200))

# 4.3 Field blocks are not interleaved.
begun = headers(1, None, END_STREAM)
for name, data in [
    ("DATA", frame(DATA, 0, 1, b"x")), ("PING", frame(PING, 0, 0, b"12345678")),
    ("SETTINGS", settings()), ("HEADERS", headers(3)), ("unknown", frame(0x42, 0, 0)),
    ("PRIORITY", frame(PRIORITY, 0, 1, b"\0\0\0\0\1")), ("WINDOW_UPDATE", window(0, 1)),
    ("RST_STREAM", rst(1)), ("CONTINUATION of another", frame(CONTINUATION, 4, 3, b"")),
    ("GOAWAY", frame(GOAWAY, 0, 0, b"\0" * 8)),
]:
    row("4.3", f"{name} inside a field block", begun + data, PROTO)
row("4.3", "a block in many CONTINUATIONs", begun + b"".join(
    frame(CONTINUATION, 0, 1, bytes([byte])) for byte in literal("x", "yz")
) + frame(CONTINUATION, END_HEADERS, 1), answer(200))
row("4.3", "a block cut in the middle of a field", frame(HEADERS, 1, 1, block(request())[:30])
    + frame(CONTINUATION, END_HEADERS, 1, block(request())[30:]), answer(200))

# 5.1 States.
row("5.1", "DATA on idle", frame(DATA, 1, 1, b"x"), PROTO)
row("5.1", "RST_STREAM on idle", rst(1), PROTO)
row("5.1", "WINDOW_UPDATE on idle", window(1, 1), PROTO)
row("5.1", "CONTINUATION on idle", frame(CONTINUATION, 4, 1, block(request())), PROTO)
row("5.1", "PRIORITY on idle", frame(PRIORITY, 0, 1, b"\0\0\0\0\1") + headers(1), answer(200))
row("5.1", "DATA on half-closed", held + frame(DATA, 1, 1, b"x"), stream(CLOSED))
row("5.1", "HEADERS on half-closed", held + headers(1), stream(CLOSED, PROTOCOL))
row("5.1", "CONTINUATION on half-closed", held + frame(CONTINUATION, 4, 1, b""), PROTO)
row("5.1", "WINDOW_UPDATE on half-closed", headers(1) + window(1, 1), answer(200))
row("5.1", "PRIORITY on half-closed", headers(1) + frame(PRIORITY, 0, 1, b"\0\0\0\0\1"), answer(200))
row("5.1", "DATA behind our RST_STREAM", open_request() + rst(1) + frame(DATA, 0, 1, b"x"),
    ("either-quiet", CLOSED, PROTOCOL))
row("5.1", "HEADERS behind our RST_STREAM", open_request() + rst(1) + headers(1),
    ("either-quiet", CLOSED, PROTOCOL))
row("5.1", "WINDOW_UPDATE behind our RST_STREAM", open_request() + rst(1) + window(1, 1) + headers(3), FINE)
row("5.1", "CONTINUATION behind our RST_STREAM",
    open_request() + rst(1) + frame(CONTINUATION, 4, 1, b""), connection(PROTOCOL, CLOSED))
row("5.1.1", "an even stream", headers(2), PROTO)
row("5.1.1", "a smaller stream", headers(5) + headers(3), connection(PROTOCOL, CLOSED))
row("5.1.1", "a stream is used once", headers(1, request(path="/charts/hold"))
    + rst(1) + headers(1), ("either-quiet", CLOSED, PROTOCOL))
row("5.3.1", "a stream that depends on itself is not looked at or refused",
    frame(HEADERS, 0x25, 1, b"\0\0\0\1\1" + block(request())), ("either-answer", PROTOCOL))
row("5.5", "an unknown setting is ignored", settings((0x99, 7)) + headers(1), answer(200))

# 6.1 DATA, 6.2 HEADERS.
row("6.1", "DATA on stream 0", frame(DATA, 0, 0, b"x"), PROTO)
row("6.1", "padding as long as the frame", open_request() + frame(DATA, 9, 1, b"\5abcd"), PROTO)
row("6.1", "padding of 0 octets in an empty frame", open_request() + frame(DATA, 9, 1, b""),
    connection(PROTOCOL, SIZE))
row("6.1", "padded DATA", open_request() + frame(DATA, 9, 1, b"\2ab\0\0"), answer(200))
row("6.1", "only padding", open_request() + frame(DATA, 9, 1, b"\xff" + b"\0" * 255), answer(200))
row("6.2", "HEADERS on stream 0", headers(0), PROTO)
row("6.2", "padding longer than HEADERS", frame(HEADERS, 13, 1, b"\xff" + block(request())), PROTO)
row("6.2", "padded HEADERS", frame(HEADERS, 13, 1, b"\3" + block(request()) + b"\0\0\0"), answer(200))
row("6.2", "HEADERS with priority", frame(HEADERS, 0x25, 1, b"\0\0\0\0\1" + block(request())), answer(200))
row("6.2", "HEADERS with half of a priority", frame(HEADERS, 0x25, 1, b"\0\0"), connection(PROTOCOL, SIZE))

# 6.3 PRIORITY, 6.4 RST_STREAM.
row("6.3", "PRIORITY on stream 0", frame(PRIORITY, 0, 0, b"\0\0\0\0\1"), PROTO)
row("6.3", "PRIORITY of 4 octets", open_request() + frame(PRIORITY, 0, 1, b"\0\0\0\0"), stream(SIZE))
row("6.3", "PRIORITY of 6 octets", open_request() + frame(PRIORITY, 0, 1, b"\0" * 6), stream(SIZE))
row("6.4", "RST_STREAM on stream 0", rst(0), PROTO)
row("6.4", "RST_STREAM of 3 octets", open_request() + frame(RST, 0, 1, b"\0\0\0"), connection(SIZE))
row("6.4", "RST_STREAM of 5 octets", open_request() + frame(RST, 0, 1, b"\0" * 5), connection(SIZE))
row("6.4", "RST_STREAM with an unknown code", open_request() + rst(1, 0xDEAD) + headers(3), FINE)

# 6.5 SETTINGS.
row("6.5", "an acknowledgement with a payload", frame(SETTINGS, 1, 0, b"\0\1\0\0\0\0"), connection(SIZE))
row("6.5", "SETTINGS on a stream", frame(SETTINGS, 0, 1, b""), PROTO)
for size in (1, 3, 5, 7):
    row("6.5", f"SETTINGS of {size} octets", frame(SETTINGS, 0, 0, b"\0" * size), connection(SIZE))
row("6.5.2", "ENABLE_PUSH 2", settings((2, 2)), PROTO)
row("6.5.2", "ENABLE_PUSH 0", settings((2, 0)) + headers(1), answer(200))
row("6.5.2", "INITIAL_WINDOW_SIZE 2^31", settings((4, 1 << 31)), connection(FLOW))
row("6.5.2", "INITIAL_WINDOW_SIZE 2^31-1", settings((4, (1 << 31) - 1)) + headers(1), answer(200))
row("6.5.2", "MAX_FRAME_SIZE 16,383", settings((5, 16_383)), PROTO)
row("6.5.2", "MAX_FRAME_SIZE 2^24", settings((5, 1 << 24)), PROTO)
row("6.5.2", "MAX_FRAME_SIZE 2^24-1", settings((5, (1 << 24) - 1)) + headers(1), answer(200))
row("6.5.2", "HEADER_TABLE_SIZE 0", settings((1, 0)) + headers(1), answer(200))
row("6.5.2", "HEADER_TABLE_SIZE 2^32-1", settings((1, (1 << 32) - 1)) + headers(1), answer(200))
row("6.5.2", "MAX_HEADER_LIST_SIZE is advice", settings((6, 1 << 16)) + headers(1), answer(200))
row("6.5.2", "MAX_CONCURRENT_STREAMS 0 is for pushes", settings((3, 0)) + headers(1), answer(200))
row("6.5.3", "the last of two values counts", settings((4, 0), (4, 65_535)) + headers(1), answer(200))

# 6.6 to 6.8.
row("6.6", "PUSH_PROMISE", open_request() + frame(PUSH, 4, 1, b"\0\0\0\2" + block(request())), PROTO)
row("6.7", "PING on a stream", frame(PING, 0, 1, b"12345678"), PROTO)
row("6.7", "PING of 7 octets", frame(PING, 0, 0, b"1234567"), connection(SIZE))
row("6.7", "PING of 9 octets", frame(PING, 0, 0, b"123456789"), connection(SIZE))
row("6.7", "an answer to no PING", frame(PING, 1, 0, b"12345678") + headers(1), answer(200))
row("6.8", "GOAWAY on a stream", frame(GOAWAY, 0, 1, b"\0" * 8), PROTO)
row("6.8", "GOAWAY of 7 octets", frame(GOAWAY, 0, 0, b"\0" * 7), connection(SIZE))
row("6.8", "a request before our GOAWAY is answered", headers(1) + frame(GOAWAY, 0, 0, b"\0" * 8),
    ("answer-then-end", 200))

# 6.9 WINDOW_UPDATE.
row("6.9", "increment 0 of the connection", window(0, 0), PROTO)
row("6.9", "increment 0 of a stream", open_request() + window(1, 0), stream(PROTOCOL))
row("6.9", "3 octets", frame(WINDOW, 0, 0, b"\0\0\1"), connection(SIZE))
row("6.9", "5 octets", frame(WINDOW, 0, 0, b"\0\0\0\0\1"), connection(SIZE))
row("6.9", "the reserved bit", frame(WINDOW, 0, 0, b"\x80\0\0\1") + headers(1), answer(200))
row("6.9.1", "the connection's window overflows", window(0, (1 << 31) - 1) * 2, connection(FLOW))
row("6.9.1", "a stream's window overflows", open_request() + window(1, (1 << 31) - 1) * 2, stream(FLOW))
row("6.9.2", "a stream's window overflows by SETTINGS",
    open_request() + window(1, (1 << 31) - 65_536) + settings((4, 65_536 + 65_535)),
    ("either", FLOW))
row("6.9.1", "more DATA than any window",
    open_request() + b"".join(frame(DATA, 0, 1, b"x" * 16_384) for _ in range(600)), ("either", FLOW))

# 6.10 CONTINUATION.
row("6.10", "CONTINUATION on stream 0", frame(HEADERS, 1, 1, b"") + frame(CONTINUATION, 4, 0, b""), PROTO)
row("6.10", "behind END_HEADERS", open_request() + frame(CONTINUATION, 4, 1, literal("x", "y")), PROTO)
row("6.10", "behind DATA", open_request() + frame(DATA, 0, 1, b"x") + frame(CONTINUATION, 4, 1, b""), PROTO)

# 8.1 Messages.
row("8.1", "a second HEADERS without END_STREAM", open_request() + headers(1, [("x", "y")], END_HEADERS), BAD)
row("8.1", "trailers with a pseudo-field", open_request() + headers(1, [(":path", "/")]), BAD)
row("8.1", "trailers in upper case", open_request() + headers(1, [("X", "y")]), BAD)
row("8.1", "trailers", open_request() + frame(DATA, 0, 1, b"ab") + headers(1, [("x-sum", "1")]), answer(200))
row("8.1", "DATA behind trailers", open_request() + headers(1, [("x", "y")]) + frame(DATA, 1, 1, b"x"),
    ("either-answer", CLOSED))
for name, more, data in [
    ("short", [("content-length", "5")], [frame(DATA, 1, 1, b"abcd")]),
    ("none", [("content-length", "5")], [frame(DATA, 1, 1, b"")]),
    ("long", [("content-length", "5")], [frame(DATA, 1, 1, b"abcdef")]),
    ("long at once", [("content-length", "0")], [frame(DATA, 0, 1, b"abcdef")]),
    ("short before trailers", [("content-length", "5")], [frame(DATA, 0, 1, b"ab"), headers(1, [("x", "y")])]),
    ("two", [("content-length", "5"), ("content-length", "6")], [frame(DATA, 1, 1, b"abcde")]),
    ("two equal", [("content-length", "5")] * 2, [frame(DATA, 1, 1, b"abcde")]),
    ("list", [("content-length", "5, 5")], [frame(DATA, 1, 1, b"abcde")]),
    ("sign", [("content-length", "+5")], [frame(DATA, 1, 1, b"abcde")]),
    ("negative", [("content-length", "-5")], [frame(DATA, 1, 1, b"abcde")]),
    ("empty", [("content-length", "")], [frame(DATA, 1, 1, b"")]),
    ("word", [("content-length", "five")], [frame(DATA, 1, 1, b"abcde")]),
    ("beyond all numbers", [("content-length", "99999999999999999999")], [frame(DATA, 1, 1, b"abcde")]),
]:
    row("8.1.1", f"content-length: {name}", open_request(*more) + b"".join(data), BAD)
row("8.1.1", "CVE-2026-33555: END_STREAM on HEADERS with a content-length",
    headers(1, request("POST", more=[("content-length", "5")])), BAD)
row("8.1.1", "content-length as it is", open_request(("content-length", "2")) + frame(DATA, 1, 1, b"ab"), answer(200))

# 8.2 Fields.
for name, pair in [
    ("upper case", ("X-Upper", "y")), ("mixed case", ("x-Upper", "y")), ("empty name", ("", "y")),
    ("space in a name", ("x y", "z")), ("colon in a name", ("x:y", "z")), ("NUL in a name", ("x\0", "z")),
    ("LF in a name", ("x\n", "z")), ("CR in a name", ("x\r", "z")), ("DEL in a name", ("x\x7f", "z")),
    ("UTF-8 in a name", (b"x\xc3\xa9", "z")), ("NUL in a value", ("x", "a\0b")),
    ("LF in a value", ("x", "a\nb")), ("CR in a value", ("x", "a\rb")),
    ("a smuggled field in a value", ("x", "a\r\ntransfer-encoding: chunked")),
    ("a leading space", ("x", " a")), ("a trailing space", ("x", "a ")), ("a leading tab", ("x", "\ta")),
    ("a trailing tab", ("x", "a\t")),
    ("connection", ("connection", "close")), ("keep-alive", ("keep-alive", "timeout=5")),
    ("proxy-connection", ("proxy-connection", "close")), ("upgrade", ("upgrade", "websocket")),
    ("transfer-encoding", ("transfer-encoding", "chunked")), ("te: gzip", ("te", "gzip")),
    ("te: trailers, gzip", ("te", "trailers, gzip")),
]:
    row("8.2", name, headers(1, request(more=[pair])), BAD)
row("8.2.2", "te: trailers", headers(1, request(more=[("te", "trailers")])), answer(200))
row("8.2.3", "crumbs of a cookie", headers(1, request(more=[("cookie", "a=1"), ("cookie", "b=2")])),
    ("answer-with", b"cookie: a=1; b=2\r\n"))

# 8.3 Pseudo-fields.
M, S, P, A = (":method", "GET"), (":scheme", "http"), (":path", "/charts/a"), (":authority", "edge.example")
T = ("x-tenant-id", "acme")
for name, fields in [
    ("no :method", [S, P, A, T]), ("no :scheme", [M, P, A, T]), ("no :path", [M, S, A, T]),
    ("an empty :path", [M, S, (":path", ""), A, T]), ("an empty :method", [(":method", ""), S, P, A, T]),
    ("two :method", [M, M, S, P, A, T]), ("two :path", [M, S, P, P, A, T]),
    ("two :scheme", [M, S, S, P, A, T]), ("two :authority", [M, S, P, A, A, T]),
    ("a pseudo-field behind fields", [M, S, P, T, A]), ("an unknown one", [M, S, P, A, (":x", "y"), T]),
    ("one of answers", [M, S, P, A, (":status", "200"), T]), ("upper case", [(":METHOD", "GET"), S, P, A, T]),
    (":protocol with GET", [M, S, P, A, (":protocol", "websocket"), T]),
    ("a path without /", [M, S, (":path", "charts/a"), A, T]),
    ("* with GET", [M, S, (":path", "*"), A, T]),
    ("no :authority, no host", [M, S, P, T]),
    ("an empty :authority", [M, S, P, (":authority", ""), T]),
    ("userinfo", [M, S, P, (":authority", "u@edge.example"), T]),
    ("another host", [M, S, P, A, ("host", "other.example"), T]),
    ("two hosts", [M, S, P, ("host", "edge.example"), ("host", "other.example"), T]),
    ("space in :path", [M, S, (":path", "/charts/a b"), A, T]),
    ("CR LF in :path", [M, S, (":path", "/charts/a HTTP/1.1\r\nx: y"), A, T]),
    ("LF in :path", [M, S, (":path", "/charts/a\nb"), A, T]), ("NUL in :path", [M, S, (":path", "/charts/\0"), A, T]),
    ("# in :path", [M, S, (":path", "/charts/a#b"), A, T]), ("tab in :path", [M, S, (":path", "/charts/\t"), A, T]),
    ("UTF-8 in :path", [M, S, (":path", b"/charts/\xc3\xa9"), A, T]),
    ("encoded dots in :path", [M, S, (":path", "/charts/%2e%2e/a"), A, T]),
    ("dots with a parameter in :path", [M, S, (":path", "/charts/..;/a"), A, T]),
    ("space in :method", [(":method", "GET /x"), S, P, A, T]),
    ("CR LF in :method", [(":method", "GET / HTTP/1.1\r\nx: y\r\n\r\nGET"), S, P, A, T]),
    ("CR LF in :authority", [M, S, P, (":authority", "a\r\nx: y"), T]),
    ("space in :authority", [M, S, P, (":authority", "a b"), T]),
    ("NUL in :authority", [M, S, P, (":authority", "a\0"), T]),
    ("a path in :authority", [M, S, P, (":authority", "a/b"), T]),
    ("CR LF in :scheme", [M, (":scheme", "http\r\nx: y"), P, A, T]),
    ("a scheme that is none", [M, (":scheme", "1 2"), P, A, T]),
    ("an absolute :path", [M, S, (":path", "http://edge.example/charts/a"), A, T]),
]:
    row("8.3.1", name, headers(1, fields), BAD)
row("8.3.1", "OPTIONS *", headers(1, [(":method", "OPTIONS"), S, (":path", "*"), A, T]), answer(404, 400, 200, 501))
row("8.3.1", "host and no :authority", headers(1, [M, S, P, ("host", "edge.example"), T]), answer(200))
row("8.3.1", "host that agrees", headers(1, [M, S, P, A, ("host", "edge.example"), T]), answer(200))
row("8.5", "CONNECT with :path", headers(1, [(":method", "CONNECT"), S, P, A, T]), ("refused",))
row("8.5", "CONNECT", headers(1, [(":method", "CONNECT"), A, T], END_HEADERS), ("refused",))
row("8.5", "TRACE", headers(1, request("TRACE")), ("refused",))
row("RFC 8441", "CONNECT with an unknown :protocol",
    headers(1, [(":method", "CONNECT"), (":protocol", "telnet"), S, P, A, T], END_HEADERS), ("refused",))
row("RFC 8441", "CONNECT with :protocol and without :path",
    headers(1, [(":method", "CONNECT"), (":protocol", "websocket"), S, A, T], END_HEADERS), BAD)

# Bounds on decoded fields.
row("10.5.1", "a field too long", frame(HEADERS, 1, 1, block(request()))
    + frame(CONTINUATION, 4, 1, literal("x", "y" * 16_000)), ("too-large",))
row("10.5.1", "an :authority too long", headers(1, request(authority="a" * 15_000)), ("too-large",))
row("10.5.1", "a path too long", headers(1, request(path="/charts/" + "a" * 9_000)), ("too-large",))
row("10.5.1", "two hundred fields", headers(1, request(more=[("x", "y")] * 200)), ("too-large",))
row("10.5.1", "four thousand fields of no length",
    headers(1, block(request()) + b"\x40\x00\x00" + b"\xbe" * 4_000), ("too-large",))
row("10.5.1", "three thousand crumbs", headers(1, block(request()) + literal("cookie", "a=" + "b" * 60, 0x40)
    + b"\xbe" * 3_000), ("too-large",))
row("10.5.1", "an HPACK bomb", headers(1, block(request()) + literal("x", "y" * 3_900, 0x40)
    + b"\xbe" * 10_000), ("too-large",))

# RFC 7541.
base = block(request())
COMP = connection(COMPRESSION)
row("7541 6.1", "index 0", headers(1, base + b"\x80"), COMP)
row("7541 2.3.3", "an index beyond the tables", headers(1, base + b"\xbe"), COMP)
row("7541 2.3.3", "a name's index beyond the tables", headers(1, base + b"\x7f\x40\1y"), COMP)
row("7541 2.3.3", "an enormous index", headers(1, base + b"\xff\xff\xff\xff\x0f"), COMP)
row("7541 4.2", "a table larger than allowed", headers(1, number(1 << 20, 5, 0x20) + base), COMP)
row("7541 4.2", "a size update behind a field", headers(1, base + b"\x20"), COMP)
row("7541 4.2", "a size update first", headers(1, b"\x20" + base), answer(200))
row("7541 4.2", "two size updates first", headers(1, b"\x20" + number(4_096, 5, 0x20) + base), answer(200))
row("7541 5.1", "an integer that overflows", headers(1, base + b"\x7f" + b"\xff" * 9 + b"\x01"), COMP)
row("7541 5.1", "an integer without an end", headers(1, base + b"\x00\x7f" + b"\x80" * 40), COMP)
row("7541 5.1", "an integer with leading zeros",
    headers(1, base + b"\x00\x01x" + b"\x7f\x80\x00" + b"y" * 127), ("either-answer", COMPRESSION))
row("7541 5.2", "a string longer than its block", headers(1, base + b"\x00\x01x\x7e" + b"y"), COMP)
row("7541 5.2", "Huffman with EOS", headers(1, base + b"\x00\x01x\x84\xff\xff\xff\xff"), COMP)
row("7541 5.2", "Huffman padding of 8 bits", headers(1, base + b"\x00\x01x\x82\x1f\xff"), COMP)
row("7541 5.2", "Huffman padding of zeros", headers(1, base + b"\x00\x01x\x81\x18"), COMP)
row("7541 5.2", "Huffman", headers(1, base + b"\x00\x01x\x81\x1f"), answer(200))
row("7541 6.2", "a field that ends early", headers(1, base + b"\x00\x01"), COMP)
row("7541 6.2.1", "indexed, then referred to",
    headers(1, base + literal("x-a", "b", 0x40) + b"\xbe"), ("answer-with", b"x-a: b\r\n"))
row("7541 6.2.3", "never indexed", headers(1, base + literal("x-a", "b", 0x10)), ("answer-with", b"x-a: b\r\n"))
row("7541 4.4", "an entry larger than the table empties it",
    headers(1, base + literal("x-a", "b", 0x40) + literal("x-c", "d" * 4_100, 0x40) + b"\xbe"), COMP)
