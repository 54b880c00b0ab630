# SPDX-License-Identifier: Apache-2.0
"""usage: noting_origin.py: answers every request with its bytes as they came, in hexadecimal.

Content is read by Content-Length or chunks. Prints `port P`, and `saw N` for each request.
"""
import itertools
import socket
import threading

numbers = itertools.count(1)


def read(peer):
    part = peer.recv(65536)
    if not part:
        raise EOFError
    return part


def serve(peer):
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data = b""
    try:
        while True:
            while b"\r\n\r\n" not in data:
                data += read(peer)
            head, _, data = data.partition(b"\r\n\r\n")
            request = head + b"\r\n\r\n"
            folded = head.lower()
            length = 0
            if b"\r\ncontent-length: " in folded:
                length = int(folded.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
            while len(data) < length:
                data += read(peer)
            if b"\r\ntransfer-encoding:" in folded:
                # The last chunk and, behind it, trailers or none.
                while not (data.endswith(b"\r\n\r\n") and b"\r\n0\r\n" in b"\r\n" + data):
                    data += read(peer)
                length = len(data)
            request, data = request + data[:length], data[length:]
            print("saw", next(numbers), flush=True)
            text = request.hex().encode()
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
    except (OSError, EOFError):
        pass
    finally:
        peer.close()


server = socket.create_server(("127.0.0.1", 0), backlog=512)
print("port", server.getsockname()[1], flush=True)
while True:
    peer, _ = server.accept()
    threading.Thread(target=serve, args=(peer,), daemon=True).start()
