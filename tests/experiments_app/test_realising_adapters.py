"""Adapters put on a host with their base, against the demo server."""

from __future__ import annotations

import tempfile
from unittest.mock import patch

import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from experiments_app import adapter_files, adapters, realising
from experiments_app.models import Adapter, Variant
from ollama_app.models import Host
from tests.experiments_app.gguf_files import lora
from tests.experiments_app.peft_files import adapter
from tests.experiments_app.realising_case import RealisingCase, demo  # noqa: F401 - the fixture is used by its name
from unified_app import jobs
from unified_app.models import Job, Placement


class RealisingAdapterTests(RealisingCase):
    def setUp(self):
        super().setUp()
        settings = override_settings(REGISTRY_HOME=self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(settings)
        placed = [p for p in Placement.objects.filter(source="ollama") if p.model.parameters.get("family") == "llama"]
        self.base = placed[0].model
        self.width = self.base.parameters.get("embedding_length", 16)

    def uploaded(self, **files: bytes) -> Adapter:
        found = files or adapter(width=self.width, seed=1)
        return adapters.add([SimpleUploadedFile(name, content) for name, content in found.items()], by="ann")[0]

    def is_pushed(self, sha256: str) -> bool:
        return requests.head(f"{self.url}/api/blobs/sha256:{sha256}", timeout=5).status_code == 200

    def tune(self, row: Adapter) -> Variant:
        return self.make(kind="fine_tuning", adapter=row.pk)

    def test_all_files_of_a_set_are_pushed_and_the_model_has_its_adapter(self):
        row = self.uploaded()
        variant = self.tune(row)
        assert self.run_job(variant) == "done", Job.objects.latest("pk").error
        assert variant.realised
        assert all(self.is_pushed(file["sha256"]) for file in row.files) and len(row.files) == 2
        assert "\nADAPTER " in self.shown(variant)["modelfile"]

    def test_after_a_death_in_mid_work_it_is_made_again(self):
        variant = self.tune(self.uploaded())
        with patch.object(realising, "_keep", side_effect=jobs.JobLost):
            assert self.run_job(variant) == "lost"
        assert "\nADAPTER " in self.shown(variant)["modelfile"] and not variant.realised
        Job.objects.filter(kind="realise").update(state=Job.State.FAILED)
        realising.request_again(variant, by="ann")
        assert self.run_job(variant) == "done"
        assert variant.realised and "\nADAPTER " in self.shown(variant)["modelfile"]

    def test_one_gguf_file_is_pushed_as_before(self):
        row = self.uploaded(**{"a.gguf": lora(inside=self.width)})
        variant = self.tune(row)
        assert self.run_job(variant) == "done", Job.objects.latest("pk").error
        assert self.is_pushed(row.pk)
        assert "\nADAPTER " in self.shown(variant)["modelfile"]

    def test_a_host_that_is_newer_by_now_is_told_before_anything_is_sent(self):
        row = self.uploaded(**adapter(width=self.width, seed=2))
        variant = self.tune(row)
        Host.objects.update(version="0.35.0")
        assert self.run_job(variant) == "failed"
        assert "0.35.0" in variant.error and "convert_lora_to_gguf" in variant.error
        assert not any(self.is_pushed(file["sha256"]) for file in row.files[1:])

    def test_a_file_that_was_changed_is_not_sent(self):
        row = self.uploaded(**adapter(width=self.width, seed=3))
        variant = self.tune(row)
        (adapter_files._folder() / row.files[1]["sha256"]).write_bytes(b"other")
        assert self.run_job(variant) == "failed"
        assert "changed" in variant.error
        assert not self.is_pushed(row.files[1]["sha256"])
