# SPDX-License-Identifier: Apache-2.0
"""usage: grpc_calls.py PORT METHOD/MESSAGE...: calls to grpc_origin.py through an edge, one by one.

Prints a line for each: the messages that came, joined, and the status; then `rows N`.
"""
import sys

import grpc

channel = grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}", [
    ("grpc.default_authority", "edge.example"), ("grpc.enable_retries", 0)])
for word in sys.argv[2:]:
    method, message = word.split("/")
    got, code = [], grpc.StatusCode.OK
    try:
        call = channel.unary_stream(f"/banyan.test.Echo/{method}")
        for answer in call(message.encode(), metadata=[("x-tenant-id", "acme")], timeout=30):
            got.append(answer.decode())
    except grpc.RpcError as error:
        code = error.code()
    print(word, "+".join(got), code.name)
print("rows", len(sys.argv) - 2)
