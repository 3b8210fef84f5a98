from __future__ import annotations

import json

from django.test import TestCase

from ollama_app.models import DigestFacts, Host
from ollama_app.source import OllamaSource
from tests.ollama_app.ollama_server import counts, model, run_details, sync
from tests.ollama_app.recorded import NEW, OLD, Replay
from unified_app.models import Job, Placement, RegistryEpoch, UnifiedModel

PRIMARY = {"cloud": 2, "embedding": 2, "thinking": 8, "tools": 1, "vision": 1}


class Recorded(TestCase):
    """What every server of a recording must lead to, whatever its age."""

    __test__ = False
    version = ""

    def setUp(self):
        self.server = self.enterContext(Replay(self.version))
        Host.objects.all().delete()
        Host.objects.create(name="gpu1", url=self.server.url.rstrip("/"))

    def complete(self) -> None:
        """Sync, and let the details job do the rest."""
        sync()
        run_details()


class NewServerTests(Recorded):
    __test__ = True
    version = NEW

    def test_the_rows_are_complete_after_one_call_of_tags(self):
        body = sync()
        assert (body["result"], body["created"], body["categories"]) == ("success", 14, PRIMARY)
        # relay's stub tells no capabilities; it is a cloud model, which a sync does not ask about.
        assert self.server.shows == []
        assert Host.objects.get().version == "0.33.0-rc2"

    def test_facts_of_tags_stand_in_the_rows(self):
        sync()
        found = model("all-minilm:l6-v2")
        assert (found.category, found.capabilities, found.version) == ("embedding", ["text_embedding"], "b63beb3050df")
        assert (found.context_length, found.size) == (512, 46223622)
        assert found.endpoint == f"{Host.objects.get().url}/api/embed"
        told = {"family": "bert", "quantization": "F16", "embedding_dimension": 384, "max_tokens": 512}
        assert told.items() <= found.parameters.items()
        assert found.description == "22.57M bert embedding model, F16"

    def test_a_model_is_in_all_categories_it_can_do(self):
        sync()
        listed = {c: sorted(UnifiedModel.objects.in_category(c).values_list("name", flat=True)) for c in PRIMARY}
        assert listed["tools"] == ["bigmoe:120b-cloud", "smollm2-tools:135m"]
        assert listed["vision"] == ["gemma3-vision:270m"]
        assert listed["cloud"] == ["bigmoe:120b-cloud", "relay:latest"]
        assert model("codefill:135m").capabilities == ["insert", "text_generation"]

    def test_models_that_share_a_digest_are_rows_of_their_own(self):
        sync()
        same = Placement.objects.filter(digest=model("smollm2:135m").placements.get().digest)
        names = {"smollm2:135m", "smollm2:latest", "smollm2:135m-instruct-q4_1"}
        assert set(same.values_list("upstream_name", flat=True)) == names

    def test_the_details_job_fills_in_what_tags_does_not_tell(self):
        self.complete()
        found = model("acme/helper:v2")
        assert found.parameters["parameter_count"] == 134515008
        assert found.parameters["license"] == "Apache License 2.0"
        assert found.parameters["default_parameters"]["stop"] == ["<|im_end|>", "\n\nUser:"]
        assert found.parameters["default_messages"][1] == {"role": "assistant", "content": "Hi, Acme helper here."}
        texts = OllamaSource.texts(found.placements.get().digest)
        assert texts["system"].startswith("You are the helper of Acme")
        assert texts["system"] == found.parameters["default_system"]
        assert texts["template"].startswith("{{- range .Messages }}")
        assert "tensors" not in str(DigestFacts.objects.values())

    def test_one_weights_digest_is_told_of_all_that_share_the_file(self):
        self.complete()
        weights = {model(n).parameters["weights_digest"] for n in ("smollm2:135m", "codefill:135m", "acme/helper:v1")}
        assert len(weights) == 1

    def test_show_is_asked_once_for_a_digest_and_never_for_a_cloud_model_that_tags_describes(self):
        self.complete()
        digests = set(Placement.objects.values_list("digest", flat=True))
        assert len(self.server.shows) == len(digests) - 1
        assert "bigmoe:120b-cloud" not in self.server.shows
        assert DigestFacts.objects.count() == len(digests)


class OldServerTests(Recorded):
    __test__ = True
    version = OLD

    def test_show_tells_what_tags_does_not(self):
        body = sync()
        assert (body["result"], body["created"], body["categories"]) == ("success", 14, PRIMARY)
        found = model("all-minilm:latest")
        assert (found.capabilities, found.context_length) == (["text_embedding"], 512)
        assert found.parameters["embedding_dimension"] == 384
        assert model("gemma3-vision:270m").capabilities == ["text_generation", "vision"]

    def test_show_is_asked_once_for_a_digest(self):
        sync()
        assert len(self.server.shows) == len(set(self.server.shows)) == 9

    def test_a_cloud_model_that_cannot_be_shown_offline_is_still_a_cloud_model(self):
        self.complete()
        found = model("bigmoe:120b-cloud")
        assert (found.category, found.capabilities) == ("cloud", ["text_generation"])
        assert found.parameters["capabilities_guessed"] is True
        assert found.parameters["remote_host"] == "https://ollama.com:443"
        assert "502" in DigestFacts.objects.get(digest=found.placements.get().digest).error

    def test_a_stub_that_tells_nothing_is_a_cloud_model_of_unknown_abilities(self):
        self.complete()
        found = model("relay:latest")
        assert (found.category, found.capabilities, found.context_length) == ("cloud", [], None)
        assert found.description == "Model, runs at http://127.0.0.1:11434"


class RepeatOnNewServerTests(Recorded):
    __test__ = True
    version = NEW

    def test_a_repeat_in_another_order_asks_no_show_and_changes_nothing(self):
        self.complete()
        before = list(UnifiedModel.objects.values()), RegistryEpoch.current(), len(self.server.shows)
        self.server.tags = self.server.recording["tags_in_another_order"]
        assert names(self.server.tags) != names(self.server.recording["tags"])
        assert counts(sync()) == (0, 0, 14, 0)
        assert (list(UnifiedModel.objects.values()), RegistryEpoch.current(), len(self.server.shows)) == before
        assert not Job.objects.active().exists()


class RepeatOnOldServerTests(RepeatOnNewServerTests):
    version = OLD


def names(tags: str) -> list[str]:
    return [row["name"] for row in json.loads(tags)["models"]]
