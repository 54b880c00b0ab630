# SPDX-License-Identifier: Apache-2.0
"""usage: websocket_origin.py NAME: an echo over WebSockets (the library `websockets`).

A message comes back in the fragments in which it came. On `/name` the first message is NAME, on
`/refuse` the handshake is answered 403. Prints `port N`, and `closed CODE` for each connection that
ends.
"""
import asyncio
import http
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

name = sys.argv[1]


async def echo(connection):
    try:
        if connection.request.path.endswith("/name"):
            await connection.send(name)
        while True:
            fragments = connection.recv_streaming()
            first = None
            parts = []
            async for part in fragments:
                first = part if first is None else first
                parts.append(part)
            await connection.send(parts if len(parts) > 1 else parts[0])
    except ConnectionClosed:
        pass
    finally:
        print("closed", connection.close_code, flush=True)


def refuse(connection, request):
    if request.path.endswith("/refuse"):
        return connection.respond(http.HTTPStatus.FORBIDDEN, "not here\n")
    return None


async def main():
    async with serve(
        echo, "127.0.0.1", 0, process_request=refuse, ping_interval=None, max_size=None, backlog=2_048
    ) as server:
        print("port", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
