# SPDX-License-Identifier: Apache-2.0
"""usage: websocket_hold.py URL COUNT PAUSE_MS: keeps COUNT WebSockets open, each echoing all the time:
texts, binary, fragments with a ping between them, pings, in turn.

Prints `open N` when all are, `closed N last MS` (wall clock, ms since 1970) when all have been closed
by the other side. On SIGTERM everybody is heard four times more, once of each kind, and ends in order;
then the last line
`echoed N text N binary N fragments N pings N wrong N dropped N code1012 N code1001 N`.
"""
import asyncio
import collections
import os
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


async def text(peer, index, number):
    message = f"{index} {number} ümläut"
    await peer.send(message)
    return await peer.recv() == message


async def binary(peer, index, number):
    message = os.urandom((index * 131 + number * 17) % 3_000)
    await peer.send(message)
    return await peer.recv() == message


async def fragments(peer, index, number):
    parts = [b"%d " % index, b"", os.urandom(number % 200), b"%d" % number]
    waiters = []

    async def with_ping():
        for part in parts:
            yield part
            if part == b"":
                waiters.append(await peer.ping(b"%d between %d" % (index, number)))

    await peer.send(with_ping())
    got = [part async for part in peer.recv_streaming()]
    await waiters[0]
    # The library ends a message that it has as a stream with an empty fragment.
    return got[:4] == parts and not any(got[4:])


async def pings(peer, index, number):
    await (await peer.ping(os.urandom(number % 118) + b"%d" % (number % 1_000_000)))
    return True


KINDS = [text, binary, fragments, pings]


async def hold(index):
    global ready, gone, last
    async with connect(
        url, additional_headers={"X-Tenant-Id": "acme"}, ping_interval=None, open_timeout=60,
        close_timeout=10, compression=None,
    ) as peer:
        ready += 1
        if ready == count:
            print("open", ready, flush=True)
        number = index
        after = 0
        try:
            while after < len(KINDS):
                after += stopping.is_set()
                kind = KINDS[number % len(KINDS)]
                is_right = await asyncio.wait_for(kind(peer, index, number), 60)
                figures["wrong"] += not is_right
                figures["echoed"] += 1
                figures[kind.__name__] += 1
                number += 1
                if not after:
                    await asyncio.wait([stop], timeout=pause)
        except ConnectionClosed as error:
            codes[error.rcvd.code if error.rcvd else 1006] += 1
            figures["dropped"] += 1
            gone += 1
            last = max(last, time.time() * 1_000)
            if gone == count:
                print("closed", gone, "last", int(last), flush=True)


async def main():
    global stop
    stop = asyncio.create_task(stopping.wait())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    results = await asyncio.gather(*(hold(i) for i in range(count)), return_exceptions=True)
    for error in results:
        if error is not None:
            print("wrong:", repr(error))
    print(
        "echoed", figures["echoed"], *(x for k in KINDS for x in (k.__name__, figures[k.__name__])),
        "wrong", figures["wrong"], "dropped", figures["dropped"],
        "code1012", codes[1012], "code1001", codes[1001], flush=True,
    )


asyncio.run(main())
