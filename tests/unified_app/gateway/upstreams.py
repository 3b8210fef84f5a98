"""Answers of upstreams for `NastyServer`: OpenAI's and Ollama's, whole and streamed, also ones that break off."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from tests.nasty_server import Answer, Request, json_reply

CHAT = "/chat/completions"
EVENTS, LINES = "text/event-stream", "application/x-ndjson"


def openai_chat(text: str = "Hi there", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    told = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "upstream-model"}
    return {**told, "choices": [choice], "usage": usage, **more}


def ollama_chat(text: str = "Hi there", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    counts = {"prompt_eval_count": 3, "eval_count": 2, "total_duration": 5, "eval_duration": 3}
    told = {"model": "upstream-model", "created_at": "2026-01-01T00:00:00Z", "message": message}
    return {**told, "done": True, "done_reason": "stop", **counts, **more}


def openai_events(*texts: str, finish: str = "stop") -> list[bytes]:
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "upstream-model"}
    pieces = [{**base, "choices": [{"index": 0, "delta": {"content": t}, "finish_reason": None}]} for t in texts]
    pieces.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return [b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces] + [b"data: [DONE]\n\n"]


def ollama_lines(*texts: str) -> list[bytes]:
    told = [{**ollama_chat(text), "done": False} for text in texts]
    return [json.dumps(line).encode() + b"\n" for line in [*told, ollama_chat("")]]


def streamed(pieces: Iterable[bytes], kind: str = EVENTS, *, breaks_off: bool = False) -> Answer:
    """Chunk by chunk; one that breaks off closes the connection without the last chunk."""

    def answer(connection: socket.socket, request: Request) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        for piece in pieces:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        if breaks_off:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            connection.sendall(b"0\r\n\r\n")

    return answer


def killed(pieces: Iterable[bytes], kind: str) -> Answer:
    """What is left of a stream when its process is killed: the connection is reset."""

    def answer(connection: socket.socket, request: Request) -> None:
        streamed(pieces, kind, breaks_off=False)(_Unfinished(connection), request)  # type: ignore[arg-type]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Its file still holds the connection, so `close` would leave it open.
        os.close(connection.detach())

    return answer


class _Unfinished:
    """A connection that swallows the last chunk."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def sendall(self, data: bytes) -> None:
        if data != b"0\r\n\r\n":
            self._connection.sendall(data)


def slowly(*pieces: bytes) -> Iterator[bytes]:
    """The pieces, so far apart that each is read alone."""
    for piece in pieces:
        yield piece
        time.sleep(0.1)


class Endless:
    """A stream that goes on until its reader leaves; `left` is set then, `sent` counts bytes."""

    def __init__(self, piece: bytes, kind: str = EVENTS, *, pause: float = 0.02, most: int = 2**40) -> None:
        self.left, self.begun, self.sent = threading.Event(), threading.Event(), 0
        self._piece, self._kind, self._pause, self._most = piece, kind, pause, most

    def __call__(self, connection: socket.socket, request: Request) -> None:
        try:
            streamed(self._pieces(connection, request), self._kind)(connection, request)
        except OSError:
            self.left.set()
            raise

    def _pieces(self, connection: socket.socket, request: Request) -> Iterator[bytes]:
        while self.sent < self._most and not request.stopped.is_set():
            yield self._piece
            self.sent += len(self._piece)
            self.begun.set()
            if self._pause:
                request.stopped.wait(self._pause)
                connection.setblocking(False)
                with suppress(BlockingIOError):
                    if connection.recv(1, socket.MSG_PEEK) == b"":
                        raise ConnectionResetError("the reader has left")
                connection.setblocking(True)


def held(until: threading.Event, answer: Answer) -> Answer:
    """The answer, but not before the event."""

    def wait(connection: socket.socket, request: Request) -> None:
        assert until.wait(20)
        answer(connection, request)

    return wait


def by_turns(*answers: Answer) -> Answer:
    """A different answer each time, the last one for ever."""
    left = list(answers)

    def answer(connection: socket.socket, request: Request) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(connection, request)

    return answer


def chosen(pick: Callable[[dict[str, Any]], Answer]) -> Answer:
    """The answer that depends on the request's body."""
    return lambda connection, request: pick(request.json())(connection, request)


OPENAI = json_reply(openai_chat())
OLLAMA = json_reply(ollama_chat())
