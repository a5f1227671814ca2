"""An HTTP/3 client for t/http3.rs.

Reads requests from standard input, a JSON list of {"method", "path", "headers": [[name, value]],
"body": [piece, ...]}, sends them one after another over one QUIC connection to a port of
127.0.0.1, and prints the status of each. Pieces of a body are sent apart.
"""

import asyncio
import json
import ssl
import sys

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, StreamReset

SECONDS = 10


class Client(QuicConnectionProtocol):
    """One connection."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.http = None
        self.answers = {}

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if isinstance(event, StreamReset):
            self.answer(event.stream_id, "reset")
        for received in self.http.handle_event(event) if self.http else []:
            if isinstance(received, HeadersReceived):
                status = dict(received.headers)[b":status"].decode()
                self.answer(received.stream_id, status)

    def answer(self, stream, status):
        """The first word about a stream counts."""
        answer = self.answers.get(stream)
        if answer and not answer.done():
            answer.set_result(status)

    async def ask(self, request):
        """The status of one request."""
        stream = self._quic.get_next_available_stream_id()
        answer = self.answers[stream] = asyncio.get_running_loop().create_future()
        head = [
            (b":method", request["method"].encode()),
            (b":scheme", b"https"),
            (b":authority", b"localhost"),
            (b":path", request["path"].encode()),
        ]
        head += [(name.encode(), value.encode()) for name, value in request["headers"]]
        pieces = request["body"]
        self.http.send_headers(stream, head, end_stream=not pieces)
        self.transmit()
        for number, piece in enumerate(pieces, 1):
            await asyncio.sleep(0.01)
            if answer.done():
                break  # denied before its body was wanted
            self.http.send_data(stream, piece.encode(), end_stream=number == len(pieces))
            self.transmit()
        return await asyncio.wait_for(answer, SECONDS)


async def main(port):
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE)
    async with connect(
        "127.0.0.1", port, configuration=configuration, create_protocol=Client
    ) as client:
        for request in json.load(sys.stdin):
            print(await client.ask(request))


asyncio.run(main(int(sys.argv[1])))
