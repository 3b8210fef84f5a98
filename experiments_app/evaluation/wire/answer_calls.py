"""Tool calls of an answer, whole or in a stream's pieces. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class ToolCalls:
    """Tool calls from pieces or whole ones. Arguments stay text: whether they are JSON is for evaluators to say."""

    def __init__(self) -> None:
        self._calls: list[dict[str, Any]] = []
        self._places: dict[Any, int] = {}

    def add(self, pieces: list[dict[str, Any]]) -> None:
        for piece in pieces:
            call, function = self._target(piece), piece.get("function")
            function = function if isinstance(function, dict) else {}
            arguments = function.get("arguments")
            call["id"] = call["id"] or str(piece.get("id") or "")
            call["name"] = call["name"] or str(function.get("name") or "")
            call["arguments"] += arguments if isinstance(arguments, str) else _json(arguments)

    def whole(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(
            {"id": call["id"], "function": {"name": call["name"], "arguments": call["arguments"]}}
            for call in self._calls
        )

    def _target(self, piece: Mapping[str, Any]) -> dict[str, Any]:
        """Return the call that a piece goes on with. Some servers give no index, or 0 to each whole call."""
        index, call_id = piece.get("index"), piece.get("id")
        place = self._places.get(index) if index is not None else len(self._calls) - 1 if not call_id else None
        if place is not None and place >= 0:
            known = self._calls[place]["id"]
            if not (call_id and known and call_id != known):
                return self._calls[place]
        self._calls.append({"id": "", "name": "", "arguments": ""})
        self._places[index] = len(self._calls) - 1
        return self._calls[-1]


def _json(arguments: Any) -> str:
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
