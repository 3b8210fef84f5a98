"""Requests of an Ollama caller, for an upstream that speaks OpenAI's protocol. Pure.

Left out, since that protocol has no place for it: `keep_alive`, `truncate`, `shift`, `context`, and the options that
load a model. Fields that are not known here are passed on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from unified_app.gateway.translate.fields import (
    Body,
    given,
    is_texts,
    refused,
    spelled,
    take_flag,
    take_integer,
    take_list,
    take_object,
    take_text,
)
from unified_app.gateway.translate.ollama_messages import content_of, messages_to_openai
from unified_app.gateway.translate.openai_request import THINK_LEVELS
from unified_app.gateway.translate.options import to_openai

_NO_PLACE = ("keep_alive", "truncate", "shift", "context", "_debug_render_only")
_EFFORTS: dict[bool | str, str] = {True: "medium", False: "none", "max": "xhigh"}


class OpenAIRequest(NamedTuple):
    """A body and the route below /v1 that takes it."""

    route: str
    body: Body


def only_loads(body: Body, field: str) -> bool:
    """Whether a native body asks for no answer, since its `field` is empty: `messages` of chat, `prompt` of generate,
    `input` of embed. It then loads the model, or unloads it with keep_alive 0.
    """
    return not spelled(body).get(field)


def wants_stream(body: Body) -> bool:
    """Whether a native caller wants a stream: yes, unless it says no."""
    return spelled(body).get("stream") is not False


def chat_to_openai(body: Body, *, thinks: bool = True) -> Body:
    """Return the body of /v1/chat/completions for one of /api/chat. Raises InvalidInput; `details` name the field.

    `thinks` false says that the model cannot think: `think: false` is then left out, as Ollama accepts it for any
    model and other servers do not.
    """
    rest = spelled(given(body))
    messages = take_list(rest, "messages")
    if not messages:
        raise refused("messages", "Must be a list of at least one message.")
    told: Body = {"messages": messages_to_openai(messages)}
    if tools := take_list(rest, "tools"):
        told["tools"] = tools
    return _finished(rest, told, thinks)


def generate_to_openai(body: Body, *, thinks: bool = True) -> OpenAIRequest:
    """Return the request for one of /api/generate: a chat, or a completion where no template may be applied."""
    rest = spelled(given(body))
    raw, suffix = take_flag(rest, "raw"), take_text(rest, "suffix")
    prompt, system = take_text(rest, "prompt"), take_text(rest, "system")
    images = take_list(rest, "images") or []
    if not prompt:
        raise refused("prompt", "Must be given.")
    if take_text(rest, "template"):
        raise refused("template", "This model's server has its own template, which a call cannot change.")
    if not raw and not suffix:
        messages: list[Body] = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": content_of(prompt, images, "images")})
        return OpenAIRequest("chat/completions", _finished(rest, {"messages": messages}, thinks))
    for name, value in (("system", system), ("images", images)):
        if value:
            raise refused(name, "Cannot be given together with raw or suffix.")
    told: Body = {"prompt": prompt, "suffix": suffix} if suffix else {"prompt": prompt}
    if rest.pop("logprobs", None):
        told["logprobs"] = take_integer(rest, "top_logprobs") or 1
    return OpenAIRequest("completions", _finished(rest, told, thinks))


def embed_to_openai(body: Body) -> Body:
    """Return the body of /v1/embeddings for one of /api/embed, or of the older /api/embeddings (`prompt`)."""
    rest = spelled(given(body))
    name = "input" if "input" in rest else "prompt"
    wanted = rest.pop(name, None)
    if not wanted or not (isinstance(wanted, str) or is_texts(wanted)):
        raise refused(name, "Must be a string or a list of at least one string.")
    for left_out in (*_NO_PLACE, "options", "stream"):
        rest.pop(left_out, None)
    told: Body = {"input": wanted, "encoding_format": "float"}
    if (dimensions := take_integer(rest, "dimensions")) is not None:
        told["dimensions"] = dimensions
    return {**rest, **told}


def _finished(rest: Body, told: Body, thinks: bool) -> Body:
    """Return what all have in common: options below what is passed on, so that none takes the place of a field."""
    stream = take_flag(rest, "stream")
    if stream is None or stream:
        told |= {"stream": True, "stream_options": {"include_usage": True}}
    if effort := _take_effort(rest, thinks):
        told["reasoning_effort"] = effort
    if form := _take_format(rest):
        told["response_format"] = form
    options = to_openai(take_object(rest, "options") or {})
    for name in _NO_PLACE:
        rest.pop(name, None)
    return {**_harmless(options), **rest, **told}


def _harmless(options: Body) -> Body:
    """Return the options that are no field of the call itself: `model` among them must not choose another model."""
    fields = ("model", "messages", "prompt", "suffix", "stream", "stream_options", "tools", "n")
    return {name: value for name, value in options.items() if name.casefold() not in fields}


def _take_effort(rest: Body, thinks: bool) -> str | None:
    think = rest.pop("think", None)
    if think is None or (think is False and not thinks):
        return None
    if not isinstance(think, bool) and think not in THINK_LEVELS:
        raise refused("think", f"Must be true, false or one of {', '.join(THINK_LEVELS)}.")
    return _EFFORTS.get(think, str(think))


def _take_format(rest: Body) -> Body | None:
    form: Any = rest.pop("format", None)
    if not form:
        return None
    if form == "json":
        return {"type": "json_object"}
    if not isinstance(form, dict):
        raise refused("format", 'Must be "json" or a JSON schema.')
    return {"type": "json_schema", "json_schema": {"name": "response", "schema": form, "strict": False}}
