"""The API of adapters."""

from __future__ import annotations

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments_app import adapter_files
from tests.experiments_app.adapter_case import PATH, AdapterCase
from tests.experiments_app.gguf_files import lora
from unified_app.errors import Conflict


class AdapterTests(AdapterCase):
    def test_an_upload_is_kept_under_its_sha256_and_described(self):
        content = lora(8)
        answer = self.upload(content)
        told, sha256 = answer.json(), hashlib.sha256(content).hexdigest()
        assert answer.status_code == 201, told
        assert (told["sha256"], told["size"], told["rank"]) == (sha256, len(content), 8)
        assert (told["architecture"], told["name"], told["format"]) == ("llama", "manners.gguf", "gguf")
        assert told["files"] == [{"name": "manners.gguf", "sha256": sha256, "size": len(content)}]
        assert (told["alpha"], told["width"], told["modules"], told["warnings"]) == (16.0, 16, ["attn_q"], [])
        assert self.files() == [sha256]

    def test_the_same_file_again_is_the_same_row(self):
        first, again = self.upload(lora()), self.upload(lora(), "other.gguf")
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()

    def test_what_is_no_adapter_names_the_field_and_leaves_nothing(self):
        answer = self.upload(lora(general__type="model"))
        assert answer.status_code == 400
        assert list(answer.json()["error"]["details"]) == ["file"]
        assert self.files() == []
        assert self.client.post(PATH, {}, format="multipart").status_code == 400

    def test_a_list_has_pages_and_one_query_for_all(self):
        self.client.get(PATH)  # the first call of a key writes when it was used
        with CaptureQueriesContext(connection) as before:
            assert self.client.get(PATH).json()["count"] == 2
        queries = len(before)  # later requests empty the log that this counts
        assert queries > 0
        for rank in range(1, 6):
            self.upload(lora(rank))
        with self.assertNumQueries(queries):
            answer = self.client.get(PATH)
        assert len(answer.json()["adapters"]) == answer.json()["count"] == 7
        assert self.client.get(f"{PATH}/{'9' * 64}").status_code == 404

    def test_one_that_a_variant_has_stays(self):
        sha256 = self.upload(lora()).json()["sha256"]
        made = self.make("fine_tuning", {"adapter": sha256})
        answer = self.client.delete(f"{PATH}/{sha256}")
        assert answer.status_code == 409
        assert answer.json()["error"]["details"]["used_by"] == [made["id"]]

    def test_one_that_nobody_has_goes_with_its_file(self):
        sha256 = self.upload(lora()).json()["sha256"]
        with self.captureOnCommitCallbacks(execute=True):
            assert self.client.delete(f"{PATH}/{sha256}").status_code == 204
        assert self.files() == []

    def test_a_file_that_was_changed_is_not_handed_out(self):
        sha256 = self.upload(lora()).json()["sha256"]
        (self.home / "adapters" / sha256).write_bytes(lora(2))
        with pytest.raises(Conflict, match="changed"), adapter_files.opened(sha256):
            pass
