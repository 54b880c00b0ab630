# SPDX-License-Identifier: Apache-2.0
"""usage: websocket_hold.py URL COUNT PAUSE_MS: keeps COUNT WebSockets open, each echoing all the time.

Prints `open N` when all are, `closed N last MS` (wall clock, ms since 1970) when all have been closed
by the other side, and on SIGTERM ends in order; then the last line
`echoed N wrong N dropped N code1012 N code1001 N`.
"""
import asyncio
import collections
import resource
import signal
import sys
import time

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

url, count, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) / 1_000
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
figures = collections.Counter()
codes = collections.Counter()
ready = 0
gone = 0
last = 0.0
stopping = asyncio.Event()


async def hold(index):
    global ready, gone, last
    async with connect(
        url, additional_headers={"X-Tenant-Id": "acme"}, ping_interval=None, open_timeout=60,
        close_timeout=10, compression=None,
    ) as peer:
        ready += 1
        if ready == count:
            print("open", ready, flush=True)
        number = 0
        try:
            while not stopping.is_set():
                text = f"{index} {number}"
                await peer.send(text)
                figures["wrong"] += await asyncio.wait_for(peer.recv(), 60) != text
                figures["echoed"] += 1
                number += 1
                await asyncio.sleep(pause)
        except ConnectionClosed as error:
            codes[error.rcvd.code if error.rcvd else 1006] += 1
            figures["dropped"] += 1
            gone += 1
            last = max(last, time.time() * 1_000)
            if gone == count:
                print("closed", gone, "last", int(last), flush=True)


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    results = await asyncio.gather(*(hold(i) for i in range(count)), return_exceptions=True)
    for error in results:
        if error is not None:
            print("wrong:", repr(error))
    print(
        "echoed", figures["echoed"], "wrong", figures["wrong"], "dropped", figures["dropped"],
        "code1012", codes[1012], "code1001", codes[1001], flush=True,
    )


asyncio.run(main())
