# SPDX-License-Identifier: Apache-2.0
"""usage: trailer_origin.py h1|h2: answers with the trailer section that the path tells.

`/SIZE/HEX`: SIZE bytes, then the section whose bytes are HEX (the lines, each with its CRLF), as
it stands over HTTP/1.1, as fields over HTTP/2. For HEX, `xN` is one line of N bytes, `nN` N lines.
`/SIZE/HEX/slow`: byte by byte. `/SIZE/HEX/length`: with a Content-Length. Prints `port P`.
"""
import socket
import sys
import threading
import time

protocol = sys.argv[1]


def section_of(text):
    if text[:1] == "x":
        return b"x-sum: " + b"v" * (int(text[1:]) - 9) + b"\r\n"
    if text[:1] == "n":
        return b"x-a: b\r\n" * int(text[1:])
    return bytes.fromhex(text)


def serve_h1(peer):
    file = peer.makefile("rb")
    while line := file.readline():
        method, target, _ = line.decode("latin-1").split(" ")
        while file.readline() not in (b"\r\n", b""):
            pass
        size, section, *how = target[1:].split("/")
        peer.sendall(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n")
        if method == "HEAD":
            continue
        if int(size):
            peer.sendall(b"%x\r\n%s\r\n" % (int(size), b"a" * int(size)))
        end = b"0\r\n" + section_of(section) + b"\r\n"
        for part in [end] if not how else [end[i : i + 1] for i in range(len(end))]:
            peer.sendall(part)
            if how:
                time.sleep(0.001)


def serve_h2(peer):
    import h2.config
    import h2.connection
    import h2.events

    connection = h2.connection.H2Connection(h2.config.H2Configuration(
        client_side=False, header_encoding="utf-8", validate_outbound_headers=False,
        normalize_outbound_headers=False))
    connection.initiate_connection()
    peer.sendall(connection.data_to_send())
    while data := peer.recv(65536):
        for event in connection.receive_data(data):
            if not isinstance(event, h2.events.RequestReceived):
                continue
            size, section, *how = dict(event.headers)[":path"][1:].split("/")
            head = [(":status", "200")]
            if how == ["length"]:
                head.append(("content-length", size))
            connection.send_headers(event.stream_id, head)
            for start in range(0, int(size), 16_384):
                connection.send_data(event.stream_id, b"a" * min(16_384, int(size) - start))
            if how:
                # What ends the content comes later than the content.
                peer.sendall(connection.data_to_send())
                time.sleep(0.05)
            lines = section_of(section).decode("latin-1").split("\r\n")[:-1]
            connection.send_headers(
                event.stream_id, [tuple(line.split(": ", 1)) for line in lines], end_stream=True)
        peer.sendall(connection.data_to_send())


def run(peer):
    try:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        (serve_h1 if protocol == "h1" else serve_h2)(peer)
    except (OSError, ValueError):
        pass
    finally:
        peer.close()


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print("port", listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=run, args=(listener.accept()[0],), daemon=True).start()
