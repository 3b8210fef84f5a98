"""The tokens of a call: as the upstream tells them, else counted by length. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from experiments_app.evaluation.replies import Request, Usage

CHARACTERS_PER_TOKEN = 4


def usage_of(told: Any, request: Request, text: str, thoughts: str, calls: tuple[Mapping[str, Any], ...]) -> Usage:
    """Return the tokens that were told; where they were not, they are counted by length."""
    told = told if isinstance(told, dict) else {}
    prompt, completion = _count(told.get("prompt_tokens")), _count(told.get("completion_tokens"))
    answered = len(text) + len(thoughts) + sum(len(call["function"]["arguments"]) for call in calls)
    estimated = prompt is None or (completion is None and answered > 0)
    if prompt is None:
        prompt = _by_length(_asked(request.body))
    if completion is None:
        completion = math.ceil(answered / CHARACTERS_PER_TOKEN)
    details = told.get("completion_tokens_details")
    thinking = _count(details.get("reasoning_tokens")) if isinstance(details, dict) else None
    if not thinking and thoughts:
        thinking = share(completion, len(thoughts), answered - len(thoughts))
    return Usage(prompt, completion, min(thinking or 0, completion), estimated)


def share(tokens: int, part: int, rest: int) -> int:
    """Return how many of the tokens are thoughts, by length: few upstreams tell."""
    return round(tokens * part / (part + rest)) if part else 0


def _asked(body: Mapping[str, Any]) -> list[Any]:
    """Return all that was said to the model, images left out."""
    asked = body.get("input", body.get("messages"))
    texts: list[Any] = []
    for item in asked if isinstance(asked, list | tuple) else [asked]:
        content = item.get("content") if isinstance(item, Mapping) else item
        parts = content if isinstance(content, list | tuple) else [content]
        texts += [part.get("text") if isinstance(part, Mapping) else part for part in parts]
    return texts


def _by_length(texts: list[Any]) -> int:
    return math.ceil(sum(len(text) for text in texts if isinstance(text, str)) / CHARACTERS_PER_TOKEN)


def _count(value: Any) -> int | None:
    """Return a number of tokens as it was told; None for what is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**31
    return int(value) if is_number else None
