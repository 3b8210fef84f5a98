"""Against a real server: OLLAMA_TEST_URL. Its smallest models are loaded and unloaded again; nothing is deleted."""

from __future__ import annotations

import os
import time
from unittest import mock

import pytest
import requests
from django.test import TestCase

from ollama_app import hosts
from ollama_app.client import OllamaClient
from ollama_app.models import Host
from tests.ollama_app.ollama_server import run_details, sync
from unified_app.models import Placement
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving_interface import ModelServingInterface

pytestmark = pytest.mark.live
URL = os.environ.get("OLLAMA_TEST_URL", "").split(",")[0].strip().rstrip("/")


class ServingTests(TestCase):
    def setUp(self):
        Host.objects.all().delete()
        hosts.save_host(Host(name="real1", url=URL), by="live")
        sync()
        run_details("real1")
        self.serving = ModelServingInterface(UnifiedRegistryManager())

    def smallest(self, *, embeds: bool) -> Placement:
        local = [p for p in Placement.objects.all() if not p.facts["is_cloud"] and p.size]
        return min((p for p in local if ("text_embedding" in p.facts["capabilities"]) == embeds), key=lambda p: p.size)

    def loaded(self) -> set[str]:
        return {row["digest"] for row in requests.get(f"{URL}/api/ps", timeout=10).json()["models"]}

    def test_chat_and_embedding_models_are_loaded_and_unloaded(self):
        for embeds in (False, True):
            placement = self.smallest(embeds=embeds)
            self.serving.serve_model(placement.model_id)
            assert self.serving.health_check(placement.model_id)
            self.serving.stop_serving(placement.model_id)
            assert placement.digest not in self.loaded()

    def test_our_part_of_a_load_is_below_a_tenth_of_a_second(self):
        placement, took = self.smallest(embeds=False), []
        load = OllamaClient.load

        def timed(*args, **more):
            began = time.perf_counter()
            load(*args, **more)
            took.append(time.perf_counter() - began)

        with mock.patch.object(OllamaClient, "load", timed):
            began = time.perf_counter()
            self.serving.serve_model(placement.model_id)
            whole = time.perf_counter() - began
        self.serving.stop_serving(placement.model_id)
        assert whole - took[0] < 0.1

    def test_two_names_of_one_file(self):
        by_file: dict[str, list[Placement]] = {}
        for placement in Placement.objects.all():
            by_file.setdefault(placement.facts["parameters"].get("weights_digest", ""), []).append(placement)
        twins = next((found for file, found in by_file.items() if file and len(found) > 1), None)
        if twins is None:
            pytest.skip("the server has no two names of one file")
        for placement in twins[:2]:
            self.serving.serve_model(placement.model_id)
        self.serving.stop_serving(twins[0].model_id)
        assert self.serving.health_check(twins[1].model_id)
        self.serving.stop_serving(twins[1].model_id)
        assert not self.loaded() & {twin.digest for twin in twins}
