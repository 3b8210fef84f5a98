"""The client against a service that obeys the recorded shapes: catalog, chat, embeddings, reasoning models."""

from __future__ import annotations

import pytest
from django.test import SimpleTestCase, override_settings

from github_models_app.addresses import routes
from github_models_app.api_client import GitHubModelsAPIClient
from github_models_app.reasoning import refused_by
from tests.github_models_app.github_replies import Answer
from tests.github_models_app.github_rows import CATALOG
from tests.github_models_app.github_server import TOKEN, GitHubServer
from tests.github_models_app.simulated import say, simulated
from unified_app.errors import InvalidInput, NotFound, Paced, UpstreamInvalid


class AddressTests(SimpleTestCase):
    def test_a_base_url_in_any_spelling_has_the_same_routes(self):
        plain = routes("https://models.github.ai")
        assert plain.catalog == "https://models.github.ai/catalog/models"
        assert plain.chat == "https://models.github.ai/inference/chat/completions"
        assert plain.embeddings == "https://models.github.ai/inference/embeddings"
        for end in ("/", "/inference", "/inference/"):
            assert routes("https://models.github.ai" + end) == plain

    def test_a_base_may_have_a_path_and_an_organisation(self):
        assert (
            routes("https://api.github.com/models").chat == "https://api.github.com/models/inference/chat/completions"
        )
        of_org = routes("https://models.github.ai/orgs/acme/inference")
        assert of_org.catalog == "https://models.github.ai/catalog/models"
        assert of_org.chat == "https://models.github.ai/orgs/acme/inference/chat/completions"

    def test_the_setting_is_the_default(self):
        with override_settings(GITHUB_MODELS_URL="http://127.0.0.1:1/x/"):
            assert GitHubModelsAPIClient("").routes.catalog == "http://127.0.0.1:1/x/catalog/models"


class CatalogTests(SimpleTestCase):
    def test_rows_come_as_they_were_sent_and_are_kept(self):
        with simulated() as (client, server, _):
            assert client.get_available_models() == CATALOG
            client.get_model_details("openai/gpt-4.1")
            client.get_models_by_provider("openai")
            assert len(server.requests) == 1
            client.get_available_models(refresh=True)
            assert len(server.requests) == 2

    def test_a_publisher_is_named_by_slug_or_name(self):
        with simulated() as (client, _, _):
            by_slug = [row["id"] for row in client.get_models_by_provider("mistral-ai")]
            by_name = [row["id"] for row in client.get_models_by_provider(" Mistral AI ")]
            assert by_slug == by_name == ["mistral-ai/mistral-medium-2505"]
            assert client.get_models_by_provider("") == []

    def test_a_model_is_found_in_every_spelling(self):
        with simulated() as (client, _, _):
            for name in ("openai/gpt-4o-mini", "OpenAI/GPT-4o-mini", "gpt-4o-mini"):
                assert client.get_model_details(name)["id"] == "openai/gpt-4o-mini"
            azure = "azureml://registries/azure-openai/models/gpt-4o-mini/versions/2024-07-18"
            assert client.get_model_details(azure)["id"] == "openai/gpt-4o-mini"
            for name in ("acme/gpt-4o-mini", "gpt", ""):
                with pytest.raises(NotFound):
                    client.get_model_details(name)

    def test_a_catalog_that_is_no_list_is_invalid_and_odd_rows_do_no_harm(self):
        with simulated() as (client, server, _):
            for catalog in ({"data": []}, None, "x"):
                server.catalog = catalog
                with pytest.raises(UpstreamInvalid):
                    client.get_available_models()
            server.catalog = [None, 5, {}, {"id": 7}, {"id": "a/b", "publisher": None}]
            assert client.get_available_models() == server.catalog
            assert client.get_models_by_provider("a") == [server.catalog[-1]]


class CallTests(SimpleTestCase):
    def test_a_chat_comes_back_whole_under_the_deployments_name(self):
        with simulated() as (client, server, _):
            reply = client.evaluate_model("gpt-4.1", say("REPLY:hi", stream=True, stream_options={}, seed=1))
            assert reply["choices"][0]["message"]["content"] == "hi"
            assert reply["model"] == "gpt-4.1-2025-04-14"
            (request,) = server.calls()
            assert request.body == {**say("REPLY:hi"), "seed": 1, "model": "openai/gpt-4.1"}
            assert request.headers["authorization"] == f"Bearer {TOKEN}"

    def test_input_makes_it_embeddings_in_the_order_of_the_input(self):
        with simulated() as (client, server, _):
            reply = client.evaluate_model("openai/text-embedding-3-small", {"input": ["a", "b"]})
            assert [row["index"] for row in reply["data"]] == [0, 1]
            assert server.calls()[0].path == "/inference/embeddings"

    def test_embeddings_that_come_in_another_order_are_sorted(self):
        with simulated() as (client, server, _):
            answer = client.evaluate_model("openai/text-embedding-3-small", {"input": ["a", "b"]})
            server.next.append(Answer(200, {**answer, "data": answer["data"][::-1]}))
            again = client.evaluate_model("openai/text-embedding-3-small", {"input": ["a", "b"]})
            assert again == answer

    def test_neither_messages_nor_input_is_refused_here(self):
        with simulated() as (client, server, _):
            for body in ({}, {"messages": "hello"}):
                with pytest.raises(InvalidInput):
                    client.evaluate_model("openai/gpt-4.1", body)
            assert server.calls() == []

    def test_a_call_does_without_a_catalog_and_asks_for_it_once(self):
        with simulated() as (client, server, _):
            server.next.append(Answer(404, "404 page not found\n", kind="text/plain"))
            for _ in range(3):
                client.evaluate_model("openai/gpt-4.1", say())
            assert (len(server.calls("/catalog")), len(server.calls())) == (1, 3)

    def test_a_view_is_paced_at_once_and_nothing_is_asked(self):
        with simulated() as (client, server, time):
            for _ in range(10):
                client.evaluate_model("openai/gpt-4.1", say(), wait=False)
            with pytest.raises(Paced) as paced:
                client.evaluate_model("openai/gpt-4.1", say(), wait=False)
            assert (paced.value.retry_after, len(server.calls()), time.slept) == (62.0, 10, [])

    def test_both_spellings_of_the_stand_ins_base_work(self):
        with GitHubServer() as server:
            for base in (server.url, server.url + "/models", server.url + "/models/inference/"):
                client = GitHubModelsAPIClient(TOKEN, base_url=base)
                assert client.evaluate_model("openai/gpt-4o-mini", say())["choices"]
                client.close()


class ReasoningTests(SimpleTestCase):
    FULL = {"max_tokens": 50, "temperature": 0.2, "top_p": 0.9, "presence_penalty": 0.5, "logprobs": True}

    def test_what_a_reasoning_model_refuses_is_not_sent(self):
        for model in ("openai/o3", "gpt-5-mini"):
            with simulated() as (client, server, _):
                client.evaluate_model(model, say(**self.FULL))
                (request,) = server.calls()
                assert request.body.keys() == {"model", "messages", "max_completion_tokens"}
                assert request.body["max_completion_tokens"] == 50

    def test_a_system_message_is_a_developers_for_the_first_ones(self):
        with simulated() as (client, server, _):
            messages = [{"role": "system", "content": "Be brief."}, *say()["messages"]]
            client.evaluate_model("openai/o1-mini", {"messages": messages})
            assert [message["role"] for message in server.calls()[0].body["messages"]] == ["developer", "user"]

    def test_the_models_of_others_that_think_take_the_usual_parameters(self):
        with simulated() as (client, server, _):
            client.evaluate_model("deepseek/deepseek-r1-0528", say(**self.FULL))
            assert server.calls()[0].body["max_tokens"] == 50

    def test_what_was_not_known_is_learnt_from_the_refusal_once(self):
        with simulated() as (client, server, _):
            for row in client.get_available_models():
                row["capabilities"] = []  # as in the archives from before 2025
            client.evaluate_model("openai/o3", say(max_tokens=50))
            first, second = server.calls()
            assert "max_tokens" in first.body
            assert second.body["max_completion_tokens"] == 50

    def test_which_models_refuse(self):
        for model in ("openai/o1", "o3-mini", "openai/gpt-5", "openai/gpt-5-nano"):
            assert "max_tokens" in refused_by(model), model
        for model in ("openai/gpt-4.1", "xai/o3", "deepseek/deepseek-r1", "microsoft/phi-4-reasoning", "openai/o3x"):
            assert refused_by(model) == frozenset(), model
        assert refused_by("openai/gpt-5-chat", ["streaming"]) == frozenset()
