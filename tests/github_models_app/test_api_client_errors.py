"""What errors of the service become: typed, with what to do about it, and never with the token in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import SimpleTestCase, override_settings

from github_models_app.api_client import GitHubModelsAPIClient
from github_models_app.refusals import retired
from tests.github_models_app.github_replies import Answer, failed
from tests.github_models_app.github_server import NO_ACCESS, NO_MODELS, Limits
from tests.github_models_app.simulated import say, simulated
from unified_app.errors import InvalidInput, UpstreamError, UpstreamInvalid, UpstreamRetired

MODEL = "openai/gpt-4o-mini"
SECRET = "ghp_verysecret"


def error_of(
    token: str = "ghp_good", answer: Answer | None = None, mode: str = "healthy", **body: Any
) -> UpstreamError:
    """The error of one call of a client that has read the catalog."""
    with simulated(token=token, low=Limits()) as (client, server, time):
        client.get_available_models()
        server.mode = mode
        server.next.extend([answer] if answer else [])
        with pytest.raises(UpstreamError) as caught:
            client.evaluate_model(body.pop("model", MODEL), say(**body))
        assert len(server.calls()) == 1, "errors are not asked again"
        assert time.slept == []
    assert token not in str(caught.value) or not token
    return caught.value


class SizeTests(SimpleTestCase):
    def test_a_catalog_beyond_the_setting_is_refused(self):
        with override_settings(UPSTREAM_MAX_MB=1), simulated() as (client, server, _):
            server.catalog = [{"id": "openai/a", "summary": "x" * 2**20}]
            with pytest.raises(UpstreamInvalid, match="larger than 1 MB"):
                client.get_available_models()


class SentenceTests(SimpleTestCase):
    def told(self, error: UpstreamError, status: int, words: str) -> None:
        assert error.upstream_status == status
        assert words in error.message

    def test_tokens(self):
        self.told(error_of(token=""), 401, "set GITHUB_TOKEN")
        self.told(error_of(token="ghp_expired"), 401, "wrong or expired")
        self.told(error_of(token=NO_MODELS), 401, "give it `models: read`")

    def test_access(self):
        self.told(error_of(token=NO_ACCESS), 403, f"no access to {MODEL}")
        self.told(error_of(answer=Answer(403)), 403, "organisation's policy")
        self.told(error_of(answer=failed(400, "unavailable_model", "Unavailable model: x")), 400, "does not offer it")

    def test_models_and_routes(self):
        self.told(error_of(model="acme/rocket"), 404, "no model acme/rocket")
        self.told(error_of(answer=Answer(404, "404 page not found\n", kind="text/plain")), 404, "base URL")

    def test_an_input_that_is_too_large_tells_what_goes_through(self):
        error = error_of(messages=[{"role": "user", "content": "x" * 50_000}])
        self.told(error, 413, "at most 8000 tokens (plan free)")
        self.told(error_of(answer=Answer(413)), 413, "at most 8000 tokens")
        told = failed(413, "tokens_limit_reached", "Request body too large for gpt-4o model. Max size: 16000 tokens.")
        self.told(error_of(answer=told), 413, "at most 16000 tokens")

    def test_words_of_other_refusals_are_handed_on(self):
        self.told(error_of(answer=Answer(422, {"error": ["n: too big", "seed: no"]})), 422, "n: too big; seed: no")
        self.told(error_of(answer=Answer(422, {"error": "no audio"})), 422, "no audio")
        self.told(error_of(answer=failed(400, "content_filter", "Filtered.")), 400, "Filtered.")

    def test_a_failing_service_is_told_whatever_its_body(self):
        for answer in (Answer(502, "<html>no</html>", kind="text/html"), Answer(503), Answer(500, '{"error": {"co')):
            self.told(error_of(answer=answer), answer.status, "fails")

    def test_the_token_is_in_no_message(self):
        error = error_of(token=SECRET, answer=Answer(422, {"error": [f"bad {SECRET}"]}))
        assert (SECRET in error.message, "***" in error.message) == (False, True)

    def test_a_token_with_white_space_around_it_is_taken_and_one_that_cannot_be_sent_is_not(self):
        with simulated(token=" ghp_good\n") as (client, _, _):
            assert client.evaluate_model(MODEL, say())["choices"]
        for token in ("ghp_\n2", "ghp_☃", "ghp_\0"):
            with pytest.raises(InvalidInput) as error:
                GitHubModelsAPIClient(token, base_url="http://127.0.0.1:1")
            assert token not in error.value.message


class RetiredTests(SimpleTestCase):
    def test_410_is_final_whatever_it_says(self):
        for mode_of in ("evaluate", "catalog"):
            with simulated() as (client, server, time):
                server.mode = "retired"
                with pytest.raises(UpstreamRetired) as error:
                    client.evaluate_model(MODEL, say()) if mode_of == "evaluate" else client.get_available_models()
                assert (len(server.requests), time.slept) == (1, [])
                assert "temporarily" not in error.value.message
                assert "2026-07-30" in error.value.message
                assert (error.value.status_code, error.value.code) == (410, "upstream_retired")

    def test_a_call_that_has_the_catalog_hears_of_it_too(self):
        assert isinstance(error_of(mode="retired"), UpstreamRetired)

    def test_the_public_service_is_told_as_what_it_was(self):
        assert retired("https://models.github.ai/").message.startswith("GitHub retired GitHub Models on 2026-07-30")


class AnswerTests(SimpleTestCase):
    def test_an_answer_without_its_list_is_invalid(self):
        for body in ({}, [], {"choices": None}, {"choices": {}}, {"error": {"message": "no"}}):
            assert isinstance(error_of(answer=Answer(200, json.dumps(body))), UpstreamInvalid)
        assert isinstance(error_of(mode="malformed"), UpstreamInvalid)

    def test_no_choices_and_no_content_are_answers(self):
        with simulated() as (client, server, _):
            client.get_available_models()
            for choices in ([], [{"index": 0, "message": {"role": "assistant", "content": None}}]):
                server.next.append(Answer(200, {"choices": choices}))
                assert client.evaluate_model(MODEL, say())["choices"] == choices
