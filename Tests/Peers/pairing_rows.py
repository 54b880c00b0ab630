# SPDX-License-Identifier: Apache-2.0
"""usage: pairing_rows.py PORT TLS-PORT CA PREFIX...: every way in x every way out x kinds of exchange.

Behind each PREFIX (`/h1`, `/h2s`, ...) is an echo_origin.py of that name. Ways in: HTTP/1.1 and
HTTP/2, clear and TLS, by hand, by `h2` and by httpx. Prints a line for each row that went wrong,
then `rows N`.
"""
import hashlib
import json
import ssl
import sys
import traceback

import httpx

from clients import client
from rowbook import row, tell

port, tls_port, ca = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
prefixes = sys.argv[4:]
TENANT = [("X-Tenant-Id", "acme")]
BLOCK = bytes((i * 131 + (i >> 8)) & 255 for i in range(1 << 16))


def told(answer):
    return json.loads(answer.body) if answer.status == 200 and answer.whole else {}


def exchanges(way, peer, prefix):
    origin = prefix[1:]

    def name(text):
        return f"{way} {prefix} {text}"

    answer = peer.ask("GET", f"{prefix}/echo?a=b", [*TENANT, ("Cookie", "a=1; b=2"), ("X-Own", "y")])
    echo = told(answer)
    fields = dict(echo.get("fields", []))
    row(name("GET"), echo.get("origin") == origin and echo["target"] == "/echo?a=b", answer)
    row(name("fields"), fields.get("cookie") == "a=1; b=2" and fields.get("x-own") == "y", fields)
    row(name("the tenant is told"), fields.get("x-tenant-id") == "acme", fields)
    row(name("two cookies"), [v for k, v in answer.fields if k == "set-cookie"] == ["a=1", "b=2"], answer.fields)
    hop = {"connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection"}
    if peer.protocol == "h2":
        row(name("no connection fields"), not hop & {k for k, _ in answer.fields}, answer.fields)
    # What the edge adds makes them longer than a client's may be.
    for text, more in [("a long head", [("x-long", "v" * 15_500)]),
                       ("many fields", [(f"x-f{i}", "v") for i in range(94)])]:
        answer = peer.ask("GET", f"{prefix}/echo", TENANT + more)
        seen = [tuple(field) for field in told(answer).get("fields", [])]
        row(name(text), answer.whole and set(more) <= set(seen), answer)
    answer = peer.ask("HEAD", f"{prefix}/echo", TENANT)
    row(name("HEAD"), answer.status == 200 and answer.whole and not answer.body, answer)
    row(name("HEAD's length"), int(answer.get("content-length") or 0) > 50, answer.fields)
    answer = peer.ask("GET", f"{prefix}/empty", TENANT)
    row(name("204"), answer.status == 204 and answer.whole and not answer.body, answer)
    for status in (301, 404, 500, 503):
        answer = peer.ask("GET", f"{prefix}/status/{status}", TENANT)
        row(name(status), answer.status == status and answer.whole, answer)
    for method, framing, size in [
        ("POST", "length", 0), ("POST", "length", 5), ("POST", "chunked", 0), ("POST", "chunked", 5),
        ("PUT", "length", 70_000), ("PATCH", "chunked", 70_000), ("POST", "expect", 70_000),
        ("POST", "length", 3_000_000), ("POST", "chunked", 3_000_000), ("DELETE", "none", None),
        ("GET", "length", 10),
    ]:
        body = None if size is None else (BLOCK * (size // len(BLOCK) + 1))[:size]
        answer = peer.ask(method, f"{prefix}/echo", TENANT, body, framing)
        echo = told(answer)
        digest = hashlib.sha256(body or b"").hexdigest()
        row(name(f"{method} {framing} {size}"),
            echo.get("method") == method and echo["length"] == (size or 0) and echo["digest"] == digest, answer)
        if not peer.is_kept:
            peer = client(peer.protocol, *peer.place)
    for size in (0, 1, 16_384, 100_000, 5_000_000):
        answer = peer.ask("GET", f"{prefix}/size/{size}", [*TENANT, ("TE", "trailers")])
        row(name(f"{size} bytes"), answer.whole and answer.status == 200
            and answer.body == (BLOCK * (size // len(BLOCK) + 1))[:size], answer)
        digest = hashlib.sha256(answer.body).hexdigest()
        row(name(f"trailers of {size}"), ("x-digest", digest) in answer.trailers, answer.trailers)
    answer = peer.ask("POST", f"{prefix}/early", TENANT, b"x" * 30_000, "length")
    row(name("an early answer"), answer.status == 413 and answer.body == b"big", answer)
    if not peer.is_kept:
        peer = client(peer.protocol, *peer.place)
    answer = peer.ask("GET", f"{prefix}/echo", TENANT)
    row(name("and the next"), told(answer).get("origin") == origin, answer)
    if peer.protocol == "h2":
        many(name, peer, prefix)
    peer.close()


def many(name, peer, prefix):
    """Streams at once: each has its own answer."""
    sizes = [s * 1_111 for s in range(50)]
    streams = [peer.send("GET", f"{prefix}/size/{size}", TENANT) for size in sizes]
    while not set(streams) <= peer.done and peer.pump():
        pass
    got = [len(peer.answer(stream).body) for stream in streams]
    row(name("50 at once"), got == sizes and all(peer.answer(s).whole for s in streams), got)


def by_httpx(prefix):
    context = ssl.create_default_context(cafile=ca)
    for way, base, options in [
        ("httpx h1", f"http://127.0.0.1:{port}", {}),
        ("httpx h2c", f"http://127.0.0.1:{port}", {"http1": False, "http2": True}),
        ("httpx h1 tls", f"https://localhost:{tls_port}", {"verify": context}),
        ("httpx h2 tls", f"https://localhost:{tls_port}", {"verify": context, "http2": True}),
    ]:
        with httpx.Client(base_url=base, headers=dict(TENANT), timeout=20, trust_env=False, **options) as session:
            answer = session.get(f"{prefix}/echo")
            wanted = "HTTP/2" if "h2" in way else "HTTP/1.1"
            row(f"{way} {prefix} GET", answer.http_version == wanted and answer.json()["origin"] == prefix[1:],
                answer)
            answer = session.post(f"{prefix}/echo", content=iter([BLOCK] * 10))
            row(f"{way} {prefix} streamed POST", answer.json()["length"] == 10 * len(BLOCK), answer)
            answer = session.get(f"{prefix}/size/1000000")
            row(f"{way} {prefix} 1 MB", len(answer.content) == 1_000_000, answer)


for prefix in prefixes:
    for way, protocol, place in [
        ("h1", "h1", (port, None)), ("h2c", "h2", (port, None)),
        ("h1 tls", "h1", (tls_port, ca)), ("h2 tls", "h2", (tls_port, ca)),
    ]:
        try:
            exchanges(way, client(protocol, *place), prefix)
        except Exception:
            row(f"{way} {prefix}", False, traceback.format_exc(limit=-2).replace("\n", " "))
    try:
        by_httpx(prefix)
    except Exception:
        row(f"httpx {prefix}", False, traceback.format_exc(limit=-2).replace("\n", " "))
tell()
