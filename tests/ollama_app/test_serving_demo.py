"""Serving against the demo upstream, a process of its own."""

from __future__ import annotations

import requests
from django.test import TestCase

from ollama_app import hosts
from ollama_app.models import Host
from tests.demo_server import demo_mode, demo_server
from tests.ollama_app.ollama_server import run_details, sync
from unified_app.models import ModelServingStatus
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving import health
from unified_app.serving_interface import ModelServingInterface


class DemoTests(TestCase):
    def setUp(self):
        self.url = self.enterContext(demo_server())
        Host.objects.all().delete()
        hosts.save_host(Host(name="demo", url=self.url), by="ada")
        sync()
        run_details("demo")
        self.serving = ModelServingInterface(UnifiedRegistryManager(by="ann"))

    def loaded(self) -> list[str]:
        return [row["name"] for row in requests.get(f"{self.url}/api/ps", timeout=5).json()["models"]]

    def state(self, name: str) -> tuple[str, str]:
        told = self.serving.get_serving_status(name)
        return told["state"], told["reason"]

    def test_two_names_of_one_file_and_an_unload_behind_our_back(self):
        for name in ("llama3.1:8b", "llama3.1:latest"):
            self.serving.serve_model(name)
        assert self.loaded() == ["llama3.1:8b"]
        self.serving.stop_serving("llama3.1:8b")
        assert self.loaded() == ["llama3.1:8b"]
        assert self.serving.health_check("llama3.1:latest")
        unload = {"model": "llama3.1:8b", "keep_alive": 0}
        requests.post(f"{self.url}/api/generate", json=unload, timeout=5).raise_for_status()
        assert self.serving.health_check("llama3.1:latest") is False
        assert self.state("llama3.1:latest") == ("stopped", "evicted by host")

    def test_every_local_model_of_the_demo_can_be_started_and_stopped(self):
        for row in requests.get(f"{self.url}/api/tags", timeout=5).json()["models"]:
            self.serving.serve_model(row["name"])
            assert self.state(row["name"])[0] == "ready"
            self.serving.stop_serving(row["name"])
        assert self.loaded() == []

    def test_a_host_that_breaks_fails_its_models_and_serves_them_again_when_it_is_back(self):
        self.serving.serve_model("llama3.1:8b")
        for mode, code in (
            ("down", "upstream_unreachable"),
            ("html", "upstream_invalid"),
            ("error500", "upstream_error"),
        ):
            with demo_mode(self.url, mode):
                ModelServingStatus.objects.update(last_health_check=None)
                health.reconcile()
            state, reason = self.state("llama3.1:8b")
            assert (state, reason.split()[0]) == ("failed", code)
            self.serving.serve_model("llama3.1:8b")
            assert self.state("llama3.1:8b") == ("ready", "")
