"""Requests of an OpenAI caller, for an upstream that speaks Ollama's native protocol. Pure.

Not translated, because Ollama has nothing like it: `n`, `logit_bias`, `tool_choice` other than "none",
`parallel_tool_calls`. They are passed on under their own names like every field that is not known here.
"""

from __future__ import annotations

from typing import Any

from unified_app.gateway.translate.fields import (
    Body,
    given,
    is_texts,
    refused,
    take_flag,
    take_integer,
    take_list,
    take_object,
    without_twins,
)
from unified_app.gateway.translate.openai_messages import messages_to_ollama
from unified_app.gateway.translate.options import take_options

_THINK: dict[str, bool | str] = {"none": False, "minimal": "low", "xhigh": "max", "ultra": "max"}
THINK_LEVELS = ("low", "medium", "high", "max")


def chat_to_ollama(body: Body, own: Body | None) -> Body:
    """Return the body of /api/chat for one of /v1/chat/completions; `own` is what the model itself sets.

    Raises InvalidInput, whose `details` name the field.
    """
    rest = without_twins(given(body))
    told: Body = {"messages": messages_to_ollama(rest.pop("messages", None))}
    tools = take_list(rest, "tools")
    if rest.get("tool_choice") == "none":
        del rest["tool_choice"]
    elif tools:
        told["tools"] = tools
    return _finished(rest, told, own)


def completion_to_ollama(body: Body, own: Body | None) -> Body:
    """Return the body of /api/generate for one of /v1/completions. Raises InvalidInput."""
    rest = without_twins(given(body))
    told: Body = {"prompt": _prompt(rest.pop("prompt", None))}
    # Here it is the number of alternatives; generate has a switch and a number, as chat has.
    if not isinstance(rest.get("logprobs"), bool) and (count := take_integer(rest, "logprobs")) is not None:
        told |= {"logprobs": True, "top_logprobs": count}
    return _finished(rest, told, own)


def embeddings_to_ollama(body: Body) -> Body:
    """Return the body of /api/embed for one of /v1/embeddings. Raises InvalidInput."""
    rest = without_twins(given(body))
    wanted = rest.pop("input", None)
    texts = [wanted] if isinstance(wanted, str) else wanted
    if not texts or not is_texts(texts):
        # A bare "" or [] would only load the model; numbers are tokens, which Ollama cannot embed.
        raise refused("input", "Must be a string or a list of at least one string.")
    encoding_of(rest)
    rest.pop("encoding_format", None)
    told: Body = {"input": texts}
    if options := take_options(rest, None):
        told["options"] = options
    if (dimensions := take_integer(rest, "dimensions")) is not None:
        told["dimensions"] = dimensions
    return {**rest, **told}


def encoding_of(body: Body) -> str:
    """Return how an embeddings caller wants its numbers: `float` or `base64`. Raises InvalidInput."""
    encoding = body.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise refused("encoding_format", "Must be float or base64.")
    return str(encoding)


def wants_usage(body: Body) -> bool:
    """Whether an OpenAI caller asked for usage at the end of its stream."""
    wish = body.get("stream_options")
    return isinstance(wish, dict) and wish.get("include_usage") is True


def effort_of(body: Body) -> Any:
    """Return the reasoning effort in either of the places where callers put it, or None."""
    reasoning = body.get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, dict) else None
    return body.get("reasoning_effort") if effort is None else effort


def _finished(rest: Body, told: Body, own: Body | None) -> Body:
    """Return what chat and completions have in common, over what is passed on."""
    told["stream"] = take_flag(rest, "stream") or False
    rest.pop("stream_options", None)
    if (think := _take_think(rest)) is not None:
        told["think"] = think
    if (form := _take_format(rest)) is not None:
        told["format"] = form
    if options := take_options(rest, own):
        told["options"] = options
    return {**rest, **told}


def _prompt(prompt: Any) -> str:
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise refused("prompt", "Must be one string; this model's server takes neither lists nor tokens.")
    return prompt


def _take_think(rest: Body) -> bool | str | None:
    effort, nested = effort_of(rest), isinstance(rest.get("reasoning"), dict)
    rest.pop("reasoning_effort", None)
    if nested and "effort" in rest["reasoning"]:
        del rest["reasoning"]
    think: bool | str | None = rest.pop("think", None)
    if think is not None:
        if not isinstance(think, bool) and think not in THINK_LEVELS:
            raise refused("think", f"Must be true, false or one of {', '.join(THINK_LEVELS)}.")
        return think
    if effort is None or effort in THINK_LEVELS:
        return None if effort is None else str(effort)
    if not isinstance(effort, str) or effort not in _THINK:
        name = "reasoning.effort" if nested else "reasoning_effort"
        raise refused(name, "Must be none, minimal, low, medium, high, xhigh or max.")
    return _THINK[effort]


def _take_format(rest: Body) -> Any:
    """Return Ollama's `format`: the caller's own, or what its response_format says."""
    own, wish = rest.pop("format", None), take_object(rest, "response_format") or {}
    kind = wish.get("type", "text")
    if own is not None or kind == "text":
        return own
    if kind == "json_object":
        return "json"
    if kind != "json_schema":
        raise refused("response_format.type", "Must be text, json_object or json_schema.")
    named = wish.get("json_schema")
    schema = named.get("schema") if isinstance(named, dict) else None
    if not isinstance(schema, dict):
        raise refused("response_format.json_schema.schema", "Must be an object.")
    return schema
