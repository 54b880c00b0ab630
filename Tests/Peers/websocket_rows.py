# SPDX-License-Identifier: Apache-2.0
"""usage: websocket_rows.py URL: what a WebSocket client (the library `websockets`) can do through an edge.

A line for each row that went wrong, then `rows N`.
"""
import asyncio
import os
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

url = sys.argv[1]
rows = 0
TENANT = {"X-Tenant-Id": "acme"}


def check(name, is_right, detail=""):
    global rows
    rows += 1
    if not is_right:
        print("wrong:", name, detail, flush=True)


async def messages(compression):
    async with connect(
        url + "/echo", additional_headers=TENANT, max_size=None, compression=compression
    ) as peer:
        check("compression", bool(peer.protocol.extensions) == (compression is not None))
        for text in ["", "plain", "ümläut 漢字", "x" * 70_000]:
            await peer.send(text)
            check(f"text of {len(text)}", await peer.recv() == text)
        for count in [0, 1, 125, 126, 127, 16_383, 16_384, 65_535, 65_536, 1_048_577]:
            content = os.urandom(count)
            await peer.send(content)
            check(f"binary of {count}", await peer.recv() == content)
        parts = [b"one", b"", os.urandom(40_000), b"four"]
        await peer.send(parts)
        got = [part async for part in peer.recv_streaming()]
        # What is compressed is one stream of bytes; in clear the fragments themselves come back.
        if compression is None:
            check("fragments", [len(part) for part in got][:4] == [3, 0, 40_000, 4], str([len(p) for p in got]))
        check("fragmented message", b"".join(got) == b"".join(parts))
        # A ping between the fragments of a message.
        async def slowly():
            yield "first "
            waiter = await peer.ping(b"between")
            await asyncio.wait_for(waiter, 20)
            yield "second"
        await peer.send(slowly())
        got = [part async for part in peer.recv_streaming()]
        check("a ping between fragments", "".join(got) == "first second")
        latency = await asyncio.wait_for(await peer.ping(b"\0\xff" * 60), 20)
        check("ping", latency >= 0)
        await peer.close(4_321, "own code")
    check("close", peer.close_code == 4_321 and peer.close_reason == "own code", f"{peer.close_code}")


async def main():
    await messages(None)
    await messages("deflate")
    async with connect(url + "/echo", additional_headers=TENANT, subprotocols=["chat"]) as peer:
        check("no subprotocol is invented", peer.subprotocol is None)
    try:
        async with connect(url + "/refuse", additional_headers=TENANT):
            check("refusal", False, "it was opened")
    except InvalidStatus as error:
        check("refusal", error.response.status_code == 403 and b"not here" in error.response.body)
    print("rows", rows, flush=True)


asyncio.run(main())
