"""What OpenAI's reasoning models refuse, and how a request is made to fit. Pure.

They take `max_completion_tokens` in place of `max_tokens` (400 unsupported_parameter) and no temperature but 1 (400
unsupported_value). The models of others that think, such as DeepSeek-R1 and phi-4-reasoning, take the usual ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from github_models_app.tiers import bare_name

REFUSED = frozenset(
    {
        "max_tokens",
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "top_logprobs",
    }
)
# Refused as a role, not as a parameter.
SYSTEM = "system"
REPLACED = {"max_tokens": "max_completion_tokens"}

_FAMILY = re.compile(r"(o\d+|gpt-5)([.-].*)?")
_WITHOUT_SYSTEM = frozenset({"o1-preview", "o1-mini"})
_CODES = frozenset({"unsupported_parameter", "unsupported_value"})
_QUOTED = re.compile(r"'([a-z_]+)'")


def refused_by(model_id: str, capabilities: Collection[str] | None = None) -> frozenset[str]:
    """Return the parameters that a model refuses; `capabilities` are the catalog's, None where it tells nothing."""
    name = bare_name(model_id)
    is_openai = "/" not in model_id or "openai" in model_id.lower().rpartition("/")[0]
    if not is_openai or not _FAMILY.fullmatch(name):
        return frozenset()
    if capabilities is not None and "reasoning" not in capabilities:
        return frozenset()
    return REFUSED | {SYSTEM} if name in _WITHOUT_SYSTEM else REFUSED


def fitted(body: dict[str, Any], refused: Collection[str]) -> dict[str, Any]:
    """Return a request without the refused parameters; what has another name for them gets that."""
    fit = {name: value for name, value in body.items() if name not in refused}
    for old, new in REPLACED.items():
        if old in refused and old in body:
            fit.setdefault(new, body[old])
    if SYSTEM in refused and isinstance(body.get("messages"), list):
        fit["messages"] = [_without_system(message) for message in body["messages"]]
    return fit


def newly_refused(code: str, param: str, message: str, body: dict[str, Any]) -> frozenset[str]:
    """Return what an answer of 400 says that the model does not take; empty where `body` has nothing of it."""
    if code not in _CODES:
        return frozenset()
    if param.startswith("messages") and "'system'" in message:
        return frozenset({SYSTEM})
    # Some back ends leave `param` empty and only name it in their words.
    said = _QUOTED.search(message)
    name = param or (said[1] if said else "")
    return frozenset({name}) if name in body and name not in ("model", "messages", "input") else frozenset()


def _without_system(message: Any) -> Any:
    is_system = isinstance(message, dict) and message.get("role") == SYSTEM
    return {**message, "role": "developer"} if is_system else message
