"""Exchanges recorded with real servers, and what a stream of chunks adds up to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from unified_app.gateway.translate.framing import EventSplitter, LineSplitter, parse_object

FOLDER = Path(__file__).resolve().parents[2] / "data" / "ollama" / "recorded" / "chat"
OLD, NEW = "v0.24.0", "v0.33.0-rc2"


def exchange(version: str, name: str) -> dict[str, Any]:
    (path,) = (FOLDER / version).glob(f"{name}_*.json")
    return json.loads(path.read_text())


def asked(version: str, name: str) -> dict[str, Any]:
    return json.loads(exchange(version, name)["request"]["body"])


def answered(version: str, name: str) -> dict[str, Any]:
    return json.loads(exchange(version, name)["response"]["body"])


def stream_of(version: str, name: str) -> bytes:
    return "".join(line for _, line in exchange(version, name)["response"]["body_lines"]).encode()


def lines_of(version: str, name: str) -> list[dict[str, Any]]:
    return [parse_object(line) for line in LineSplitter().feed(stream_of(version, name))]


def chunks_of(version: str, name: str) -> list[dict[str, Any]]:
    events = EventSplitter().feed(stream_of(version, name))
    return [parse_object(event) for event in events if event != b"[DONE]"]


def summed(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """What a client makes of chat.completion.chunk objects; ids of tool calls are any."""
    said: dict[str, Any] = {"content": "", "reasoning": "", "calls": [], "finish": None, "usage": None}
    for chunk in chunks:
        said["usage"] = chunk.get("usage") or said["usage"]
        for choice in chunk["choices"]:
            delta = choice["delta"]
            said["content"] += delta.get("content") or ""
            said["reasoning"] += delta.get("reasoning") or ""
            said["calls"] += [(call["index"], call["function"]) for call in delta.get("tool_calls", [])]
            said["finish"] = choice["finish_reason"] or said["finish"]
    return said
