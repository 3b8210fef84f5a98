"""Calls to models that refuse parameters: adapted at once where that is known, learnt where it is not."""

from __future__ import annotations

from typing import Any

from tests.nasty_server import Answer, json_reply
from tests.unified_app.gateway.gateway_case import HELLO
from tests.unified_app.gateway.paced_source import PacedSource, RecordingPace
from tests.unified_app.gateway.test_pacing import PacedCase
from tests.unified_app.gateway.upstreams import CHAT, OPENAI, chosen, openai_chat, openai_events, streamed

REASONING = frozenset({"max_tokens", "temperature", "top_p"})
BODY = {"max_tokens": 5, "temperature": 0.2}


def refusing(*names: str, code: str = "unsupported_parameter") -> Answer:
    """An OpenAI that refuses these one after the other, as the real one does."""

    def pick(body: dict[str, Any]) -> Answer:
        for name in names:
            if name in body:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                error = {"message": message, "type": "invalid_request_error", "param": name, "code": code}
                return json_reply({"error": error}, 400)
        return streamed(openai_events("a")) if body.get("stream") else OPENAI

    return chosen(pick)


class KnownTests(PacedCase):
    def test_what_the_source_knows_is_adapted_at_once_and_told(self):
        (server,) = self.paced(RecordingPace(), refuses=REASONING | {"system"})
        told = self.chat("m", **BODY, messages=[{"role": "system", "content": "brief"}, *HELLO])
        assert told.headers["x-registry-adapted"] == (
            "max_tokens=max_completion_tokens, temperature=dropped, system=developer"
        )
        (sent,) = server.paths(CHAT)
        assert sent.json() == {
            "model": "up-m",
            "messages": [{"role": "developer", "content": "brief"}, *HELLO],
            "max_completion_tokens": 5,
        }

    def test_a_native_caller_profits_too(self):
        (server,) = self.paced(RecordingPace(), refuses=REASONING)
        told = self.ollama("m", stream=False, options={"num_predict": 5, "temperature": 0.2})
        assert told.headers["x-registry-adapted"] == "max_tokens=max_completion_tokens, temperature=dropped"
        assert server.paths(CHAT)[0].json()["max_completion_tokens"] == 5

    def test_a_call_that_needs_no_change_has_no_such_header(self):
        self.paced(RecordingPace(), refuses=REASONING)
        assert "x-registry-adapted" not in self.chat("m", temperature=1).headers

    def test_other_routes_are_left_alone(self):
        PacedSource.more["host1"] = {"refuses": REASONING}
        server = self.upstream({"/completions": json_reply(openai_chat())})
        self.model("m", server)
        self.post("/v1/completions", {"model": "m", "prompt": "x", "max_tokens": 5})
        assert server.paths("/completions")[0].json()["max_tokens"] == 5


class LearntTests(PacedCase):
    def test_refusals_are_learnt_within_the_call_and_remembered(self):
        (server,) = self.paced(RecordingPace(), answer=refusing("max_tokens", "temperature"))
        for more in ({}, {"stream": True}):
            told = self.chat("m", **BODY, **more)
            assert told.status_code == 200
            assert told.headers["x-registry-adapted"] == "max_tokens=max_completion_tokens, temperature=dropped"
        assert len(server.paths(CHAT)) == 3 + 1

    def test_the_other_way_round_is_learnt_too(self):
        (server,) = self.paced(RecordingPace(), answer=refusing("max_completion_tokens", code=""))
        assert self.chat("m", max_completion_tokens=5).status_code == 200
        assert server.paths(CHAT)[1].json()["max_tokens"] == 5

    def test_it_is_tried_three_times_more_at_most(self):
        names = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs")
        (server,) = self.paced(RecordingPace(), answer=refusing(*names))
        told = self.chat("m", **dict.fromkeys(names, 0.5))
        assert (told.status_code, len(server.paths(CHAT))) == (400, 4)
        assert self.chat("m", **dict.fromkeys(names, 0.5)).status_code == 200  # what was learnt counts

    def test_a_refusal_that_nothing_can_be_done_about_is_told_at_once(self):
        error = {"message": "No.", "code": "unsupported_parameter", "param": "max_tokens"}
        (server,) = self.paced(RecordingPace(), answer=json_reply({"error": error}, 400))
        told = self.chat("m")
        assert (told.status_code, told.json()["error"]["message"], len(server.requests)) == (400, "No.", 1)

    def test_each_attempt_takes_one_of_the_quota(self):
        pace = RecordingPace(0.0, 30.0, 0.0)
        (server,) = self.paced(pace, answer=refusing("max_tokens"))
        assert [self.chat("m", **BODY).status_code for _ in range(2)] == [429, 200]
        assert (pace.asked, len(server.requests), len(pace.learnt)) == (3, 2, 1)

    def test_one_placement_teaches_nothing_about_another(self):
        first, second = self.paced(RecordingPace(0.0, 0.0, 60.0), RecordingPace(), answer=refusing("max_tokens"))
        second.answers[CHAT] = OPENAI
        assert [self.chat("m", **BODY).headers.get("x-registry-adapted") for _ in range(2)] == [
            "max_tokens=max_completion_tokens",
            None,
        ]
        assert second.paths(CHAT)[0].json()["max_tokens"] == 5
