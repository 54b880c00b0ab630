# SPDX-License-Identifier: Apache-2.0
"""usage: grpc_origin.py NAME [CERTIFICATE KEY]: a gRPC server with bytes for messages.

Methods of `banyan.test.Echo`: Unary, ClientStream (joins), ServerStream (a message for each byte),
Both (each comes back at once), Fail (trailers-only, the status of the message), Late (fails behind
two messages), Slow (until the deadline), Meta (metadata as a text). Status and LateStatus fail with the
status that the message tells, at once or behind a message, at an origin whose name begins with `modern`;
another answers with its name. And grpc.health.v1. Prints `port P`.
"""
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

name = sys.argv[1]


def unary(request, context):
    context.set_trailing_metadata([("origin-name", name), ("x-bytes-bin", b"\0\1\xff")])
    return name.encode() + b":" + request


def client_stream(requests, context):
    return b"+".join(requests)


def server_stream(request, context):
    for byte in request:
        yield bytes([byte])


def both(requests, context):
    for request in requests:
        yield request[::-1]


def fail(request, context):
    context.set_trailing_metadata([("x-reason", "asked")])
    context.abort(grpc.StatusCode.PERMISSION_DENIED, "not to you: é %")


def late(request, context):
    yield b"one"
    yield b"two"
    context.abort(grpc.StatusCode.DATA_LOSS, "lost")


CODES = {code.value[0]: code for code in grpc.StatusCode}


def status(request, context):
    if name.startswith("modern") and request != b"0":
        context.abort(CODES[int(request)], "asked")
    return name.encode()


def late_status(request, context):
    yield name.encode()
    if request != b"0":
        context.abort(CODES[int(request)], "asked")


def slow(request, context):
    while context.is_active():
        time.sleep(0.01)
    return b""


def meta(request, context):
    return repr(sorted((k, v) for k, v in context.invocation_metadata())).encode()


handlers = grpc.method_handlers_generic_handler("banyan.test.Echo", {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
    "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
    "Both": grpc.stream_stream_rpc_method_handler(both),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Late": grpc.unary_stream_rpc_method_handler(late),
    "Status": grpc.unary_unary_rpc_method_handler(status),
    "LateStatus": grpc.unary_stream_rpc_method_handler(late_status),
    "Slow": grpc.unary_unary_rpc_method_handler(slow),
    "Meta": grpc.unary_unary_rpc_method_handler(meta),
})
server = grpc.server(ThreadPoolExecutor(32), options=[("grpc.max_receive_message_length", 64 << 20)])
server.add_generic_rpc_handlers((handlers,))
servicer = health.HealthServicer()
servicer.set("", health_pb2.HealthCheckResponse.SERVING)
health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
if len(sys.argv) > 3:
    with open(sys.argv[2], "rb") as chain, open(sys.argv[3], "rb") as key:
        credentials = grpc.ssl_server_credentials([(key.read(), chain.read())])
    port = server.add_secure_port("127.0.0.1:0", credentials)
else:
    port = server.add_insecure_port("127.0.0.1:0")
server.start()
print("port", port, flush=True)
server.wait_for_termination()
