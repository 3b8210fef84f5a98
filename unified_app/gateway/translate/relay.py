"""What an OpenAI caller's body needs so that Ollama's own /v1 does what it says. Pure.

That route reads few fields, drops all others without a word, and sets temperature and top_p to 1 for every call that
does not name them, whatever the model's own parameters are. Reference: ollama/ollama openai/openai.go.
"""

from __future__ import annotations

from typing import Any

from unified_app.gateway.translate.fields import Body, is_number, without_twins
from unified_app.gateway.translate.openai_request import effort_of
from unified_app.gateway.translate.options import FORCED, NATIVE_OPTIONS

_NATIVE_FIELDS = NATIVE_OPTIONS | frozenset(
    ("options", "think", "keep_alive", "format", "truncate", "shift", "raw", "template", "system", "context", "images")
)
# Older versions refuse these words for what they call low and max.
_NEWER_EFFORTS = ("minimal", "xhigh", "ultra")
# Set to 0 by its /v1/completions, so that the model's own are lost there.
_PENALTIES = ("frequency_penalty", "presence_penalty")


def needs_native(body: Body, *, own_known: bool = True) -> bool:
    """Whether a /v1 body must go to the native route instead, because Ollama's /v1 would drop or bend a part of it.

    The model's own parameters hold there only when `with_own_sampling` can name them: when they are not known, the
    native route is the only one that keeps them.
    """
    # Few bodies have any of them, and to ask that first is quick.
    if not _NATIVE_FIELDS.isdisjoint(body) and any(body.get(name) is not None for name in _NATIVE_FIELDS):
        return True
    if not own_known and "input" not in body and any(body.get(name) is None for name in FORCED):
        return True
    if effort_of(body) in _NEWER_EFFORTS or (body.get("tools") and body.get("tool_choice") == "none"):
        return True
    return _is_bent_completion(body) or any(_has_parts(message) for message in _listed(body.get("messages")))


def with_own_sampling(body: Body, own: Body | None) -> Body:
    """Return the body for Ollama's own /v1: with what the model itself sets where the caller says nothing, and with
    max_completion_tokens under the name that is read there. It is `body` itself when nothing must change.
    """
    names = (*FORCED, *_PENALTIES)
    own = own or {}
    added = {name: own[name] for name in names if name in own and body.get(name) is None and is_number(own[name])}
    kept = without_twins(body)
    if (limit := kept.get("max_completion_tokens")) is not None:
        added["max_tokens"] = limit
        del kept["max_completion_tokens"]
    return kept | added if added or len(kept) != len(body) else body


def _is_bent_completion(body: Body) -> bool:
    return "prompt" in body and (body.get("logprobs") is not None or not isinstance(body["prompt"], str))


def _has_parts(message: Any) -> bool:
    """Whether Ollama's /v1 would cut this message in several, an image apart from its question."""
    content = message.get("content") if isinstance(message, dict) else None
    return isinstance(content, list) and len(content) > 1


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
