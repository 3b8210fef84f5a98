"""Variants that are laid over a base: called wherever it runs, under their own name."""

from __future__ import annotations

import json

from django.test import override_settings

from tests.nasty_server import json_reply
from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import HELLO, GatewayCase
from tests.unified_app.gateway.upstreams import CHAT, ollama_chat, openai_chat
from tests.unified_app.gateway.wire_source import LOCAL, StartedSource
from unified_app.models import Alias, ModelServingConfig, ModelServingStatus, UnifiedModel
from unified_app.models.catalog import ModelStatus

TERSE = {"parameters": {"temperature": 0.3, "num_ctx": 512, "top_k": 7}, "system": "Be brief."}
SYSTEM = {"role": "system", "content": "Be brief."}
NATIVE = {"/api/chat": json_reply(ollama_chat("native")), "/v1/chat/completions": json_reply(openai_chat("relayed"))}
KNOWN = {"weights_digest": "x", "default_parameters": {"temperature": 0.9}}


class OverlayCase(GatewayCase):
    def variant(self, name: str, base: UnifiedModel, **parts: object) -> UnifiedModel:
        return self.model(name, recipe={"kind": "overlay", "base": base.pk, "parameters": {}, **parts})


class OverlayTests(OverlayCase):
    def test_on_ollama_num_ctx_takes_the_native_route_for_an_openai_caller(self):
        server = self.upstream(NATIVE)
        self.variant("m+terse", self.model("m", server, protocol="ollama", parameters=KNOWN), **TERSE)
        assert self.chat("m+terse").json()["choices"][0]["message"]["content"] == "native"
        sent = server.paths("/api/chat")[0].json()
        assert sent["options"] == {"temperature": 0.3, "num_ctx": 512, "top_k": 7, "top_p": 1.0}
        assert (sent["model"], sent["messages"]) == ("up-m", [SYSTEM, *HELLO])

    def test_on_ollama_what_v1_knows_is_still_relayed(self):
        server = self.upstream(NATIVE)
        base = self.model("m", server, protocol="ollama", parameters=KNOWN)
        self.variant("m+cold", base, parameters={"temperature": 0.1, "seed": 4})
        assert self.chat("m+cold").json()["choices"][0]["message"]["content"] == "relayed"
        sent = server.paths("/v1/chat/completions")[0].json()
        assert (sent["temperature"], sent["seed"]) == (0.1, 4)

    def test_an_ollama_caller_of_ollama(self):
        server = self.upstream(NATIVE)
        self.variant("m+terse", self.model("m", server, protocol="ollama"), **TERSE)
        self.ollama("m+terse", stream=False, options={"temperature": 1.5})
        sent = server.paths("/api/chat")[0].json()
        assert sent["options"] == {"temperature": 1.5, "num_ctx": 512, "top_k": 7}
        assert sent["messages"] == [SYSTEM, *HELLO]

    def test_a_remote_model_gets_what_its_protocol_knows_from_both_callers(self):
        server = self.upstream({CHAT: json_reply(openai_chat())})
        self.variant("r+terse", self.model("r", server), **TERSE)
        assert self.chat("r+terse").status_code == self.ollama("r+terse", stream=False).status_code == 200
        for sent in (request.json() for request in server.paths(CHAT)):
            assert sent["temperature"] == 0.3 and sent["messages"] == [SYSTEM, *HELLO]
            assert not {"options", "num_ctx", "top_k"} & sent.keys()

    def test_the_callers_own_word_wins(self):
        server = self.upstream({CHAT: json_reply(openai_chat())})
        self.variant("r+terse", self.model("r", server), **TERSE)
        own = {"role": "system", "content": "Be long."}
        self.chat("r+terse", temperature=1, messages=[own, *HELLO])
        sent = server.paths(CHAT)[0].json()
        assert (sent["temperature"], sent["messages"]) == (1, [own, *HELLO])

    def test_a_variant_of_a_variant_has_both_and_a_fourth_is_not_called(self):
        server = self.upstream({CHAT: json_reply(openai_chat())})
        one = self.variant("r+1", self.model("r", server), **TERSE)
        two = self.variant("r+2", one, parameters={"seed": 1})
        three = self.variant("r+3", two, parameters={"temperature": 0})
        self.variant("r+4", three)
        self.chat("r+3")
        sent = server.paths(CHAT)[0].json()
        assert (sent["seed"], sent["temperature"], sent["messages"][0]) == (1, 0, SYSTEM)
        refused = self.chat("r+4")
        assert refused.status_code == 503 and "3 recipes" in refused.json()["error"]["message"]


class NameTests(OverlayCase):
    def test_headers_tell_the_variant_and_where_it_ran(self):
        self.variant("r+terse", self.model("r", self.upstream({CHAT: json_reply(openai_chat())})), **TERSE)
        told = self.chat("r+terse").headers
        assert told["x-registry-model"] == "r+terse_base" and told["x-registry-placement"] == "host1/up-r"
        assert told["x-registry-version"] == "v1"

    def test_it_is_listed_in_both_protocols_and_its_show_tells_what_it_sets(self):
        show = {
            "parameters": "temperature                    0.9\nmin_p                          0.1",
            "system": "Old.",
        }
        server = self.upstream({"/api/show": json_reply(show)})
        self.variant("m+terse", self.model("m", server, protocol="ollama"), **TERSE)
        assert "m+terse" in [row["id"] for row in self.session.get(f"{self.url}/v1/models").json()["data"]]
        assert "m+terse" in [row["name"] for row in self.session.get(f"{self.url}/ollama/api/tags").json()["models"]]
        told = self.post("/ollama/api/show", {"model": "m+terse"}).json()
        lines = dict(line.split(None, 1) for line in told["parameters"].splitlines())
        assert lines == {"min_p": "0.1", "temperature": "0.3", "num_ctx": "512", "top_k": "7"}
        assert told["system"] == "Be brief." and json.loads(server.paths("/api/show")[0].body)["model"] == "up-m"

    def test_it_is_a_target_of_an_alias_with_a_fallback(self):
        dead = self.variant("d+terse", self.model("d", "http://127.0.0.1:9"), **TERSE)
        good = self.variant("r+terse", self.model("r", self.upstream({CHAT: json_reply(openai_chat())})), **TERSE)
        Alias.objects.create(name="champion", targets=[dead.pk, good.pk])
        self.told()
        told = self.chat("champion")
        assert (told.headers["x-registry-model"], told.headers["x-registry-route"]) == (good.pk, "fallback")

    def test_an_archived_one_is_404_and_says_so(self):
        row = self.variant("r+x", self.model("r", self.upstream({CHAT: json_reply(openai_chat())})))
        UnifiedModel.objects.filter(pk=row.pk).update(status=ModelStatus.RETIRED, retired_reason="deleted by ann")
        self.told()
        told = self.chat("r+x")
        assert told.status_code == 404 and "retired: deleted by ann" in told.json()["error"]["message"]

    def test_one_whose_base_has_gone_says_so(self):
        base = self.model("r", self.upstream({CHAT: json_reply(openai_chat())}))
        self.variant("r+x", base)
        UnifiedModel.objects.filter(pk=base.pk).update(status=ModelStatus.RETIRED)
        self.told()
        assert "r, on which it runs, is retired." in self.chat("r+x").json()["error"]["message"]


class RealisedTests(OverlayCase):
    def test_it_is_called_where_its_own_model_is(self):
        server = self.upstream({CHAT: json_reply(openai_chat())})
        base, made = self.model("m", "http://127.0.0.1:9"), self.model("m-made", server)
        recipe = {"kind": "realised", "base": base.pk, "model": made.pk, "host": "h", **TERSE}
        self.model("m+own", recipe=recipe)
        told = self.chat("m+own")
        assert (told.status_code, told.headers["x-registry-model"]) == (200, "m+own_base")
        assert "temperature" not in server.paths(CHAT)[0].json()

    def test_until_it_is_made_the_answer_says_so(self):
        base = self.model("m", "http://127.0.0.1:9")
        self.model("m+own", recipe={"kind": "realised", "base": base.pk, "model": None, "host": "gpu-1"})
        told = self.chat("m+own")
        assert told.status_code == 503 and "It is being made on host gpu-1." in told.json()["error"]["message"]
        assert "retry-after" not in told.headers


class SharedTests(OverlayCase):
    def test_calls_count_for_both_and_queue_for_the_base(self):
        base = self.model("r", self.upstream({CHAT: json_reply(openai_chat())}))
        ModelServingConfig.objects.create(model=base, max_concurrent_requests=3, timeout=7)
        row = self.variant("r+x", base)
        entry = self.gateway.holder.current.models[row.pk]
        assert (entry.max_concurrent, entry.timeout, entry.runs_on) == (3, 7, base.pk)
        self.chat("r+x"), self.chat("r")
        assert dict(self.gateway.load.requests) == {base.pk: 2, row.pk: 1}
        self.idle()

    def test_errors_count_for_both(self):
        base = self.model("d", "http://127.0.0.1:9")
        row = self.variant("d+x", base)
        assert self.chat("d+x").status_code == 503
        assert dict(self.gateway.load.errors) == {base.pk: 1, row.pk: 1}


@override_settings(MODEL_SOURCES=LOCAL)
class StartedTests(OverlayCase):
    def test_the_base_is_started_once_for_both(self):
        StartedSource.starts.clear()
        base = self.model("m", self.upstream({CHAT: json_reply(openai_chat())}))
        self.variant("m+x", base)
        assert self.chat("m+x").status_code == 200
        assert StartedSource.starts == ["host1"] and ModelServingStatus.objects.get(model=base).status == "ready"
        wait_until(
            lambda: self.gateway.holder.current.models["m+x_base"].state == "ready", 3, "it is ready with its base"
        )
        self.chat("m")
        assert StartedSource.starts == ["host1"]
