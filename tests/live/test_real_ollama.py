"""Against real servers: OLLAMA_TEST_URL="http://127.0.0.1:11434[,...]". Reads only; nothing is loaded or changed."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import requests
from django.test import TestCase

from ollama_app import hosts
from ollama_app.category_loader import OllamaCategoryLoader
from ollama_app.client import OllamaClient
from ollama_app.model_loader import OllamaModelLoader
from ollama_app.models import DigestFacts, Host
from ollama_app.source import OllamaSource
from tests.ollama_app.ollama_server import counts, run_details, sync
from unified_app.errors import UpstreamError
from unified_app.models import Job, ModelVersion, Placement, RegistryEpoch, UnifiedModel
from unified_app.naming import name_key
from unified_app.upstream import JsonClient

pytestmark = pytest.mark.live
URLS = [url.strip().rstrip("/") for url in os.environ.get("OLLAMA_TEST_URL", "").split(",") if url.strip()]


def listed(url: str) -> list[dict[str, Any]]:
    return requests.get(f"{url}/api/tags", timeout=10).json()["models"]


def told_by_show(url: str, name: str) -> dict[str, Any]:
    return requests.post(f"{url}/api/show", json={"model": name}, timeout=30).json()


class RealServers(TestCase):
    def setUp(self):
        Host.objects.all().delete()
        for number, url in enumerate(URLS, 1):
            hosts.save_host(Host(name=f"real{number}", url=url), by="live")

    def complete(self) -> dict[str, Any]:
        body = sync()
        for job in Job.objects.active().filter(kind="ollama_details"):
            run_details(job.arguments["place"])
        return body


class RegistryTests(RealServers):
    def test_every_listed_model_is_a_row_with_a_placement_on_each_host_that_has_it(self):
        body = sync()
        assert (body["result"], body["failed"]) == ("success", [])
        for number, url in enumerate(URLS, 1):
            there = {row["name"]: row for row in listed(url)}
            placed = {p.upstream_name: p for p in Placement.objects.filter(place=f"real{number}")}
            assert placed.keys() == there.keys()
            for name, placement in placed.items():
                assert (placement.digest, placement.size) == (there[name]["digest"], there[name]["size"])
                assert placement.model.name_key == name_key(name)
        assert UnifiedModel.objects.count() == len({name_key(row["name"]) for url in URLS for row in listed(url)})

    def test_a_repeat_changes_nothing(self):
        self.complete()
        before = list(UnifiedModel.objects.values()), RegistryEpoch.current(), DigestFacts.objects.count()
        assert counts(sync()) == (0, 0, UnifiedModel.objects.count(), 0)
        assert (list(UnifiedModel.objects.values()), RegistryEpoch.current(), DigestFacts.objects.count()) == before
        assert not Job.objects.active().exists()

    def test_rows_agree_with_what_show_tells(self):
        self.complete()
        for placement in Placement.objects.filter(place="real1").select_related("model"):
            told = told_by_show(URLS[0], placement.upstream_name)
            if "error" in told or told.get("remote_host"):
                continue  # a cloud model without a network
            facts, info = placement.facts, told["model_info"]
            with self.subTest(placement.upstream_name):
                architecture, capabilities = info.get("general.architecture"), told.get("capabilities")
                assert facts["context_length"] == info.get(f"{architecture}.context_length")
                assert facts["parameters"].get("parameter_count") == info.get("general.parameter_count")
                if capabilities:
                    assert len(facts["capabilities"]) == len(capabilities)
                    assert ("text_embedding" in facts["capabilities"]) == ("embedding" in capabilities)
                texts = OllamaSource.texts(placement.digest)
                assert texts["template"] == told["template"]
                assert ("license" in texts) == bool(told.get("license"))
                assert facts["parameters"].get("weights_digest", "") in told["modelfile"]

    def test_hosts_say_their_version(self):
        sync()
        for host in Host.objects.all():
            assert host.version == requests.get(f"{host.url}/api/version", timeout=5).json()["version"]
            assert hosts.test_connection(host).models == len(listed(host.url))
        assert set(hosts.check_hosts().values()) == {"up"}

    def test_versions_are_the_digests(self):
        sync()
        for version in ModelVersion.objects.all():
            assert version.version == version.digest[:12]

    def test_no_row_holds_the_path_of_a_server(self):
        self.complete()
        for row in UnifiedModel.objects.all():
            assert "/blobs/" not in json.dumps(row.parameters)


class LoaderTests(RealServers):
    def test_categories_hold_what_the_server_lists(self):
        loader = OllamaCategoryLoader(URLS[0])
        found = loader.sync_all_categories()
        names = {model["name"] for models in found.values() for model in models}
        assert names <= {row["name"] for row in listed(URLS[0])}
        for category, models in found.items():
            assert loader.load_models_by_category(category) == models

    def test_a_model_is_found_without_its_tag_and_in_any_case(self):
        name = listed(URLS[0])[0]["name"]
        models = OllamaModelLoader(OllamaCategoryLoader(URLS[0]))
        assert models.load_model(name.upper()).tag.name == name
        assert models.validate_model("no-such-model:ever") is False

    def test_a_model_that_is_not_there_is_the_servers_own_error(self):
        with pytest.raises(UpstreamError, match="not found") as caught:
            OllamaClient(JsonClient(URLS[0])).show("no-such-model:ever")
        assert caught.value.upstream_status == 404
