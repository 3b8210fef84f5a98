"""Models of the remote stand-ins: they have names and abilities of their own, and the demo's talk answers for them."""

from __future__ import annotations

from collections.abc import Iterable

from registry_project.demo.app import DEFAULTS
from registry_project.demo.server import Body, Model, Server, full_name, sha
from unified_app.gateway.translate.openai_request import chat_to_ollama, completion_to_ollama, wants_usage


def voice(name: str, abilities: Iterable[str], *, quality: float, context: int, width: int = 0) -> Model:
    """Return a model that is never loaded; `width` is the length of its embeddings."""
    details = {"context_length": context, "embedding_length": width}
    tag = {"name": name, "capabilities": list(abilities), "details": details, "size": 5e9, "remote_host": "demo"}
    return Model(tag, {}, quality, sha(name))


def choir(voices: Iterable[Model], token_delay: float) -> Server:
    server = Server(version="0.33.0", models=0, mode="ok", load_delay=0, token_delay=token_delay)
    server.models = {full_name(model.tag["name"]): model for model in voices}
    return server


def native_chat(body: Body, name: str) -> Body:
    """Return what the demo's talk is asked, for an OpenAI chat body. Raises InvalidInput."""
    return DEFAULTS | chat_to_ollama(body, None) | {"model": name, "wants_usage": wants_usage(body)}


def native_completion(body: Body, name: str) -> Body:
    told = {"model": name, "wants_usage": wants_usage(body)}
    return DEFAULTS | completion_to_ollama({"prompt": "", **body}, None) | told
