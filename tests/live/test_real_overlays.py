"""A variant laid over its base and the same one made on a real Ollama: one prompt, and one text."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from ollama_app.replies import parse_show
from tests.live.test_gateway_live import ASK, URL, LiveCase, first_that, shown
from unified_app.models import UnifiedModel

pytestmark = pytest.mark.live
PINNED = {"temperature": 0.7, "top_p": 0.8, "seed": 7, "num_ctx": 512}
SYSTEM = "You are a terse sailor."
OWN = {"role": "system", "content": "You are a poet."}
EXAMPLES = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ahoy."}]
MADE, PLAIN = "overlays-made:test", "overlays-base:test"


def make(name: str, **parts: Any) -> None:
    answer = requests.post(f"{URL}/api/create", json={"model": name, "stream": False, **parts}, timeout=120)
    assert answer.status_code == 200, answer.text


class OverlaidAndMadeCase(LiveCase):
    """A base on a real server, and a variant of it twice."""

    def setUp(self):
        super().setUp()
        for name in (MADE, PLAIN):
            self.addCleanup(requests.delete, f"{URL}/api/delete", json={"model": name}, timeout=30)
        self.base = self.made_base()

    def made_base(self, **own: Any) -> str:
        """Make a model that renders all messages, and whose own prompt is what the test says."""
        told = shown(first_that("completion", template="range .Messages"))
        weights = re.search(r"^FROM .*sha256[-:]([0-9a-f]{64})", told["modelfile"], re.MULTILINE)
        if weights is None:
            pytest.skip("the server does not tell which weights its models have")
        make(PLAIN, files={"model.gguf": f"sha256:{weights[1]}"}, **{"template": told["template"], **own})
        UnifiedModel.objects.filter(name=PLAIN).delete()
        self.real(PLAIN)
        # What a sync would have found.
        show = parse_show(shown(PLAIN))
        facts = {"weights_digest": show.weights, "default_system": show.system, "default_messages": show.messages}
        UnifiedModel.objects.filter(name=PLAIN).update(parameters={**facts, "default_parameters": show.parameters})
        return PLAIN

    def both(self, **parts: Any) -> None:
        """Make the variant twice: `over` laid over the base, `made` as a model of the server's own."""
        make(MADE, **{"from": self.base, "parameters": PINNED, **parts})
        UnifiedModel.objects.filter(name__in=["over", "made"]).delete()
        base = UnifiedModel.objects.get(name=self.base)
        self.model("over", recipe={"kind": "overlay", "base": base.pk, "parameters": PINNED, **parts})
        own = {"weights_digest": "known", "default_parameters": PINNED}
        row = self.model("made", URL, protocol="ollama", parameters=own)
        row.placements.update(upstream_name=MADE)
        self.told()

    def native(self, route: str, **body: Any) -> list[dict[str, Any]]:
        told = [self.post(f"/ollama/api/{route}", {"model": m, "stream": False, **body}) for m in ("over", "made")]
        assert [answer.status_code for answer in told] == [200, 200], [answer.text for answer in told]
        return [answer.json() for answer in told]

    def same_prompt(self, route: str = "chat", **body: Any) -> str:
        first, second = (
            t["_debug_info"]["rendered_template"] for t in self.native(route, _debug_render_only=True, **body)
        )
        assert first == second
        return first

    def same_text(self, *messages: dict[str, Any]) -> None:
        first, second = self.native("chat", messages=list(messages), options={"num_predict": 16})
        assert first["message"]["content"] == second["message"]["content"] != ""
        assert first["prompt_eval_count"] == second["prompt_eval_count"]
        body = {"messages": list(messages), "max_tokens": 16, "top_k": 40}
        told = [self.chat(model, **body).json()["choices"][0]["message"]["content"] for model in ("over", "made")]
        assert told == [first["message"]["content"]] * 2


class RealOverlayTests(OverlaidAndMadeCase):
    def test_a_system_text(self):
        self.both(system=SYSTEM)
        assert SYSTEM in self.same_prompt(messages=ASK)
        rendered = self.same_prompt(messages=[OWN, *ASK])
        assert OWN["content"] in rendered and SYSTEM not in rendered
        assert SYSTEM in self.same_prompt("generate", prompt="Name a colour.")
        assert SYSTEM not in self.same_prompt("generate", prompt="Name a colour.", system="You are a poet.")
        self.same_text(*ASK)
        self.same_text(OWN, *ASK)

    def test_examples(self):
        self.both(system=SYSTEM, messages=EXAMPLES)
        rendered = self.same_prompt(messages=ASK)
        assert rendered.index(SYSTEM) < rendered.index("Ahoy.") < rendered.index("rainbow")
        assert "Ahoy." in self.same_prompt(messages=[OWN, *ASK])
        turns = [*ASK, {"role": "assistant", "content": "Red."}, {"role": "user", "content": "More."}]
        self.same_prompt(messages=turns)
        self.same_text(*ASK)

    def test_examples_before_a_callers_system_text_keep_the_bases_out(self):
        # Its template sets the system texts first, wherever they stand.
        template = '[{{ .System }}]{{ range .Messages }}{{ if ne .Role "system" }}<{{ .Content }}>{{ end }}{{ end }}'
        self.made_base(system="You are the base.", template=template)
        self.both(messages=EXAMPLES)
        assert "You are the base." in self.same_prompt(messages=ASK)
        assert "You are the base." not in self.same_prompt(messages=[OWN, *ASK])

    def test_parameters_alone(self):
        self.both()
        self.same_prompt(messages=ASK)
        self.same_text(*ASK)
