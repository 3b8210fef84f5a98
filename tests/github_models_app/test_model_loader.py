from __future__ import annotations

from unittest import TestCase

from github_models_app.api_client import GitHubModelsAPIClient
from github_models_app.catalog import GitHubModel
from github_models_app.model_loader import GitHubModelsLoader
from github_models_app.rate_limiter import RateLimiter
from tests.github_models_app.github_case import catalog, entry
from tests.github_models_app.github_server import NO_ACCESS, NO_MODELS, TOKEN, Answer, GitHubServer
from unified_app.errors import NotFound, Paced, UpstreamError, UpstreamRetired


class LoaderTestCase(TestCase):
    def setUp(self):
        self.server = self.enterContext(GitHubServer())
        self.server.catalog = catalog()

    def loader(self, token: str = TOKEN) -> GitHubModelsLoader:
        limiter = RateLimiter(sleep=lambda _: self.fail("it slept"))
        return GitHubModelsLoader(GitHubModelsAPIClient(token, base_url=self.server.url, rate_limiter=limiter))


class LoadTests(LoaderTestCase):
    def test_all_models(self):
        found = self.loader().load_all_models()
        assert len(found) == 43
        assert all(isinstance(model, GitHubModel) for model in found)

    def test_rows_that_are_not_right_are_left_out(self):
        self.server.catalog = [entry("acme/one"), {"id": "acme/two", "tags": 5}, 7]
        assert [model.id for model in self.loader().load_all_models()] == ["acme/one"]

    def test_one_provider_s_models_by_slug_or_name(self):
        for called in ("mistral-ai", "Mistral AI", "MISTRAL-AI"):
            assert {model.publisher for model in self.loader().load_models_by_provider(called)} == {"Mistral AI"}

    def test_an_unknown_provider_is_refused_with_the_valid_ones(self):
        with self.assertRaisesRegex(NotFound, "meta, microsoft, mistral-ai"):
            self.loader().load_models_by_provider("acme")

    def test_a_service_that_is_gone_is_an_error_and_not_an_empty_list(self):
        self.server.mode = "retired"
        with self.assertRaises(UpstreamRetired):
            self.loader().load_all_models()


class AccessTests(LoaderTestCase):
    def test_a_model_that_answers_is_accessible_for_one_token(self):
        assert self.loader().validate_model_access("openai/gpt-4o")
        (call,) = self.server.calls()
        assert call.body["max_tokens"] == 1

    def test_a_reasoning_model_and_an_embedding_model_are_asked_as_they_want_it(self):
        assert self.loader().validate_model_access("OpenAI/o3")
        assert self.loader().validate_model_access("openai/text-embedding-3-small")
        assert [call.path.rpartition("/")[2] for call in self.server.calls()] == ["completions", "embeddings"]

    def test_what_is_not_listed_is_not_asked_for(self):
        assert not self.loader().validate_model_access("acme/one")
        assert self.server.calls() == []

    def test_listed_is_not_offered(self):
        assert not self.loader(NO_ACCESS).validate_model_access("openai/gpt-4o")
        assert not self.loader(NO_MODELS).validate_model_access("openai/gpt-4o")
        assert not self.loader("ghp_bad").validate_model_access("openai/gpt-4o")

    def test_a_model_that_is_unavailable_or_unknown_to_inference_is_not_offered(self):
        loader = self.loader()
        loader.load_all_models()
        for status, code in ((400, "unavailable_model"), (400, "unknown_model"), (404, "unknown_model")):
            with self.subTest(code=code, status=status):
                self.server.next.append(Answer(status, {"error": {"code": code, "message": f"{code}: gpt-5"}}))
                assert not loader.validate_model_access("openai/gpt-5-chat" if status == 404 else "openai/gpt-4o")

    def test_other_errors_are_told_and_not_taken_for_no(self):
        loader = self.loader()
        loader.load_all_models()
        self.server.next.append(Answer(500, "oops"))
        with self.assertRaises(UpstreamError):
            loader.validate_model_access("openai/gpt-4o")
        self.server.next.append(Answer(400, {"error": {"code": "content_filter", "message": "No."}}))
        with self.assertRaises(UpstreamError):
            loader.validate_model_access("openai/gpt-4o")

    def test_a_quota_that_is_used_up_is_not_waited_for(self):
        loader = self.loader()
        assert loader.validate_model_access("xai/grok-3")
        with self.assertRaises(Paced):
            loader.validate_model_access("xai/grok-3")
        assert len(self.server.calls()) == 1
