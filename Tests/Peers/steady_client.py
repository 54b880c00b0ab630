# SPDX-License-Identifier: Apache-2.0
"""usage: steady_client.py PORT h1|h2 [CA]: asks for `/charts/a` until SIGTERM, on one connection.

A connection that ends between two answers is opened anew, and counted. Prints a line for each
request that failed, then `answered N p99 US connections N failed N`.
"""
import signal
import sys
import time

from clients import client

port, protocol = int(sys.argv[1]), sys.argv[2]
tls = sys.argv[3] if len(sys.argv) > 3 else None
is_over = False


def stop(*_):
    global is_over
    is_over = True


signal.signal(signal.SIGTERM, stop)
times, failed, connections, peer = [], 0, 0, None
while not is_over:
    if peer is None:
        peer = client(protocol, port, tls)
        connections += 1
    start = time.perf_counter()
    answer = peer.ask("GET", "/charts/a", [("X-Tenant-Id", "acme")])
    times.append(time.perf_counter() - start)
    if answer.status != 200 or not answer.whole:
        failed += 1
        print(answer, flush=True)
    if not peer.is_kept:
        peer.close()
        peer = None
    time.sleep(0.002)
p99 = int(sorted(times)[len(times) * 99 // 100] * 1_000_000) if times else 0
print("answered", len(times), "p99", p99, "connections", connections, "failed", failed)
