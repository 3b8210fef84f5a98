from __future__ import annotations

from django.test import TestCase

from github_models_app import service
from github_models_app.models import CatalogEntry
from github_models_app.sync_requests import request_sync
from tests.github_models_app.github_case import WithService, catalog, models, run
from tests.github_models_app.github_server import Answer
from unified_app.models import Placement


def of(publisher: str) -> set[str]:
    return {row["id"] for row in catalog() if row["id"].startswith(f"{publisher}/")}


class ProviderSyncTests(WithService, TestCase):
    def test_only_that_publisher_s_models_are_registered(self):
        result = self.sync("mistral-ai")
        assert (result["result"], result["synced_models"]) == ("success", 4)
        assert set(models()) == of("mistral-ai")
        assert CatalogEntry.objects.count() == 4

    def test_the_name_in_any_case_means_the_same(self):
        assert self.sync(" Mistral AI ")["synced_models"] == 4

    def test_only_its_own_models_change_and_retire(self):
        self.sync()
        self.server.catalog = [{**row, "version": "9"} for row in catalog() if row["id"] in {"openai/o3", "xai/grok-3"}]
        result = self.sync("openai")
        assert (result["updated"], result["retired"]) == (1, len(of("openai")) - 1)
        assert set(models(status="retired")) == of("openai") - {"openai/o3"}
        assert models()["xai/grok-3"].version == "1"

    def test_odd_rows_of_others_are_not_its_failure(self):
        self.server.catalog = [*catalog(), {"id": "acme/one", "tags": 5}, {"id": "xai/new", "tags": 5}, 7]
        result = self.sync("xai")
        assert [failure["row"] for failure in result["failed"]] == ["xai/new", "row 46"]
        assert result["result"] == "partial"

    def test_an_unknown_publisher_ends_the_job_naming_the_valid_ones(self):
        job = run(request_sync(provider="acme", by="ada"))
        assert (job.state, job.error["code"]) == ("failed", "not_found")
        assert "ai21-labs, cohere, deepseek" in job.error["message"]
        assert service.status().reason == service.NOT_ASKED

    def test_a_service_that_is_gone_is_noted_like_by_a_whole_sync(self):
        self.sync()
        self.server.mode = "retired"
        assert self.sync("openai")["failed"][0]["code"] == "upstream_retired"
        assert service.status().state == "retired"
        assert set(Placement.objects.values_list("state", flat=True)) == {"unreachable"}

    def test_a_failure_tells_its_code(self):
        self.server.next.append(Answer(200, {"models": []}))
        result = self.sync("openai")
        assert (result["result"], result["failed"][0]["code"]) == ("failed", "upstream_invalid")
