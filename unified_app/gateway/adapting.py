"""Bodies of chats, changed to what a model takes: renamed or dropped parameters, and what refusals teach. Pure."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from unified_app.errors import UpstreamError

Body = dict[str, Any]
Refused = frozenset[str]
NOTHING: Refused = frozenset()

# Each call may be changed and sent again so often before its refusal is handed on.
MAX_ADAPTATIONS = 3
MAX_REMEMBERED = 10_000
# A parameter that can be said in another way.
RENAMED = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
# A parameter that can be left out -> the value that every model takes, so that one may stay.
DROPPED: Body = {
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "top_logprobs": 0,
}
ROLES = {"system": "developer", "developer": "system"}
# Before a name: refused whatever its value, as o3-mini refuses temperature 1.
ANY = "any "

_CODES = ("unsupported_parameter", "unsupported_value")
# OpenAI's own words, for servers that repeat them without a code.
_WORDS = re.compile(
    r"unsupported (?:parameter|value): ['\"`]?([\w.\[\]]+)|unrecognized request arguments? supplied: (\w+)",
    re.IGNORECASE,
)
_ROLE = re.compile(r"messages(?:\[\d+\]|\.\d+)\.role\Z")
# Pydantic's words for OpenAI's younger role; llama-cpp-python's server says them with a 500.
_UNKNOWN_ROLE = re.compile(r"Input should be 'system'.*?'input': '(developer)'")
_REFUSED_ROLE = re.compile(r"['\"`](system|developer)['\"`]")


def adapt(body: Body, refused: Refused) -> tuple[Body, str]:
    """Return the body without what is `refused`, and what was done: `max_tokens=max_completion_tokens`."""
    if not refused:
        return body, ""
    made, told = dict(body), {}
    for name in sorted(refused & RENAMED.keys() & body.keys()):
        if made[name] is not None:
            told[name] = _renamed(made, name, refused)
    for name in sorted(DROPPED.keys() & body.keys()):
        if ANY + name in refused or (name in refused and made[name] not in (None, DROPPED[name])):
            del made[name]
            told[name] = "dropped"
    if "logprobs" in told and made.pop("top_logprobs", None) is not None:  # it needs the other
        told["top_logprobs"] = "dropped"
    for role in sorted(refused & ROLES.keys()):
        if ROLES[role] not in refused and _has_role(made, role):
            made["messages"] = [_with_role(message, role) for message in made["messages"]]
            told[role] = ROLES[role]
    return made, ", ".join(f"{name}={what}" for name, what in told.items())


def refused_by(error: UpstreamError) -> str:
    """Return what an upstream refuses by this error, as `adapt` takes it; "" when that is nothing we know."""
    if unknown := _UNKNOWN_ROLE.search(error.message):
        return unknown[1]
    if error.upstream_status != 400:
        return ""
    words = _WORDS.match(error.message)
    param = error.upstream_param if error.upstream_code in _CODES else ""
    param = param or (words[1] or words[2] if words else "")
    if _ROLE.match(param):
        role = _REFUSED_ROLE.search(error.message)
        return role[1] if role else ""
    if param in DROPPED:
        is_value = error.upstream_code == _CODES[1] or error.message.lower().startswith("unsupported value")
        return param if is_value else ANY + param
    return param if param in RENAMED else ""


class Refusals:
    """What each placement has refused so far, in this process; the oldest placement is forgotten when it is full."""

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._known: OrderedDict[int, Refused] = OrderedDict()

    def of(self, placement: int) -> Refused:
        return self._known.get(placement, NOTHING)

    def learn(self, placement: int, name: str) -> None:
        self._known[placement] = self.of(placement) | {name}
        if len(self._known) > self._most:
            self._known.popitem(last=False)


def _renamed(made: Body, name: str, refused: Refused) -> str:
    """Move a parameter to its other name; one that is there already wins."""
    value, other = made.pop(name), RENAMED[name]
    if other in refused or made.get(other) is not None:
        return "dropped"
    made[other] = value
    return other


def _has_role(body: Body, role: str) -> bool:
    messages = body.get("messages")
    return isinstance(messages, list) and any(isinstance(m, dict) and m.get("role") == role for m in messages)


def _with_role(message: Any, role: str) -> Any:
    return message | {"role": ROLES[role]} if isinstance(message, dict) and message.get("role") == role else message
