"""A gRPC server that answers each message with its length, and a client that takes turns with it.

    grpc_echo.py serve                          prints its port, and a line for what it gets
    grpc_echo.py call PORT KIND [OPTION] SIZE|TEXT ...

KIND is unary, many (a stream of requests), or chat (a stream of both: each message waits for the
answer to the one before). A message has the text, or so many bytes, in field 1 of Protocol Buffers.
The client prints a line for each answer, and the status.
"""

import concurrent.futures
import queue
import random
import sys

import grpc

RAW = {"request_serializer": bytes, "response_deserializer": bytes}
LIMITS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def note(text):
    print(text, flush=True)


def count(message):
    note(f"got {len(message)}")
    return str(len(message)).encode()


def chat(messages, _context):
    try:
        for message in messages:
            yield count(message)
        note("end")
    except grpc.RpcError:
        note("broken off")


def many(messages, context):
    *_, last = chat(messages, context)
    return last


def serve():
    kinds = {
        "unary": grpc.unary_unary_rpc_method_handler(lambda message, _: count(message)),
        "many": grpc.stream_unary_rpc_method_handler(many),
        "chat": grpc.stream_stream_rpc_method_handler(chat),
    }
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), options=LIMITS)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("p.Echo", kinds)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    note(port)
    server.wait_for_termination()


def message(word):
    text = random.Random(word).randbytes(int(word)) if word.isdigit() else word.encode()
    length, varint = len(text), bytearray()
    while length > 127:
        varint.append(length & 127 | 128)
        length >>= 7
    return b"\x0a" + bytes(varint) + bytes([length]) + text


def call(port, kind, *words):
    compression = None
    if words[0] == "--gzip":
        compression, words = grpc.Compression.Gzip, words[1:]
    messages = [message(word) for word in words]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=LIMITS) as channel:
        options = {"timeout": 120, "compression": compression}
        try:
            for answer in answers(channel, kind, messages, options):
                note(f"answer {answer.decode()}")
            note("OK")
        except grpc.RpcError as error:
            note(error.code().name)


def answers(channel, kind, messages, options):
    path = f"/p.Echo/{kind}"
    if kind == "unary":
        yield channel.unary_unary(path, **RAW)(messages[0], **options)
    elif kind == "many":
        yield channel.stream_unary(path, **RAW)(iter(messages), **options)
    else:
        waiting = queue.Queue()
        waiting.put(messages.pop(0))
        for answer in channel.stream_stream(path, **RAW)(iter(waiting.get, None), **options):
            yield answer
            waiting.put(messages.pop(0) if messages else None)


if __name__ == "__main__":
    {"serve": serve, "call": call}[sys.argv[1]](*sys.argv[2:])
