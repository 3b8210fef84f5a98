"""Calls of Ollama under a template that takes the place of the model's own, and their answers. Pure.

A chat has no field for a template, so the gateway renders the prompt and sends it to /api/generate as it is (`raw`).
/api/generate has such a field, so Ollama renders it there. In all else they are what a chat of a model that was made
with this template would be: one that knows no tools, no thinking and no suffix.
"""

from __future__ import annotations

from typing import Any

from unified_app.gateway.translate.errors import checked_reply
from unified_app.gateway.translate.fields import Body, given, refused, take_list, take_text
from unified_app.gateway.translate.openai_reply import OllamaChatToOpenAI, ollama_chat_to_openai
from unified_app.templates import render_conversation

# Fields of /api/generate that a chat does not have, and /api/chat passes over.
_ONLY_GENERATE = ("prompt", "suffix", "images", "system", "template", "context", "raw")
_ONLY_ANSWERED = ("response", "thinking", "context", "message")


def chat_to_raw(body: Body, template: str, *, forgets_thoughts: bool = False) -> Body:
    """Return the body of /api/generate for a native chat. Raises InvalidInput, whose `details` name the field.

    `forgets_thoughts` says that the model is of a family whose earlier thoughts Ollama takes out of a conversation.
    """
    rest = {name: value for name, value in given(body).items() if name not in _ONLY_GENERATE}
    _refuse_tools(rest)
    turns, images = _read(take_list(rest, "messages") or [])
    prompt = render_conversation(template, _without_thoughts(turns) if forgets_thoughts else turns)
    if not prompt:
        # Ollama would take it for the wish to load the model.
        raise refused("messages", "They say nothing that this variant's template has a place for.")
    told = {**without_thinking(rest), "prompt": prompt, "raw": True}
    return {**told, "images": images} if images else told


def generate_templated(body: Body) -> Body:
    """Return the body of /api/generate for one that a variant's template was put into. Raises InvalidInput."""
    rest = without_thinking(given(body))
    images = take_list(rest, "images")
    if not images:
        return rest
    # Ollama marks where they stand only for a model's own template.
    text, kept = _marked(take_text(rest, "prompt") or "", images, 0), {"images": images}
    return {**rest, **kept, "prompt": text}


def without_thinking(body: Body) -> Body:
    """Return the body with thinking off, which Ollama else has on where the model's own template has a place for it."""
    if body.get("think"):
        raise refused("think", "This variant's template has no place for thinking. Leave it out.")
    return {**body, "think": False}


def chat_reply(reply: Any, *, model: str) -> Body:
    """Return the answer of /api/generate, or a line of it, as one of /api/chat. Raises UpstreamError for an error."""
    rest = {name: value for name, value in checked_reply(reply).items() if name not in _ONLY_ANSWERED}
    text = reply.get("response")
    message = {"role": "assistant", "content": text if isinstance(text, str) else ""}
    return {**rest, "model": model, "message": message}


def raw_to_openai(reply: Any, *, model: str, request_id: str, created: int) -> Body:
    """Return the chat.completion for an answer of /api/generate."""
    return ollama_chat_to_openai(chat_reply(reply, model=model), model=model, request_id=request_id, created=created)


class RawToOpenAI(OllamaChatToOpenAI):
    """Turns the objects of a generate stream into chat.completion.chunk objects."""

    def feed(self, obj: Any) -> list[Body]:
        return super().feed(chat_reply(obj, model=""))


def _refuse_tools(rest: Body) -> None:
    if take_list(rest, "tools"):
        raise refused("tools", "This variant's template has no place for tools. Leave them out.")


def _read(messages: list[Any]) -> tuple[list[tuple[str, str]], list[Any]]:
    """Return the roles and texts, with marks where the images stand, and the images of all."""
    turns: list[tuple[str, str]] = []
    images: list[Any] = []
    for number, message in enumerate(messages):
        at = f"messages.{number}"
        if not isinstance(message, dict):
            raise refused(at, "Must be an object.")
        fields = dict(message)
        role, text = take_text(fields, "role", f"{at}."), take_text(fields, "content", f"{at}.") or ""
        own = take_list(fields, "images", f"{at}.") or []
        turns.append(((role or "").lower(), _marked(text, own, len(images))))
        images += own
    return turns, images


def _marked(text: str, images: list[Any], first: int) -> str:
    """Return the text with a mark for each image: where its writer wants it, else before the text."""
    lead = ""
    for number in range(first, first + len(images)):
        mark = f"[img-{number}]"
        if "[img]" in text:
            text = text.replace("[img]", mark, 1)
        else:
            lead += mark
    return lead + text


def _without_thoughts(turns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the turns without what the model thought before its answers to earlier questions."""
    last = max((at for at, (role, _) in enumerate(turns) if role == "user"), default=-1)
    return [(role, _said(text) if role == "assistant" and at < last else text) for at, (role, text) in enumerate(turns)]


def _said(text: str) -> str:
    told = text.lstrip()
    if told.startswith("<think>"):
        return told.partition("</think>")[2].lstrip()
    return "" if "<think>".startswith(told) else text
