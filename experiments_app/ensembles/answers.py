"""What answers say, so that they can be compared: a chat's object in OpenAI's words. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]

_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"\A```\w*\n(.*?)\n?```\Z", re.DOTALL)
_EDGES = " \t\n\"'`*_.,;:!?()"


def message_of(answer: Mapping[str, Any]) -> Body:
    """Return the message of the first choice; an empty one when there is none."""
    choices = answer.get("choices") or [{}]
    return dict(choices[0].get("message") or {})


def text_of(answer: Mapping[str, Any]) -> str:
    """Return what is said, without thoughts."""
    content = message_of(answer).get("content")
    if isinstance(content, list):
        content = "\n".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return _THOUGHTS.sub("", content or "").strip()


def calls_tools(answer: Mapping[str, Any]) -> bool:
    return bool(message_of(answer).get("tool_calls"))


def vote_of(answer: Mapping[str, Any]) -> str:
    """Return what an answer counts as in a vote: equal for answers that say the same thing.

    Tool calls and JSON are compared as data, so neither blanks nor the order of fields matter; of text neither case,
    blanks nor marks around it.
    """
    if calls := message_of(answer).get("tool_calls"):
        return "calls " + _canonical([_called(call) for call in calls])
    text = text_of(answer)
    fenced = _FENCE.match(text)
    value = _parsed(fenced[1] if fenced else text)
    if isinstance(value, (dict, list)):
        return "json " + _canonical(value)
    return "text " + " ".join(text.casefold().split()).strip(_EDGES)


def probability_of(answer: Mapping[str, Any]) -> float | None:
    """Return the mean probability of the answer's tokens; None where the upstream tells none."""
    choices = answer.get("choices") or [{}]
    tokens = (choices[0].get("logprobs") or {}).get("content") or []
    told = [token["logprob"] for token in tokens if isinstance(token, dict) and _is_number(token.get("logprob"))]
    return sum(math.exp(min(0.0, value)) for value in told) / len(told) if told else None


def _called(call: Mapping[str, Any]) -> list[Any]:
    function = call.get("function") or {}
    arguments = function.get("arguments")
    value = _parsed(arguments) if isinstance(arguments, str) else arguments
    return [function.get("name"), arguments if value is None else value]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
