# SPDX-License-Identifier: Apache-2.0
"""usage: big_origin.py: `/big` answers with 32 MiB, a POST with nothing once its content is whole.

Everything else is answered with a word. Prints `port P`.
"""
import socket
import tempfile
import threading

SIZE = 32 << 20
file = tempfile.TemporaryFile()
file.truncate(SIZE)


def serve(peer):
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data = b""
    try:
        with open(f"/proc/self/fd/{file.fileno()}", "rb") as content:
            while part := peer.recv(65536):
                data += part
                if b"\r\n\r\n" not in data:
                    continue
                line = data.split(b"\r\n")[0]
                if line.startswith(b"POST"):
                    data = b""
                    while peer.recv(65536):
                        pass
                    return
                data = b""
                if b" /big" in line:
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
                    peer.sendfile(content, 0)
                else:
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    except OSError:
        pass
    finally:
        peer.close()


server = socket.create_server(("127.0.0.1", 0), backlog=2048)
print("port", server.getsockname()[1], flush=True)
while True:
    peer, _ = server.accept()
    threading.Thread(target=serve, args=(peer,), daemon=True).start()
