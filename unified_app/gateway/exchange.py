"""What is sent to which upstream path for a call, and how its answer is read. Pure but for the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from unified_app.gateway.adapting import NOTHING, Refused, adapt
from unified_app.gateway.entries import ModelEntry, Route
from unified_app.gateway.listing import shown_variant
from unified_app.gateway.readers import (
    MAX_WHOLE_BYTES,
    EventRelay,
    EventsFromLines,
    LineRelay,
    LinesFromEvents,
    Reader,
    TurnedLines,
    Whole,
)
from unified_app.gateway.translate import embeddings, ollama_request, openai_request
from unified_app.gateway.translate.fields import spelled, without_twins
from unified_app.gateway.translate.ollama_reply import OpenAIToOllama, Shape, openai_to_ollama
from unified_app.gateway.translate.openai_reply import (
    OllamaChatToOpenAI,
    OllamaGenerateToOpenAI,
    ollama_chat_to_openai,
    ollama_generate_to_openai,
)
from unified_app.gateway.translate.relay import needs_native, with_own_sampling
from unified_app.gateway.translate.templated import (
    RawToOpenAI,
    chat_reply,
    chat_to_raw,
    generate_templated,
    raw_to_openai,
    without_thinking,
)
from unified_app.recipes import Recipe, apply, replaces_template
from unified_app.templates import NEEDS_A_PLACE

Body = dict[str, Any]
CHAT_PATH = "/chat/completions"
# The kinds of call that a template is for.
_TEMPLATED = frozenset(("chat", "generate", "completions"))
# Families of models whose earlier thoughts Ollama takes out of a conversation, whatever the template.
FORGETFUL = ("qwen3",)


# Not frozen, here as in Exchange: to make a frozen one takes three times as long.
@dataclass(slots=True)
class Call:
    """One call as its caller made it; `kind` is chat, completions, generate, embeddings, embed or show."""

    protocol: str
    kind: str
    body: Body
    called: str
    request_id: str

    @property
    def stream(self) -> bool:
        if self.kind in ("embeddings", "embed", "show"):
            return False
        if self.protocol == "ollama":
            return ollama_request.wants_stream(self.body) and not self.only_loads
        return self.body.get("stream") is True

    @property
    def only_unloads(self) -> bool:
        return self.only_loads and self.body.get("keep_alive") in (0, "0", "0s", "0m")

    @property
    def only_loads(self) -> bool:
        """Whether an Ollama caller only wants the model loaded, or unloaded."""
        field = {"chat": "messages", "generate": "prompt"}.get(self.kind)
        return self.protocol == "ollama" and field is not None and ollama_request.only_loads(self.body, field)


@dataclass(slots=True)
class Exchange:
    """One upstream call; `adapted` tells what of the body was changed to what the model takes."""

    path: str
    payload: Body
    reader: Reader
    is_stream: bool
    adapted: str = ""


def prepare(call: Call, model: ModelEntry, route: Route, refused: Refused = NOTHING) -> Exchange:
    """Return what to send to `route`, which takes none of `refused`, for `call`.

    Raises InvalidInput, naming the field, for what cannot be said.
    """
    protocol = route.upstream.protocol
    maker = _MAKERS[(call.protocol, protocol)]
    if model.overlay is not None:
        recipe, asked = model.overlay[protocol], call
        call = overlaid(call, recipe)
        if replaces_template(recipe) and call.kind in _TEMPLATED and not call.only_loads:
            maker = partial(_templated, asked=asked, template=recipe["template"])
    path, payload, reader = maker(call, model)
    payload = _for_served(payload, model, route) if path.startswith("/api/") else payload
    adapted = ""
    if refused and path == CHAT_PATH:
        payload, adapted = adapt(payload, refused)
    return Exchange(path, payload | {"model": route.upstream.model}, reader, call.stream, adapted)


def overlaid(call: Call, recipe: Recipe) -> Call:
    """Return the call with what the recipe of a variant adds. Raises InvalidInput where it has no place for it."""
    if call.kind == "show":
        return call
    body = apply(recipe, call.body, protocol=call.protocol, kind=call.kind)
    return Call(call.protocol, call.kind, body, call.called, call.request_id)


Made = tuple[str, Body, Reader]


def _openai_to_ollama(call: Call, model: ModelEntry) -> Made:
    body = without_twins(call.body)
    known = model.details_known
    own = model.own_parameters if known else None
    if call.kind == "embeddings":
        return "/v1/embeddings", body, Whole(MAX_WHOLE_BYTES)
    if not needs_native(body, own_known=known):
        path = "/v1/chat/completions" if call.kind == "chat" else "/v1/completions"
        return path, with_own_sampling(body, own), EventRelay() if call.stream else Whole(MAX_WHOLE_BYTES)
    if call.kind == "chat":
        native = openai_request.chat_to_ollama(body, own)
        return "/api/chat", native, _openai_reader(call, OllamaChatToOpenAI, ollama_chat_to_openai)
    native = openai_request.completion_to_ollama(body, own)
    return "/api/generate", native, _openai_reader(call, OllamaGenerateToOpenAI, ollama_generate_to_openai)


def _openai_reader(call: Call, streamed: type[OllamaChatToOpenAI], whole: Callable[..., Body]) -> Reader:
    created = int(time.time())
    if call.stream:
        usage = openai_request.wants_usage(call.body)
        return EventsFromLines(streamed(call.called, call.request_id, created, usage))
    return Whole(MAX_WHOLE_BYTES, partial(whole, model=call.called, request_id=call.request_id, created=created))


def _openai_to_openai(call: Call, model: ModelEntry) -> Made:
    path = {"chat": CHAT_PATH, "completions": "/completions", "embeddings": "/embeddings"}[call.kind]
    # Some servers of this protocol are written in Go too, and would take `Model` for `model`.
    body = {name: value for name, value in call.body.items() if name == "model" or name.casefold() != "model"}
    return path, body, EventRelay() if call.stream else Whole(MAX_WHOLE_BYTES)


def _ollama_to_ollama(call: Call, model: ModelEntry) -> Made:
    path = {"embeddings": "/api/embeddings", "embed": "/api/embed"}.get(call.kind, f"/api/{call.kind}")
    if call.kind == "show" and model.overlay is not None:
        return path, spelled(call.body), Whole(MAX_WHOLE_BYTES, partial(_shown, model, model.overlay["ollama"]))
    return path, spelled(call.body), LineRelay() if call.stream else Whole(MAX_WHOLE_BYTES)


def _shown(model: ModelEntry, recipe: Recipe, reply: Body) -> Body:
    shown = shown_variant(model, reply)
    if not replaces_template(recipe) or not isinstance(told := shown.get("capabilities"), list):
        return shown
    return {**shown, "capabilities": [word for word in told if word not in NEEDS_A_PLACE]}


def _ollama_to_openai(call: Call, model: ModelEntry) -> Made:
    thinks = "reasoning" in model.capabilities
    started = time.time_ns()
    if call.kind in ("embed", "embeddings"):
        turn: Callable[..., Body] = embeddings.openai_to_embeddings
        if call.kind == "embed":
            turn = partial(_embedded, model=call.called, started=started)
        return "/embeddings", ollama_request.embed_to_openai(call.body), Whole(MAX_WHOLE_BYTES, turn)
    if call.kind == "chat":
        body = ollama_request.chat_to_openai(call.body, thinks=thinks)
        return CHAT_PATH, body, _ollama_reader(call, "chat", started)
    request = ollama_request.generate_to_openai(call.body, thinks=thinks)
    return f"/{request.route}", request.body, _ollama_reader(call, "generate", started)


def _ollama_reader(call: Call, shape: Shape, started: int) -> Reader:
    if call.stream:
        return LinesFromEvents(OpenAIToOllama(call.called, started, shape=shape))
    return Whole(MAX_WHOLE_BYTES, partial(_told, shape=shape, model=call.called, started=started))


def _told(reply: Body, *, shape: Shape, model: str, started: int) -> Body:
    return openai_to_ollama(reply, shape=shape, model=model, started=started, now=time.time_ns())


def _embedded(reply: Body, *, model: str, started: int) -> Body:
    return embeddings.openai_to_embed(reply, model=model, started=started, now=time.time_ns())


def _templated(call: Call, model: ModelEntry, *, asked: Call, template: str) -> Made:
    """Return what goes to Ollama under a variant's template; `asked` is the call before the variant's parts."""
    if call.kind == "chat":
        own = model.own_parameters if model.details_known else None
        native = spelled(call.body) if call.protocol == "ollama" else openai_request.chat_to_ollama(call.body, own)
        forgets = model.parameters.get("family") in FORGETFUL
        return "/api/generate", chat_to_raw(native, template, forgets_thoughts=forgets), _raw_reader(call)
    path, body, reader = _MAKERS[(call.protocol, "ollama")](call, model)
    if path != "/api/generate":
        return path, body, reader
    is_ours = not call.body.get("raw") and not spelled(asked.body).get("template")
    return path, generate_templated(body) if is_ours else without_thinking(body), reader


def _raw_reader(call: Call) -> Reader:
    if call.protocol == "openai":
        return _openai_reader(call, RawToOpenAI, raw_to_openai)
    turn = partial(chat_reply, model=call.called)
    return TurnedLines(turn) if call.stream else Whole(MAX_WHOLE_BYTES, turn)


def _for_served(payload: Body, model: ModelEntry, route: Route) -> Body:
    """Return the native payload under our own keep_alive: a caller's must not unload what we serve there."""
    rest = {name: value for name, value in payload.items() if name != "keep_alive"}
    is_served = model.state == "ready" and model.served_placement == route.placement
    return rest | {"keep_alive": -1} if is_served else rest


_MAKERS: dict[tuple[str, str], Callable[[Call, ModelEntry], Made]] = {
    ("openai", "ollama"): _openai_to_ollama,
    ("openai", "openai"): _openai_to_openai,
    ("ollama", "ollama"): _ollama_to_ollama,
    ("ollama", "openai"): _ollama_to_openai,
}
