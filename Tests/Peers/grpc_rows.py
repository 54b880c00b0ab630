# SPDX-License-Identifier: Apache-2.0
"""usage: grpc_rows.py PORT NAME [CA]: every kind of gRPC call to grpc_origin.py through an edge.

Prints a line for each call that went wrong, then `rows N`.
"""
import sys
import threading

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

port, name = int(sys.argv[1]), sys.argv[2]
options = [("grpc.default_authority", "edge.example"), ("grpc.max_receive_message_length", 64 << 20),
           ("grpc.max_send_message_length", 64 << 20), ("grpc.enable_retries", 0)]
if len(sys.argv) > 3:
    with open(sys.argv[3], "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    channel = grpc.secure_channel(
        f"127.0.0.1:{port}", credentials, options + [("grpc.ssl_target_name_override", "edge.example")])
else:
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
META = [("x-tenant-id", "acme")]
wrong, rows = [], 0


def call(kind, method, **more):
    make = getattr(channel, kind)(f"/banyan.test.Echo/{method}")
    return lambda value: make(value, metadata=META, timeout=30, **more)


def row(what, condition, seen):
    global rows
    rows += 1
    if not condition:
        wrong.append(f"{what}: {seen}")


def check(what, body):
    try:
        body()
    except Exception as error:
        row(what, False, f"{type(error).__name__} {error}")


def unary():
    for size in (0, 1, 5, 16_383, 65_536, 1 << 20, 8 << 20):
        answer = call("unary_unary", "Unary")(b"a" * size)
        row(f"unary {size}", answer == name.encode() + b":" + b"a" * size, len(answer))
    make = channel.unary_unary("/banyan.test.Echo/Unary")
    answer, state = make.with_call(b"x", metadata=META, timeout=30)
    trailers = dict(state.trailing_metadata())
    row("trailers", trailers.get("origin-name") == name and trailers.get("x-bytes-bin") == b"\0\1\xff", trailers)
    row("status", state.code() == grpc.StatusCode.OK, state.code())


def streams():
    parts = [b"%d" % i for i in range(500)]
    answer = call("stream_unary", "ClientStream")(iter(parts))
    row("client streaming", answer == b"+".join(parts), len(answer))
    got = list(call("unary_stream", "ServerStream")(bytes(range(256)) * 8))
    row("server streaming", b"".join(got) == bytes(range(256)) * 8, len(got))
    got = list(call("stream_stream", "Both")(iter(parts)))
    row("both", got == [part[::-1] for part in parts], len(got))


def in_turn():
    """Each message is only sent when the answer to the one before has come."""
    ready = threading.Semaphore(1)

    def requests():
        for number in range(50):
            ready.acquire(timeout=20)
            yield b"%03d" % number

    got = []
    for answer in call("stream_stream", "Both")(requests()):
        got.append(answer)
        ready.release()
    row("in turn", got == [(b"%03d" % n)[::-1] for n in range(50)], len(got))


def failures():
    try:
        call("unary_unary", "Fail")(b"x")
        row("trailers-only", False, "no error")
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata())
        row("trailers-only", error.code() == grpc.StatusCode.PERMISSION_DENIED
            and error.details() == "not to you: é %" and trailers.get("x-reason") == "asked",
            f"{error.code()} {error.details()} {trailers}")
    got = []
    try:
        for answer in call("unary_stream", "Late")(b"x"):
            got.append(answer)
        row("an error behind messages", False, "no error")
    except grpc.RpcError as error:
        row("an error behind messages", got == [b"one", b"two"]
            and error.code() == grpc.StatusCode.DATA_LOSS, f"{got} {error.code()} {error.details()}")
    try:
        channel.unary_unary("/banyan.test.Echo/Slow")(b"", metadata=META, timeout=0.5)
        row("a deadline", False, "no error")
    except grpc.RpcError as error:
        row("a deadline", error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, f"{error.code()} {error.details()}")
    try:
        call("unary_unary", "Nowhere")(b"x")
        row("an unknown method", False, "no error")
    except grpc.RpcError as error:
        row("an unknown method", error.code() == grpc.StatusCode.UNIMPLEMENTED, error.code())
    stream = channel.stream_stream("/banyan.test.Echo/Both")(iter([b"a"]), metadata=META, timeout=30)
    next(stream)
    stream.cancel()
    row("a cancelled call", call("unary_unary", "Unary")(b"y") == name.encode() + b":y", "")


def metadata():
    make = channel.unary_unary("/banyan.test.Echo/Meta")
    text = make(b"", metadata=[*META, ("x-a", "b"), ("x-a", "c"), ("x-c-bin", b"\0\xff")], timeout=30).decode()
    for word in ["('x-a', 'b')", "('x-a', 'c')", r"('x-c-bin', b'\x00\xff')", "'user-agent'"]:
        row(f"metadata {word}", word in text, text)


def checking():
    stub = health_pb2_grpc.HealthStub(channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(), metadata=META, timeout=30)
    row("health", answer.status == health_pb2.HealthCheckResponse.SERVING, answer)


def at_once():
    call_ = call("unary_unary", "Unary")
    results = []

    def many(number):
        for i in range(20):
            results.append(call_(b"%d-%d" % (number, i)) == name.encode() + b":%d-%d" % (number, i))

    threads = [threading.Thread(target=many, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row("320 calls on one connection", len(results) == 320 and all(results), len(results))


for what in (unary, streams, in_turn, failures, metadata, checking, at_once):
    check(what.__name__, what)
for text in wrong:
    print(text)
print("rows", rows)
