"""Remote serving: nothing is started, calls go where the model is, the quota that is left is told."""

from __future__ import annotations

import pytest
from django.test import SimpleTestCase

from github_models_app.remote_serving import GitHubModelsRemoteServing
from tests.github_models_app.simulated import say, simulated
from unified_app.errors import NotFound, Paced, UpstreamRetired
from unified_app.model_objects import ServingEndpoint


class ServingTests(SimpleTestCase):
    def test_a_listed_model_is_ready_at_its_route_and_no_call_is_made(self):
        with simulated() as (client, server, _):
            serving = GitHubModelsRemoteServing(client)
            chat = serving.serve_model("gpt-4.1")
            assert chat == ServingEndpoint("openai/gpt-4.1", f"{server.url}/inference/chat/completions")
            assert serving.serve_model("openai/text-embedding-3-small").endpoint == f"{server.url}/inference/embeddings"
            assert server.calls() == []

    def test_a_model_that_is_not_listed_is_not_found(self):
        with simulated() as (client, _, _):
            for verb in (
                GitHubModelsRemoteServing(client).serve_model,
                GitHubModelsRemoteServing(client).get_serving_status,
            ):
                with pytest.raises(NotFound):
                    verb("acme/rocket")

    def test_a_call_is_made_where_the_model_is(self):
        with simulated() as (client, _, _):
            reply = GitHubModelsRemoteServing(client).make_inference("openai/gpt-4.1", say("REPLY:hi"))
            assert reply["choices"][0]["message"]["content"] == "hi"

    def test_a_model_without_quota_is_paced_unless_somebody_waits(self):
        with simulated() as (client, _, time):
            serving = GitHubModelsRemoteServing(client)
            for _ in range(10):
                serving.make_inference("openai/gpt-4.1", say())
            with pytest.raises(Paced):
                serving.make_inference("openai/gpt-4.1", say())
            serving.make_inference("openai/gpt-4.1", say(), wait=True)
            assert time.slept == [62.0]


class StatusTests(SimpleTestCase):
    def test_it_tells_limits_and_what_is_left_by_our_own_counting(self):
        with simulated() as (client, _, _):
            serving = GitHubModelsRemoteServing(client)
            for _ in range(4):
                serving.make_inference("openai/gpt-4.1", say())
            status = serving.get_serving_status("gpt-4.1")
            assert (status["model_id"], status["state"], status["tier"]) == ("openai/gpt-4.1", "ready", "high")
            assert status["limits"] == {
                "per_minute": 10,
                "per_day": 50,
                "max_input_tokens": 8000,
                "max_output_tokens": 4000,
                "concurrent": 2,
                "is_offered": True,
            }
            assert status["model_limits"]["max_input_tokens"] == 1048576
            quota = status["quota"]
            assert (quota["minute_left"], quota["day_left"], quota["wait"]) == (6, 46, 0.0)
            assert "others" in quota["note"]

    def test_a_retired_service_is_a_state_with_its_reason(self):
        with simulated() as (client, server, _):
            server.mode = "retired"
            serving = GitHubModelsRemoteServing(client)
            status = serving.get_serving_status("openai/gpt-4.1")
            assert (status["state"], status["quota"]) == ("retired", None)
            assert "2026-07-30" in status["reason"]
            with pytest.raises(UpstreamRetired):
                serving.serve_model("openai/gpt-4.1")

    def test_a_failing_service_is_a_state_too_with_the_same_keys(self):
        with simulated() as (client, server, _):
            serving = GitHubModelsRemoteServing(client)
            server.mode = "outage"
            failed = serving.get_serving_status("openai/gpt-4.1")
            server.mode = "healthy"
            assert failed["state"] == "failed"
            assert failed.keys() == serving.get_serving_status("openai/gpt-4.1").keys()
