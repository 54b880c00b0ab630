# SPDX-License-Identifier: Apache-2.0
"""usage: trailer_rows.py PORT TLS-PORT CA: trailers both ways through an edge, good and hostile ones.

Behind `/t1` and `/t2` are trailer_origin.py h1 and h2, behind `/h1` and `/h2` echo_origin.py. Prints a
line for each row that went wrong, then `rows N`.
"""
import json
import sys

from clients import client
from rowbook import row, tell

port, tls_port, ca = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
TENANT = [("X-Tenant-Id", "acme")]
TE = [("TE", "trailers"), ("Connection", "TE")]
LIMIT = 8_192
# RFC 9110 6.5.1: what frames, routes, authenticates, modifies or controls; and what only a proxy says.
FORBIDDEN = """host trailer expect cookie set-cookie authorization proxy-authorization
proxy-authenticate www-authenticate content-encoding content-type content-range range if-match if-none-match
if-modified-since if-unmodified-since if-range location cache-control age expires vary warning pragma date
retry-after max-forwards via forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip
x-tenant-id x-user-id banyan-shadow x_tenant_id content_length transfer_encoding""".split()
# Over HTTP/2 these make a section malformed before anybody looks at trailers.
CONNECTION = "content-length te transfer-encoding connection keep-alive proxy-connection upgrade".split()
BAD = [b"x sum: 1\r\n", b": 1\r\n", b"x-sum\r\n", b"x-a: \0\r\n", b"x-a: b\nx-c: d\r\n", b" x-a: b\r\n",
       b"x-a: b\r\n folded\r\n", b"x-a : b\r\n", b"x-a: b\rc\r\n", b"x-\xc3\xa4: b\r\n"]
WAYS = [("h1", "h1", (port, None)), ("h2c", "h2", (port, None)),
        ("h1 tls", "h1", (tls_port, ca)), ("h2 tls", "h2", (tls_port, ca))]


def asked(peer, origin, section, size=5, how="", fields=TE, method="GET"):
    if peer.protocol == "h2":
        fields = [field for field in fields if field[0] != "Connection"]
    word = section if isinstance(section, str) else section.hex()
    return peer.ask(method, f"/{origin}/{size}/{word}{how}", TENANT + fields)


def answers(way, peer, origin):
    def name(text):
        return f"{way} {origin} {text}"

    is_told = peer.protocol == "h2"
    for size in (0, 1, 16_300, 16_384, 60_000):
        answer = asked(peer, origin, b"x-sum: 1\r\nx-two: a b\r\n", size)
        row(name(f"{size} bytes"), answer.whole and len(answer.body) == size
            and answer.trailers == [("x-sum", "1"), ("x-two", "a b")], f"{answer} {answer.trailers}")
    answer = asked(peer, origin, b"x-sum: 1\r\n", fields=[])
    row(name("without TE"), answer.whole and answer.trailers == ([("x-sum", "1")] if is_told else []),
        answer.trailers)
    if not is_told:
        answer = asked(peer, origin, b"x-sum: 1\r\n", fields=[("TE", "deflate;q=0.5, trailers"), TE[1]])
        row(name("TE with a list"), answer.trailers == [("x-sum", "1")], answer.trailers)
    for forbidden in FORBIDDEN + (CONNECTION if origin == "t1" else []):
        answer = asked(peer, origin, f"x-a: 1\r\n{forbidden}: 2\r\nx-b: 3\r\n".encode())
        row(name(forbidden), answer.whole and answer.trailers == [("x-a", "1"), ("x-b", "3")], answer.trailers)
    answer = asked(peer, origin, b"host: 2\r\n")
    row(name("nothing that may pass"), answer.whole and answer.trailers == [], answer.trailers)
    answer = asked(peer, origin, b"x-sum: 1\r\n", method="HEAD")
    row(name("HEAD"), answer.whole and answer.body == b"", answer)
    if origin == "t1":
        answer = asked(peer, origin, b"X-Sum:\t1  \r\nX-Two:\r\n", 20_000, "/slow")
        row(name("byte by byte"), answer.whole
            and [(k.lower(), v) for k, v in answer.trailers] == [("x-sum", "1"), ("x-two", "")], answer.trailers)
        answer = asked(peer, origin, f"x{LIMIT - 2}", 16_384)
        row(name("as long as it may be"), answer.whole and [len(v) for _, v in answer.trailers] == [LIMIT - 11],
            answer)
        for section in BAD + [f"x{LIMIT - 1}", "n2000"]:
            answer = asked(peer, origin, section)
            row(name(f"bad {section[:20]}"), not answer.whole and not answer.trailers, f"{answer} {answer.trailers}")
            if not peer.is_kept:
                peer = client(peer.protocol, *peer.place)
    elif is_told:
        answer = asked(peer, origin, b"x-sum: 1\r\n", 30_000, "/length")
        row(name("behind a length"), answer.whole and answer.get("content-length") == "30000"
            and answer.trailers == [("x-sum", "1")], f"{answer} {answer.trailers}")
    else:
        answer = asked(peer, origin, b"x-sum: 1\r\n", 30_000, "/length")
        row(name("behind a length"), answer.whole and not answer.trailers, f"{answer} {answer.trailers}")
    answer = asked(peer, origin, b"x-sum: 1\r\n")
    row(name("and the next"), answer.whole and answer.trailers == [("x-sum", "1")], answer)
    peer.close()


def told(answer):
    return [tuple(field) for field in json.loads(answer.body)["fields"]] if answer.whole else answer


def requests(way, place):
    """Trailers of a request: to an HTTP/2 origin from an HTTP/2 client that told no length."""
    for origin in ("h1", "h2"):
        peer = client("h2", *place)
        for body, length in [(b"", None), (b"abc", None), (b"a" * 50_000, None), (b"abc", "3")]:
            stream = peer.connection.get_next_available_stream_id()
            peer.answers[stream] = type(peer.answer(0))()
            more = [("content-length", length)] if length else []
            head = peer.head("POST", f"/{origin}/echo", TENANT + more)
            peer.connection.send_headers(stream, head)
            left = body
            while left:
                count = min(peer.connection.local_flow_control_window(stream), 16_384, len(left))
                if count == 0 and not peer.pump():
                    break
                peer.connection.send_data(stream, left[:count])
                left = left[count:]
                peer.flush()
            peer.connection.send_headers(
                stream, [("x-sum", "1"), ("x-tenant-id", "globex"), ("authorization", "b"), ("x-two", "2")],
                end_stream=True)
            peer.flush()
            while stream not in peer.done and peer.pump():
                pass
            answer = peer.answer(stream)
            got = [field for field in told(answer) if field[0].startswith("trailer ")]
            expected = [("trailer x-sum", "1"), ("trailer x-two", "2")] if origin == "h2" and not length else []
            row(f"{way} to {origin}, {len(body)} bytes, length {length}", got == expected
                and json.loads(answer.body)["length"] == len(body), f"{answer} {got}")
        answer = peer.ask("GET", f"/{origin}/echo", TENANT + [("te", "trailers")])
        fields = dict(told(answer))
        row(f"{way} to {origin}, TE", fields.get("te") == "trailers"
            and fields.get("connection") == ("te" if origin == "h1" else None), fields)
        peer.close()


for way, protocol, place in WAYS:
    for origin in ("t1", "t2"):
        answers(way, client(protocol, *place), origin)
    if protocol == "h2":
        requests(way, place)
tell()
