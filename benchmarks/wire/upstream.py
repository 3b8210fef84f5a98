"""The upstream of the gateway's benchmark: Ollama's /v1/chat/completions with canned answers, on a raw protocol.

A call with `"stream": true` gets 50 events a millisecond apart, any other one whole answer of about 300 bytes, after
so many seconds as are named.

    python -m benchmarks.wire.upstream PORT [SECONDS]
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any

import uvloop

EVENTS = 50
EVENT_SECONDS = 0.001
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_STREAMED = re.compile(rb'"stream": *true')


def _whole() -> bytes:
    message = {"role": "assistant", "content": "The sky is blue because air scatters short waves more than long ones."}
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1700000000,
            "model": "small:1b",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 12, "completion_tokens": 16, "total_tokens": 28},
        }
    ).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _event(number: int) -> bytes:
    choice = {"index": 0, "delta": {"content": f" word{number}"}, "finish_reason": None}
    event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "small:1b", "choices": [choice]}
    return _chunk(b"data: " + json.dumps(event).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


WHOLE = _whole()
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAM = [*(_event(number) for number in range(EVENTS)), _chunk(b"data: [DONE]\n\n") + _chunk(b"")]


class Upstream(asyncio.Protocol):
    """One connection: requests one after another, each answered `seconds` after its body is there."""

    seconds = 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, end, body = self._seen.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._seen = b""
        if _STREAMED.search(body):
            self._transport.write(STREAM_HEAD + STREAM[0])
            asyncio.get_running_loop().call_later(EVENT_SECONDS, self._go_on, 1)
        elif self.seconds:
            asyncio.get_running_loop().call_later(self.seconds, self._transport.write, WHOLE)
        else:
            self._transport.write(WHOLE)

    def _go_on(self, number: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(STREAM[number])
        if number + 1 < len(STREAM):
            asyncio.get_running_loop().call_later(EVENT_SECONDS, self._go_on, number + 1)


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    Upstream.seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    uvloop.run(main(int(sys.argv[1])))
