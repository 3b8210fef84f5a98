"""Server-sent events as OpenAI frames them: pure functions from bytes to JSON objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from registry_project.gradio_app.errors import BadAnswer, Interrupted, PageError, message_of, sentence

DONE = "[DONE]"


def objects(blocks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Yield each event's object until `[DONE]`. Raises PageError for an error event, and when the end is missing."""
    for data in _data(_lines(blocks)):
        if data == DONE:
            return
        event = _parsed(data)
        if event.get("error"):
            raise PageError(sentence(message_of(event)) or "The model failed without saying why.")
        yield event
    raise Interrupted("The answer broke off before it was complete.")


def _lines(blocks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", "replace")


def _data(lines: Iterable[str]) -> Iterator[str]:
    gathered: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            gathered.append(line[5:].removeprefix(" "))
        elif not line and gathered:
            yield "\n".join(gathered)
            gathered = []
    if gathered:
        yield "\n".join(gathered)


def _parsed(data: str) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except ValueError as error:
        raise BadAnswer("The model's answer is garbled from here on.") from error
    if not isinstance(event, dict):
        raise BadAnswer("The model's answer is garbled from here on.")
    return event
