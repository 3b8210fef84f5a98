"""A variant with a template, laid over its base and made on a real Ollama: one prompt, one text, the same refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.live.test_gateway_live import ASK
from tests.live.test_real_overlays import EXAMPLES, OWN, PINNED, SYSTEM, OverlaidAndMadeCase

pytestmark = pytest.mark.live
TEMPLATE = "SYSTEM: {{ .System }}\nQ: {{ .Prompt -}}\n\nA:"
TOOL = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}


def said(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


TURNS = [*ASK, said("assistant", "Red."), said("user", "More.")]
CONVERSATIONS = [
    ASK,
    [OWN, *ASK],
    TURNS,
    [OWN, *TURNS],
    [OWN, said("system", "Be brief."), *ASK],
    [said("system", ""), *ASK],
    [*ASK, said("system", "Shout."), said("user", "More.")],
    [*ASK, said("assistant", "Red, and")],
    [said("assistant", "Hello."), *ASK],
    [*ASK, said("tool", "rain"), said("assistant", "Red."), said("user", "One."), said("user", "Two.")],
    [*ASK, said("assistant", ""), said("user", "{{ .System }}")],
]


class RealTemplateTests(OverlaidAndMadeCase):
    def same_prompts(self) -> None:
        for messages in CONVERSATIONS:
            assert "Q: " in self.same_prompt(messages=messages)

    def test_one_prompt_whatever_the_variant_and_its_base_say(self):
        for own in ({}, {"system": "You are the base.", "messages": [said("user", "1+1"), said("assistant", "2")]}):
            self.made_base(**own)
            for parts in ({}, {"system": SYSTEM}, {"messages": EXAMPLES}, {"system": SYSTEM, "messages": EXAMPLES}):
                self.both(template=TEMPLATE, **parts)
                self.same_prompts()

    def test_a_single_prompt(self):
        self.made_base(system="You are the base.", messages=EXAMPLES)
        for parts in ({}, {"system": SYSTEM}):
            self.both(template=TEMPLATE, **parts)
            for body in ({}, {"system": "You are a poet."}, {"raw": True}, {"template": "{{ .Prompt }}!"}):
                self.same_prompt("generate", prompt="Name a colour.", **body)

    def test_one_text_on_every_way(self):
        self.both(system=SYSTEM, template=TEMPLATE, parameters={**PINNED, "stop": ["Q:"]})
        self.same_text(*ASK)
        self.same_text(OWN, *TURNS)
        more: dict[str, Any] = {"format": "json", "logprobs": True, "top_logprobs": 2, "options": {"num_predict": 8}}
        first, second = self.native("chat", messages=TURNS, **more)
        assert (first["message"], first["logprobs"]) == (second["message"], second["logprobs"])
        first, second = self.native("generate", prompt="Name a colour.", options={"num_predict": 8})
        assert (first["response"], first["context"]) == (second["response"], second["context"])
        body = {"prompt": "Name a colour.", "max_tokens": 8, "top_k": 40}
        told = [self.post("/v1/completions", {"model": m, **body}).json() for m in ("over", "made")]
        assert told[0]["choices"][0]["text"] == told[1]["choices"][0]["text"] == first["response"]

    def test_streams_say_what_the_whole_answer_says(self):
        self.both(template=TEMPLATE)
        whole = self.native("chat", messages=TURNS, options={"num_predict": 12})[0]["message"]["content"]
        lines = self.post("/ollama/api/chat", {"model": "over", "messages": TURNS, "options": {"num_predict": 12}})
        told = [json.loads(line) for line in lines.text.splitlines()]
        assert "".join(line["message"]["content"] for line in told) == whole and told[-1]["done_reason"] == "length"
        stream = self.openai.chat.completions.create(
            model="over", messages=TURNS, max_tokens=12, stream=True, extra_body={"top_k": 40, "top_p": 0.8}
        )
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == whole

    def test_the_stop_words_of_the_base_hold(self):
        self.made_base(parameters={"stop": [" ", "\n"]})
        self.both(template=TEMPLATE)
        first, second = self.native("chat", messages=ASK, options={"num_predict": 40})
        assert first["message"] == second["message"]
        assert first["done_reason"] == second["done_reason"] == "stop"

    def test_what_the_template_has_no_place_for_is_refused(self):
        self.both(template=TEMPLATE)
        for route, body in (
            ("/ollama/api/chat", {"messages": ASK, "tools": [TOOL]}),
            ("/ollama/api/chat", {"messages": ASK, "think": True}),
            ("/ollama/api/generate", {"prompt": "x", "think": "high"}),
            ("/ollama/api/generate", {"prompt": "x", "suffix": "y"}),
            ("/v1/chat/completions", {"messages": ASK, "tools": [TOOL]}),
            ("/v1/chat/completions", {"messages": ASK, "reasoning_effort": "high"}),
        ):
            told = [self.post(route, {"model": m, "stream": False, **body}) for m in ("over", "made")]
            assert [answer.status_code for answer in told] == [400, 400], [answer.text for answer in told]

    def test_an_image_stands_where_it_does(self):
        picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
        self.both(template=TEMPLATE)
        asked = {**ASK[0], "images": [picture, picture], "content": "Look at [img] and say."}
        assert "[img-1]Look at [img-0]" in self.same_prompt(messages=[asked])
        assert "[img-0]Look" in self.same_prompt("generate", prompt="Look", images=[picture])
