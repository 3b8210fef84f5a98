"""Answers of the native routes, as Ollama's OpenAI routes tell them. Pure."""

from __future__ import annotations

import base64
import random
import struct
import time
from typing import Any

from registry_project.demo.app import dumps
from registry_project.demo.server import Body


def event(value: Any) -> bytes:
    return f"data: {dumps(value)}\n\n".encode()


def usage(line: Body) -> Body:
    prompt, made = line.get("prompt_eval_count", 0), line.get("eval_count", 0)
    return {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}


def embeddings(reply: Body, encoding: str) -> Body:
    rows = [pack(row) if encoding == "base64" else row for row in reply["embeddings"]]
    data = [{"object": "embedding", "embedding": row, "index": number} for number, row in enumerate(rows)]
    tokens = reply.get("prompt_eval_count", 0)
    counts = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": reply["model"], "usage": counts}


def pack(row: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode()


class Completion:
    """One answer of /v1/completions, whole or in chunks."""

    prefix, whole_object, chunk_object = "cmpl", "text_completion", "text_completion"

    def __init__(self, model: str, is_new: bool) -> None:
        self.base = {"id": f"{self.prefix}-{random.randrange(999)}", "created": int(time.time())}
        self.base |= {"model": model, "system_fingerprint": "fp_ollama"}
        self.is_new, self.begun, self.called = is_new, False, False

    def whole(self, line: Body) -> Body:
        return {**self.base, "object": self.whole_object, "choices": [self.choice(line)], "usage": usage(line)}

    def chunk(self, line: Body) -> Body:
        return {**self.base, "object": self.chunk_object, "choices": [self.choice(line)]}

    def last(self, line: Body) -> Body:
        return {**self.base, "object": self.chunk_object, "choices": [], "usage": usage(line)}

    def choice(self, line: Body) -> Body:
        return {"text": line["response"], "index": 0, "finish_reason": line.get("done_reason")}


class Chat(Completion):
    """The same for /v1/chat/completions."""

    prefix, whole_object, chunk_object = "chatcmpl", "chat.completion", "chat.completion.chunk"

    def whole(self, line: Body) -> Body:
        told = super().whole(line)
        told["choices"][0]["message"] = told["choices"][0].pop("delta")
        return told

    def choice(self, line: Body) -> Body:
        message, reason = line["message"], line.get("done_reason")
        delta: Body = {"role": "assistant", "content": message["content"]}
        if message.get("thinking"):
            delta["reasoning"] = message["thinking"]
        if calls := message.get("tool_calls"):
            self.called, delta["tool_calls"] = True, [call_of(**call) for call in calls]
        if self.begun and self.is_new:  # old versions repeat the role, and say an empty content
            delta = {key: value for key, value in delta.items() if value and key != "role"}
        self.begun = True
        return {"index": 0, "delta": delta, "finish_reason": "tool_calls" if reason and self.called else reason}


def call_of(id: str, function: Body) -> Body:
    told = {"name": function["name"], "arguments": dumps(function["arguments"])}
    return {"id": id, "index": function["index"], "type": "function", "function": told}
