"""What is sent where, for every pair of protocols."""

from __future__ import annotations

from typing import Any

import pytest

from unified_app.gateway.exchange import Call, prepare
from unified_app.gateway.readers import EventRelay, EventsFromLines, LineRelay, LinesFromEvents, Whole
from unified_app.gateway.snapshot import ModelEntry, Route
from unified_app.sources import Upstream

MESSAGES = [{"role": "user", "content": "hello"}]


def route(protocol: str, placement: int = 1) -> Route:
    return Route(placement, "host", Upstream("http://host", {}, protocol, "up"), True)


def model(**more: Any) -> ModelEntry:
    facts = {"weights_digest": "x", **more.pop("parameters", {})}
    told = {"version": "1", "created": 1, "digest": "", "size": 1, "modified_at": "", "category": "thinking"}
    empty = {"capabilities": (), "context_length": None, "routes": ()}
    return ModelEntry(id="m_base", name="m", parameters=facts, **{**told, **empty, **more})


def call(protocol: str, kind: str, **body: Any) -> Call:
    return Call(protocol, kind, {"model": "m", **body}, "m", "id-1")


class TestPrepare:
    @pytest.mark.parametrize(
        ("caller", "kind", "upstream", "body", "path", "reader"),
        [
            ("openai", "chat", "openai", {"messages": MESSAGES}, "/chat/completions", Whole),
            ("openai", "chat", "openai", {"messages": MESSAGES, "stream": True}, "/chat/completions", EventRelay),
            ("openai", "completions", "openai", {"prompt": "x"}, "/completions", Whole),
            ("openai", "embeddings", "openai", {"input": "x"}, "/embeddings", Whole),
            ("openai", "chat", "ollama", {"messages": MESSAGES}, "/v1/chat/completions", Whole),
            ("openai", "chat", "ollama", {"messages": MESSAGES, "stream": True}, "/v1/chat/completions", EventRelay),
            ("openai", "chat", "ollama", {"messages": MESSAGES, "num_ctx": 9}, "/api/chat", Whole),
            (
                *("openai", "chat", "ollama"),
                {"messages": MESSAGES, "options": {"num_ctx": 9}, "stream": True},
                *("/api/chat", EventsFromLines),
            ),
            ("openai", "completions", "ollama", {"prompt": "x"}, "/v1/completions", Whole),
            ("openai", "completions", "ollama", {"prompt": "x", "raw": True}, "/api/generate", Whole),
            ("openai", "embeddings", "ollama", {"input": "x"}, "/v1/embeddings", Whole),
            ("ollama", "chat", "ollama", {"messages": MESSAGES}, "/api/chat", LineRelay),
            ("ollama", "chat", "ollama", {"messages": MESSAGES, "stream": False}, "/api/chat", Whole),
            ("ollama", "generate", "ollama", {"prompt": "x"}, "/api/generate", LineRelay),
            ("ollama", "embed", "ollama", {"input": "x"}, "/api/embed", Whole),
            ("ollama", "embeddings", "ollama", {"prompt": "x"}, "/api/embeddings", Whole),
            ("ollama", "show", "ollama", {}, "/api/show", Whole),
            ("ollama", "chat", "openai", {"messages": MESSAGES}, "/chat/completions", LinesFromEvents),
            ("ollama", "generate", "openai", {"prompt": "x"}, "/chat/completions", LinesFromEvents),
            ("ollama", "embed", "openai", {"input": "x"}, "/embeddings", Whole),
        ],
    )
    def test_each_call_has_its_path_and_its_reader(self, caller, kind, upstream, body, path, reader):
        made = prepare(call(caller, kind, **body), model(), route(upstream))
        assert (made.path, type(made.reader)) == (path, reader)
        assert made.payload["model"] == "up"
        assert made.is_stream == (reader is not Whole)

    def test_what_the_model_itself_sets_holds_on_ollamas_own_openai_route(self):
        own = model(parameters={"default_parameters": {"temperature": 0.6, "top_p": 0.9}})
        made = prepare(call("openai", "chat", messages=MESSAGES, top_p=0.5), own, route("ollama"))
        assert (made.payload["temperature"], made.payload["top_p"]) == (0.6, 0.5)

    def test_a_model_that_nobody_has_shown_yet_is_called_natively(self):
        unknown = model(parameters={"weights_digest": None})
        entry = ModelEntry(**{**{n: getattr(unknown, n) for n in unknown.__slots__}, "parameters": {}})
        assert prepare(call("openai", "chat", messages=MESSAGES), entry, route("ollama")).path == "/api/chat"


class TestKeepAlive:
    def sent(self, entry: ModelEntry, placement: int = 1, **body: Any) -> dict[str, Any]:
        asked = call("ollama", "chat", messages=MESSAGES, **body)
        return prepare(asked, entry, route("ollama", placement)).payload

    def test_a_served_model_is_kept_whatever_a_caller_says(self):
        served = model(state="ready", served_placement=1)
        for given in (0, "0s", "5m", -1):
            assert self.sent(served, keep_alive=given)["keep_alive"] == -1
        assert self.sent(served, Keep_Alive=0).get("keep_alive") == -1
        assert "Keep_Alive" not in self.sent(served, Keep_Alive=0)

    def test_elsewhere_its_host_decides(self):
        served = model(state="ready", served_placement=1)
        assert "keep_alive" not in self.sent(served, placement=2, keep_alive=0)
        assert "keep_alive" not in self.sent(model(), keep_alive=0)

    def test_ollamas_own_openai_route_is_not_told(self):
        served = model(state="ready", served_placement=1)
        made = prepare(call("openai", "chat", messages=MESSAGES), served, route("ollama"))
        assert "keep_alive" not in made.payload
