# SPDX-License-Identifier: Apache-2.0
"""usage: tenant_resumed.py PORT CA CERTIFICATE TLSv1_2|TLSv1_3: the tenant of a new session and a resumed one.

Prints what echo_origin.py was told, and whether the session was resumed, for both.
"""
import json
import socket
import ssl
import sys

port, ca, certificate, version = int(sys.argv[1]), *sys.argv[2:5]
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(certificate + ".pem", certificate + ".key")
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
session = None
for _ in range(2):
    plain = socket.create_connection(("127.0.0.1", port), timeout=20)
    peer = context.wrap_socket(plain, server_hostname="edge.example", session=session)
    peer.sendall(b"GET /plain/echo HTTP/1.1\r\nHost: edge.example\r\nConnection: close\r\n\r\n")
    data = b""
    while part := peer.recv(65536):
        data += part
    body = data.partition(b"\r\n\r\n")[2]
    fields = dict(json.loads(body)["fields"])
    print(fields.get("x-tenant-id"), peer.session_reused)
    session = peer.session
    peer.close()
