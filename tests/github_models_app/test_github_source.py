from __future__ import annotations

from django.test import TestCase

from github_models_app.models import CatalogEntry
from github_models_app.source import GitHubSource
from tests.github_models_app.github_case import WithService, catalog, configured, entry, models
from tests.github_models_app.github_server import TOKEN, Answer
from unified_app.models import ModelVersion, Placement, SyncRun, UnifiedModel


class SyncTests(WithService, TestCase):
    def test_a_sync_registers_the_whole_catalog(self):
        result = self.sync()
        assert (result["result"], result["synced_models"], result["created"]) == ("success", 43, 43)
        assert result["categories"] == {"embedding": 2, "thinking": 16, "tools": 6, "vision": 19}
        row = models()["openai/gpt-4o-mini"]
        assert (row.id, row.version, row.status) == ("openai_gpt_4o_mini_base", "2024-07-18", "available")
        assert CatalogEntry.objects.count() == 43
        told = CatalogEntry.objects.get(pk="openai/text-embedding-3-small")
        assert told.limits == {"max_input_tokens": 8191, "max_output_tokens": None}
        assert (told.model_id, told.publisher_slug, told.archived_on) == (
            "openai_text_embedding_3_small_base", "openai", None,
        )  # fmt: skip

    def test_a_second_sync_changes_nothing(self):
        self.sync()
        before = {row.pk: row.updated_at for row in UnifiedModel.objects.all()}
        result = self.sync()
        assert (result["unchanged"], result["created"], result["updated"]) == (43, 0, 0)
        assert {row.pk: row.updated_at for row in UnifiedModel.objects.all()} == before

    def test_a_new_version_is_noted_and_what_vanished_is_retired_and_comes_back_under_its_id(self):
        self.sync()
        self.server.catalog = [
            {**row, "version": "9"} if row["id"] == "microsoft/phi-4" else row for row in catalog()[1:]
        ]
        result = self.sync()
        assert (result["updated"], result["retired"]) == (1, 1)
        assert ModelVersion.objects.filter(model__name="microsoft/phi-4").count() == 2
        gone = models(status="retired")["openai/gpt-4.1"]
        assert gone.retired_reason == "vanished from github"
        self.server.catalog = catalog()
        self.sync()
        assert models(status="available")["openai/gpt-4.1"].id == gone.id

    def test_odd_rows_are_told_one_by_one_and_the_others_are_registered(self):
        self.server.catalog = [entry("acme/one"), {"id": "acme/two", "tags": 5}, entry("acme/ONE"), 7]
        result = self.sync()
        assert (result["result"], result["synced_models"]) == ("partial", 1)
        assert [f["row"] for f in result["failed"]] == ["acme/two", "acme/ONE", "row 4"]
        assert {(f["source"], f["code"]) for f in result["failed"]} == {("github", "invalid_row")}
        assert SyncRun.objects.get().failed == result["failed"]

    def test_a_row_that_is_rejected_retires_nothing(self):
        self.sync()
        self.server.catalog = [{**row, "limits": []} for row in catalog()]
        assert self.sync()["retired"] == 0
        assert len(models(status="available")) == 43

    def test_an_id_that_only_changes_its_case_stays_one_model(self):
        self.server.catalog = [entry("acme/one")]
        self.sync()
        self.server.catalog = [entry("Acme/One")]
        assert self.sync()["result"] == "success"
        assert (UnifiedModel.objects.count(), CatalogEntry.objects.count()) == (1, 1)

    def test_a_hostile_text_is_stored_cut_and_clean(self):
        self.server.catalog = [entry(summary="a\0\ud800<script>" + "b" * 10_000_000)]
        assert self.sync()["result"] == "success"
        assert len(models()["acme/one"].description) <= 4000


class UnreadableTests(WithService, TestCase):
    def test_what_is_no_catalog_fails_the_run_and_leaves_the_registry_as_it_was(self):
        self.sync()
        many = Answer(200, [{"id": f"a/m{number}"} for number in range(100_000)])
        for answer, code in (
            (Answer(200, {"data": []}), "upstream_invalid"),
            (Answer(200, "<html>", kind="text/html"), "upstream_invalid"),
            (Answer(200, "[" * 100_000), "upstream_invalid"),
            (many, "upstream_invalid"),
            (Answer(500, "oops"), "upstream_error"),
            (Answer(302, "", {"Location": "http://169.254.169.254/"}), "upstream_refused"),
        ):
            with self.subTest(code=code, status=answer.status):
                self.server.next.append(answer)
                result = self.sync()
                assert (result["result"], result["failed"][0]["code"]) == ("failed", code)
                assert len(models(status="available")) == 43

    def test_the_token_is_in_no_failure(self):
        self.server.next.append(Answer(500, {"error": {"code": "x", "message": f"Bad token {TOKEN}"}}))
        assert TOKEN not in str(self.sync())
        assert TOKEN not in str([*SyncRun.objects.values(), *Placement.objects.values()])


class RouteTests(WithService, TestCase):
    def routes(self):
        placements = list(Placement.objects.select_related("model"))
        found = GitHubSource.routes(placements)
        return {p.upstream_name: found[p.pk] for p in placements if p.pk in found}

    def test_a_model_is_called_at_the_service_with_its_token_and_its_pace(self):
        self.sync()
        upstream = self.routes()["openai/gpt-4.1"]
        assert (upstream.url, upstream.protocol) == (f"{self.server.url}/inference", "openai")
        assert (upstream.model, upstream.headers) == ("openai/gpt-4.1", {"Authorization": f"Bearer {TOKEN}"})
        assert upstream.concurrent == 2
        waits = [upstream.pace.acquire() for _ in range(11)]
        assert waits[:10] == [0.0] * 10
        assert waits[10] > 50

    def test_reasoning_models_of_openai_refuse_what_the_contract_says(self):
        self.sync()
        routes = self.routes()
        assert {"max_tokens", "temperature"} <= routes["openai/o3"].refuses
        assert "system" in routes["openai/o1-mini"].refuses
        assert routes["deepseek/deepseek-r1"].refuses == frozenset()
        assert routes["openai/gpt-4o"].refuses == frozenset()

    def test_routes_take_one_query_however_many_models_there_are(self):
        self.sync()
        placements = list(Placement.objects.all())
        with self.assertNumQueries(1):
            assert len(GitHubSource.routes(placements)) == 43

    def test_nothing_is_sent_to_a_service_before_it_listed_the_model(self):
        self.sync()
        with configured("http://127.0.0.1:9"):
            assert self.routes() == {}
