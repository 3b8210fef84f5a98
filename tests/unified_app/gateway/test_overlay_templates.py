"""Variants with a template: on Ollama it takes the place of the model's own, elsewhere it stands inside of that."""

from __future__ import annotations

import json

from tests.nasty_server import NastyServer, json_reply
from tests.unified_app.gateway.gateway_case import HELLO
from tests.unified_app.gateway.test_overlays import KNOWN, OverlayCase
from tests.unified_app.gateway.upstreams import CHAT, LINES, openai_chat, streamed

TEMPLATE = "[{{ .System }}] {{ .Prompt }} >"
OWN = {"default_system": "Base.", "default_messages": [{"role": "user", "content": "1"}]}
TOLD = {"model": "up", "created_at": "t", "response": "", "done": True, "done_reason": "stop"}
PIECES = [json.dumps(line).encode() + b"\n" for line in ({"response": "Hi", "done": False}, TOLD)]
TOOLS = [{"type": "function", "function": {"name": "f"}}]


class OllamaTests(OverlayCase):
    def server(self, answer=None, **facts: object) -> NastyServer:
        server = self.upstream({"/api/generate": answer or json_reply({**TOLD, "response": "Hi"})})
        self.base = self.model("m", server, protocol="ollama", parameters={**KNOWN, **facts})
        self.variant("m+t", self.base, system="Be brief.", template=TEMPLATE, parameters={"seed": 4})
        return server

    def sent(self, server: NastyServer) -> dict:
        return server.paths("/api/generate")[-1].json()

    def test_a_chat_of_either_caller_is_rendered_whole_and_answered_as_a_chat(self):
        server = self.server()
        assert self.chat("m+t").json()["choices"][0]["message"] == {"role": "assistant", "content": "Hi"}
        sent = self.sent(server)
        assert (sent["prompt"], sent["raw"], sent["model"]) == ("[Be brief.] hello >", True, "up-m")
        assert sent["options"]["seed"] == 4 and "messages" not in sent
        told = self.ollama("m+t", stream=False).json()
        assert told["message"] == {"role": "assistant", "content": "Hi"} and told["model"] == "m+t"
        assert "response" not in told and self.sent(server)["options"] == {"seed": 4}

    def test_streams_of_either_caller(self):
        self.server(streamed(PIECES, LINES))
        lines = [json.loads(line) for line in self.ollama("m+t").text.splitlines()]
        assert [line["message"]["content"] for line in lines] == ["Hi", ""] and lines[-1]["done"]
        events = self.chat("m+t", stream=True).text.split("\n\n")
        assert json.loads(events[0].removeprefix("data: "))["choices"][0]["delta"]["content"] == "Hi"
        assert events[-2] == "data: [DONE]"

    def test_a_stream_that_breaks_off_says_so(self):
        self.server(streamed(PIECES[:1], LINES))
        assert "error" in json.loads(self.ollama("m+t").text.splitlines()[-1])

    def test_what_the_base_says_by_itself_stands_in_the_prompt(self):
        server = self.server(**OWN)
        self.variant("m+bare", self.base, template=TEMPLATE)
        self.chat("m+bare")
        assert self.sent(server)["prompt"] == "[Base.] 1\n\nhello >"

    def test_a_prompt_is_rendered_by_its_server(self):
        server = self.server()
        self.post("/ollama/api/generate", {"model": "m+t", "prompt": "x", "stream": False})
        sent = self.sent(server)
        assert (sent["prompt"], sent["system"], sent["template"]) == ("x", "Be brief.", TEMPLATE)
        assert sent["think"] is False and "raw" not in sent
        assert self.post("/v1/completions", {"model": "m+t", "prompt": "x"}).json()["choices"][0]["text"] == "Hi"
        assert self.sent(server)["template"] == TEMPLATE

    def test_what_is_refused_names_its_field_and_reaches_no_server(self):
        server = self.server()
        told = self.chat("m+t", tools=TOOLS)
        assert told.status_code == 400 and told.json()["error"]["message"].startswith("tools: ")
        assert self.ollama("m+t", stream=False, think=True).status_code == 400
        body = {"model": "m+t", "prompt": "x", "suffix": "y"}
        assert self.post("/ollama/api/generate", body).status_code == 400
        assert not server.paths("/api/generate")

    def test_a_call_that_only_loads_is_one(self):
        server = self.upstream({"/api/chat": json_reply({"done": True, "done_reason": "load"})})
        self.variant("m+t", self.model("m", server, protocol="ollama"), template=TEMPLATE)
        assert self.ollama("m+t", messages=[]).json()["done_reason"] == "load"

    def test_it_is_listed_and_shown_without_what_its_template_has_no_place_for(self):
        able = ["completion", "tools", "vision"]
        server = self.upstream({"/api/show": json_reply({"capabilities": able, "template": "old"})})
        base = self.model("m", server, protocol="ollama", capabilities=["function_calling", "text_generation"])
        self.variant("m+t", base, template=TEMPLATE)
        told = self.post("/ollama/api/show", {"model": "m+t"}).json()
        assert (told["capabilities"], told["template"]) == (["completion", "vision"], TEMPLATE)
        rows = {row["id"]: row for row in self.session.get(f"{self.url}/v1/models").json()["data"]}
        assert rows["m+t"]["capabilities"] == ["text_generation"] != rows["m"]["capabilities"]


class RemoteTests(OverlayCase):
    def test_the_last_question_is_put_through_it_inside_of_the_models_own(self):
        server = self.upstream({CHAT: json_reply(openai_chat())})
        self.variant("r+t", self.model("r", server, parameters=OWN), system="S", template=TEMPLATE)
        assert self.chat("r+t", tools=TOOLS).status_code == 200
        sent = server.paths(CHAT)[0].json()
        assert sent["messages"] == [{**HELLO[0], "content": "[S] hello >"}] and sent["tools"] == TOOLS
