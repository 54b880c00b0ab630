# SPDX-License-Identifier: Apache-2.0
"""usage: fault_rows.py PORT h1|h2 [TABLE [CA]]: every fault x method x body through an edge.

Each row has its own connection, on which a next request follows. Prints a line for each row that
went wrong, then `rows N problems N cuts N`, the answers that the edge made itself among them.
"""
import importlib
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from clients import client

port, protocol = int(sys.argv[1]), sys.argv[2]
table = importlib.import_module(sys.argv[3] if len(sys.argv) > 3 else "fault_table")
tls = sys.argv[4] if len(sys.argv) > 4 else None
FIELDS = [("X-Tenant-Id", "acme")]


def seen(answer):
    if not answer.whole:
        return ("cut",)
    kind = answer.get("content-type") or ""
    if kind.startswith("application/problem+json"):
        return ("problem", answer.status)
    return ("answer", answer.status, answer.body)


def row(number, method, framing, size):
    fault = table.FAULTS[number]
    name = f"{method} {framing} {size}: {fault.name}"
    body = None if framing == "none" else b"0123456789" * (size // 10) + b"x" * (size % 10)
    wanted = table.outcomes(fault, method)
    if method == "HEAD":
        wanted = [("answer", o[1], b"") if o[0] == "problem" else o for o in wanted]
    try:
        peer = client(protocol, port, tls)
        answer = peer.ask(method, f"/charts/fault/{number}", FIELDS, body, framing)
        got = seen(answer)
        if method == "HEAD" and got[0] == "problem":
            got = ("answer", got[1], b"")
        if got not in wanted:
            return got, f"{name}: {answer}, not {wanted}"
        if got[0] == "answer" and got[2] == b"poison":
            return got, f"{name}: stray bytes were an answer"
        # The next request is served on the same connection where it is kept, else on another.
        if not peer.is_kept:
            peer.close()
            peer = client(protocol, port, tls)
        after = peer.ask("GET", f"/charts/next/{number}", FIELDS)
        if seen(after) != ("answer", 200, b"of /next/%d" % number):
            return got, f"{name}: then {after}"
        peer.close()
        return got, None
    except Exception as error:
        return ("error",), f"{name}: {type(error).__name__} {error}"


def is_retried(one):
    return one[1] in ("GET", "HEAD", "OPTIONS", "DELETE", "PUT") and one[3] == 0


rows = []
for number, fault in enumerate(table.FAULTS):
    for method, framing, size in table.REQUESTS:
        # A fault that waits for a deadline is asked with four kinds of request only.
        if fault.is_slow and (method, framing) not in [
            ("GET", "none"), ("HEAD", "none"), ("POST", "chunked"), ("PUT", "length")
        ]:
            continue
        # What trickles behind a head that ends the answer may come with the next one.
        if method == "HEAD" and (fault.then == "slowly"
                                 or fault.then == "trickle" and fault.outcomes == [table.CUT]):
            continue
        # Content that is not there cannot be left unread.
        if fault.reads != "all" and size < 50_000:
            continue
        # In HTTP/2 an answer to HEAD ends with its head, or is malformed: one kind is enough.
        if method == "HEAD" and table.IS_H2 and fault.name not in ("an answer", "no content", "closes"):
            continue
        rows.append((number, method, framing, size))
kinds = Counter()
again = []
# One HTTP/2 connection carries many rows: a fault of the connection would end its neighbours.
# So does an open field block: no other frame may come before its end (RFC 9113 6.10).
rows.sort(key=lambda row: not (table.FAULTS[row[0]].is_slow and "field block" not in table.FAULTS[row[0]].name))
quick = [one for one in rows if not table.FAULTS[one[0]].is_slow or "field block" in table.FAULTS[one[0]].name]
parts = [(rows, 24)] if not table.IS_H2 else [(rows[: -len(quick)], 24), (quick, 1)]
for part, threads in parts:
    pool = ThreadPoolExecutor(threads)
    for one, (got, problem) in zip(part, pool.map(lambda one: row(*one), part)):
        kinds[got[0]] += 1
        if problem and got == ("problem", 502) and not is_retried(one):
            again.append(one)
        elif problem:
            print(problem)
# A kept connection that another row's fault has just ended: what may not be sent twice fails then
# (RFC 9110 9.2.2). Alone it does not.
for one in again:
    got, problem = row(*one)
    kinds[got[0]] += 1
    if problem:
        print("alone,", problem)
print("rows", len(rows) + len(again), "problems", kinds["problem"], "cuts", kinds["cut"])
