"""The specification's calls, with and without a slash, and the exact keys that they answer with."""

from __future__ import annotations

from unittest import mock

from django.test import override_settings

from tests.unified_app.api_case import ApiTestCase, register
from tests.unified_app.fake_source import FAKE, FakeSource
from tests.unified_app.plans import fetched
from unified_app import jobs
from unified_app.models import Job

PAGED = {"count", "next", "previous"}
MODEL = {"id", "name", "version", "category", "model_type", "source", "capabilities", "status", "endpoint"}
ROW = MODEL | {
    "ollama_name", "categories", "parameters", "description", "display_name", "tags", "size", "context_length",
    "created_at", "updated_at", "performance_metrics", "hosts", "drift", "demo", "retired_at",
}  # fmt: skip
DETAIL = ROW | {
    "placements", "versions", "serving", "overrides", "source_values", "retired_reason", "texts", "owner", "notes",
}  # fmt: skip
PLACEMENT = {"id", "source", "host", "upstream_name", "base_url", "protocol", "digest", "state", "last_seen"}
RUN = {
    "id", "source", "host", "state", "started_at", "finished_at", "by", "created", "updated", "unchanged", "retired",
    "failed",
}  # fmt: skip
JOB = {
    "id", "kind", "state", "progress", "result", "error", "attempt", "run_after", "created_at", "started_at",
    "finished_at",
}  # fmt: skip
SYNC = {
    "result", "synced_models", "categories", "duration", "created", "updated", "unchanged", "retired", "failed",
}  # fmt: skip
HOST = {"id", "name", "url", "has_token", "enabled", "state", "version", "last_seen", "models"}


class ContractTests(ApiTestCase):
    role = "Operator"

    def setUp(self):
        super().setUp()
        register("embed:1", capabilities=["text_embedding"], parameters={"embedding_dimension": 384, "max_tokens": 512})

    def both(self, path: str) -> dict:
        """Ask with and without the slash; both answer alike."""
        without, slashed = self.get(path), self.get(f"{path}/")
        assert without == slashed
        return without

    def listed(self, path: str, key: str, row: set[str]) -> None:
        body = self.both(path)
        assert set(body) == {key} | PAGED
        assert body[key] and all(row <= set(found) for found in body[key])

    def test_ollama_categories(self):
        body = self.both("/api/ollama/categories")
        categories = {"embedding": ["embed:1"], "vision": [], "tools": [], "thinking": [], "cloud": []}
        assert body == {"categories": categories}
        assert list(body["categories"]) == list(categories)

    def test_ollama_models_of_a_category(self):
        assert self.both("/api/ollama/models/embedding") == {
            "category": "embedding",
            "models": [
                {
                    "name": "embed:1",
                    "size": None,
                    "digest": "sha256:" + "a" * 64,
                    "capabilities": ["text-embedding"],
                    "parameters": {"embedding_dimension": 384, "max_tokens": 512},
                }
            ],
        }

    def test_unified_models(self):
        for path in ("/api/models/unified", "/api/models"):
            self.listed(path, "models", ROW)

    def test_models_of_a_category(self):
        assert self.both("/api/models/categories/embedding") == {
            "category": "embedding",
            "models": [{"id": "embed_1_base", "name": "embed:1", "status": "available"}],
        }

    def test_one_model(self):
        body = self.both("/api/models/embed_1_base")
        assert set(body) >= DETAIL
        assert set(body["placements"][0]) >= PLACEMENT

    @override_settings(MODEL_SOURCES=FAKE)
    def test_syncs_and_what_they_leave(self):
        FakeSource.reset()
        worker = mock.patch("unified_app.waiting.time.sleep", lambda _: [jobs.run(j.pk) for j in Job.objects.active()])
        for path in ("/api/ollama/sync", "/api/ollama/sync/", "/api/models/sync", "/api/models/sync/"):
            FakeSource.replies["one"].append([fetched("embed:1")])
            with self.subTest(path=path), worker:
                body = self.client.post(path).json()
                assert set(body) >= SYNC
                assert body["duration"].endswith("s")
        queued = self.client.post("/api/ollama/sync/?async=true").json()
        assert list(queued) == ["job"] and set(queued["job"]) >= JOB
        self.listed("/api/sync-runs", "sync_runs", RUN)
        self.listed("/api/jobs", "jobs", JOB)

    def test_lists_beside_the_specification_s(self):
        self.listed("/api/placements", "placements", PLACEMENT)
        self.listed("/api/versions", "versions", {"model", "version", "digest", "first_seen"})
        self.listed("/api/keys", "keys", {"id", "name", "user", "scopes", "expires_at"})
        self.listed("/api/ollama/hosts", "hosts", HOST)
        self.listed("/api/models/embed_1_base/history", "history", {"at", "by", "field", "old", "new"})

    def test_log_in(self):
        for path in ("/api/auth/token", "/api/auth/token/"):
            body = self.client.post(path, {"username": "viewer", "password": "right horse"}).json()
            assert set(body) >= {"key", "expires_at", "scopes"}
