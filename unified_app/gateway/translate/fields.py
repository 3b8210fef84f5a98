"""Reading a caller's fields: each is taken out and checked, so that what is left over can be passed on. Pure."""

from __future__ import annotations

import math
from typing import Any

from unified_app.errors import InvalidInput

Body = dict[str, Any]

# Ollama's server reads these whatever their case: on its native routes, and on /v1.
KNOWN_NAMES = frozenset(
    (
        *("model", "messages", "stream", "format", "options", "keep_alive", "think", "truncate", "shift", "tools"),
        *("logprobs", "top_logprobs", "prompt", "suffix", "system", "template", "raw", "images", "context", "input"),
        *("dimensions", "_debug_render_only"),
        *("stream_options", "max_tokens", "max_completion_tokens", "seed", "stop", "temperature", "top_p", "reasoning"),
        *("frequency_penalty", "presence_penalty", "response_format", "reasoning_effort", "encoding_format"),
    )
)


def refused(path: str, message: str) -> InvalidInput:
    """Return the error for the field at `path`, such as `messages.0.content.1`."""
    return InvalidInput(f"{path}: {message}", details={path: [message]})


def given(fields: Body) -> Body:
    """Return a copy without nulls: in both protocols null means that the field was not given."""
    return {name: value for name, value in fields.items() if value is not None}


def without_twins(fields: Body) -> Body:
    """Return the fields without those whose name is a known one in another case.

    Ollama's server (Go) would take `Model` for `model`, so a caller could get past what the gateway decided.
    """
    if KNOWN_NAMES.issuperset(fields):
        return dict(fields)
    return {name: value for name, value in fields.items() if not _is_twin(name)}


def spelled(fields: Body) -> Body:
    """Return an Ollama caller's fields with the known names in their own spelling, as Ollama's server reads them.

    The exact name wins over its twins.
    """
    exact = without_twins(fields)
    return {name.casefold(): value for name, value in fields.items() if _is_twin(name)} | exact


def take_text(fields: Body, name: str, at: str = "") -> str | None:
    value = fields.pop(name, None)
    if value is not None and not isinstance(value, str):
        raise refused(at + name, "Must be a string.")
    return value


def take_flag(fields: Body, name: str, at: str = "") -> bool | None:
    value = fields.pop(name, None)
    if value is not None and not isinstance(value, bool):
        raise refused(at + name, "Must be true or false.")
    return value


def take_object(fields: Body, name: str, at: str = "") -> Body | None:
    value = fields.pop(name, None)
    if value is not None and not isinstance(value, dict):
        raise refused(at + name, "Must be an object.")
    return value


def take_list(fields: Body, name: str, at: str = "") -> list[Any] | None:
    value = fields.pop(name, None)
    if value is not None and not isinstance(value, list):
        raise refused(at + name, "Must be a list.")
    return value


def take_number(fields: Body, name: str, at: str = "") -> float | None:
    value: float | None = fields.pop(name, None)
    if value is not None and not is_number(value):
        raise refused(at + name, "Must be a number.")
    return value


def take_integer(fields: Body, name: str, at: str = "") -> int | None:
    value = take_number(fields, name, at)
    if value is not None and value != int(value):
        raise refused(at + name, "Must be a whole number.")
    return None if value is None else int(value)


def take_stop(fields: Body, at: str = "") -> list[str] | None:
    """Return `stop` as the list that Ollama wants; one string is a list of one."""
    value: Any = fields.pop("stop", None)
    if isinstance(value, str):
        return [value]
    if value is not None and not is_texts(value):
        raise refused(f"{at}stop", "Must be a string or a list of strings.")
    return None if value is None else list(value)


def is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_twin(name: str) -> bool:
    # casefold, since Go also folds the long s and the Kelvin sign.
    return name not in KNOWN_NAMES and name.casefold() in KNOWN_NAMES
