"""When the demo runs, and that its places come with it and go with it."""

from __future__ import annotations

from django.test import TestCase, override_settings

from github_models_app import service
from github_models_app.endpoints.endpoints import save_endpoint
from github_models_app.endpoints.models import Endpoint
from ollama_app.hosts import save_host, set_demo_host
from ollama_app.models import Host
from registry_project.supervisor import demo
from tests import nasty_server as nasty
from tests.github_models_app.github_server import TOKEN, GitHubServer
from tests.ollama_app.ollama_server import OllamaServer, sync
from tests.registry_project.pages_case import register
from tests.servers import free_port
from unified_app.models import Placement, UnifiedModel
from unified_app.rows import demo_places

PLACES = {("ollama", "demo"), ("external", "demo-endpoint"), ("github", "github")}


@override_settings(DEMO="auto", GITHUB_TOKEN="", DEMO_PORT=11999)
class DecisionTests(TestCase):
    def setUp(self):
        Host.objects.all().delete()

    def test_without_a_real_source_three_places_are_the_demos(self):
        assert demo.decide()
        assert demo_places() == PLACES
        assert Host.objects.get().url == "http://127.0.0.1:11999"
        assert Endpoint.objects.get().url == "http://127.0.0.1:11999/endpoint"
        assert service.configuration().url == "http://127.0.0.1:11999/github-models"

    def test_its_own_places_of_the_last_run_are_no_real_source(self):
        assert demo.decide() and demo.decide()

    def test_they_go_with_it(self):
        demo.decide()
        with override_settings(DEMO="off"):
            assert not demo.decide()
        assert demo_places() == frozenset()
        assert service.configuration() is None

    def test_a_host_that_answers_is_real_and_one_that_does_not_is_none(self):
        with OllamaServer() as server:
            host = save_host(Host(name="gpu1", url=server.url), by="ada")
            assert not demo.decide()
            server.answers["/api/version"] = nasty.html(200)
            assert demo.decide()
            server.answers["/api/version"] = nasty.json_reply({"version": "0.33.0"})
            host.enabled = False
            save_host(host, by="ada")
            assert demo.decide()

    def test_a_demo_host_that_answers_is_no_real_source(self):
        with OllamaServer() as server:
            set_demo_host(server.url)
            assert not demo.real_source_answers()

    def test_an_endpoint_that_answers_is_real_and_one_that_does_not_is_none(self):
        with OllamaServer() as server:
            server.answers["/v1/models"] = nasty.json_reply({"object": "list", "data": []})
            save_endpoint(Endpoint(name="mine", url=server.url), by="ada")
            assert not demo.decide()
        Endpoint.objects.update(url=f"http://127.0.0.1:{free_port()}")
        assert demo.decide()

    def test_a_github_token_counts_once_its_service_has_answered(self):
        with GitHubServer() as server, override_settings(GITHUB_TOKEN=TOKEN, GITHUB_MODELS_URL=server.url):
            assert demo.decide()
            sync()
            assert not demo.decide()

    def test_no_model_of_the_demo_is_the_example(self):
        demo.decide()
        for source, place in PLACES:
            register(f"{source}/a", place=place)
            Placement.objects.filter(place=place).update(source=source)
        UnifiedModel.objects.update(size=1)
        assert demo.example_model() == ""
