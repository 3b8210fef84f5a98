from __future__ import annotations

from django.test import override_settings

from github_models_app import service
from tests.github_models_app.github_case import WithService
from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import GatewayCase

ONLY_GITHUB = {"github": "github_models_app.source.GitHubSource"}


@override_settings(MODEL_SOURCES=ONLY_GITHUB)
class CalledTests(WithService, GatewayCase):
    """Models of the service, called through the gateway."""

    def setUp(self):
        super().setUp()
        self.sync()
        self.told()
        assert self.routes() == 43

    def routes(self) -> int:
        return sum(bool(model.routes) for model in self.gateway.holder.current.models.values())

    def test_a_model_answers_by_its_catalog_id_and_by_the_registry_s(self):
        for called in ("openai/gpt-4o-mini", "OpenAI/GPT-4o-mini", "openai_gpt_4o_mini_base"):
            told = self.chat(called)
            assert told.status_code == 200, told.text
            assert told.json()["choices"][0]["message"]["content"] == "Hello World"
            assert told.headers["x-registry-placement"] == "github/openai/gpt-4o-mini"

    def test_a_reasoning_model_is_asked_as_it_wants_it(self):
        assert self.chat("openai/o4-mini", max_tokens=5, temperature=0.2).status_code == 200
        body = self.server.calls()[-1].body
        assert body["max_completion_tokens"] == 5
        assert not {"max_tokens", "temperature"} & set(body)

    def test_beyond_its_quota_a_model_is_not_asked(self):
        told = [self.chat("xai/grok-3").status_code for _ in range(3)]
        assert told == [200, 429, 429]
        assert len(self.server.calls()) == 1

    def test_a_410_of_one_call_retires_the_service_and_no_further_call_is_sent(self):
        self.server.mode = "retired"
        first = self.chat("openai/gpt-4o-mini")
        assert (first.status_code, first.json()["error"]["code"]) == (410, "upstream_retired")
        assert "temporar" not in first.text
        assert service.status().state == "retired"
        wait_until(lambda: self.routes() == 0, 10, "the gateway knows that it is gone")
        sent = len(self.server.requests)
        told = self.chat("openai/gpt-4o")
        assert told.status_code >= 400
        assert "2026-07-30" in told.json()["error"]["message"]
        assert "temporar" not in told.text
        assert len(self.server.requests) == sent
