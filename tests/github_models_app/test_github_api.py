from __future__ import annotations

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.github_models_app.github_case import WithService, catalog, configured, entry
from tests.unified_app.api_case import ApiTestCase, register
from tests.unified_app.test_api_syncs import BODY, a_worker_is_there, nobody_works
from unified_app.models import Job


class ModelsTests(WithService, ApiTestCase):
    def setUp(self):
        super().setUp()
        self.sync()

    def names(self, **parameters: object) -> list[str]:
        return [row["name"] for row in self.get("/api/github/models", **parameters)["models"]]

    def test_a_row_is_the_unified_one_and_what_the_catalog_tells_beside_it(self):
        row = next(r for r in self.get("/api/github/models")["models"] if r["name"] == "openai/gpt-4o-mini")
        unified = next(r for r in self.get("/api/models/unified")["models"] if r["name"] == "openai/gpt-4o-mini")
        assert unified.items() <= row.items()
        assert (row["publisher"], row["publisher_slug"], row["rate_limit_tier"]) == ("OpenAI", "openai", "low")
        assert row["limits"] == {"max_input_tokens": 131_072, "max_output_tokens": 4096}
        assert (row["title"], row["archived_on"]) == ("OpenAI GPT-4o mini", None)

    def test_only_models_of_the_catalog_are_listed(self):
        register("chat:8b")
        assert self.get("/api/github/models")["count"] == 43

    def test_filters_are_those_of_every_list_and_the_publisher_and_the_tier(self):
        for parameters, count in (
            ({"publisher": "mistral-ai"}, 4),
            ({"publisher": "Mistral AI"}, 4),
            ({"publisher": "acme"}, 0),
            ({"tier": "custom"}, 15),
            ({"category": "embedding"}, 2),
            ({"capability": "audio"}, 5),
            ({"publisher": "openai", "tier": "low", "capability": "vision"}, 3),
            ({"q": "grok mini"}, 1),
            ({"status": "retired"}, 0),
        ):
            with self.subTest(**parameters):
                assert self.get("/api/github/models", **parameters)["count"] == count

    def test_pages_and_order(self):
        body = self.get("/api/github/models", page_size=10, page=5, ordering="-name")
        assert (len(body["models"]), body["next"]) == (3, None)
        assert self.names(ordering="-context_length")[0] == "meta/llama-4-scout-17b-16e-instruct"

    def test_the_unified_list_finds_them_as_github_and_as_external(self):
        for source in ("github", "external"):
            assert self.get("/api/models/unified", source=source)["count"] == 43

    def test_queries_do_not_grow_with_the_rows(self):
        paths = ("/api/github/models", "/api/github/providers", "/api/github/providers/acme/models")
        counts = []
        for size in (2, 50):
            self.server.catalog = [entry(f"acme/m{number}") for number in range(size)]
            self.sync()
            self.get("/api/github/models")
            counts.append([self.queries(path) for path in paths])
        assert counts[0] == counts[1]

    def queries(self, path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            self.get(path)
        return len(captured)


class ProvidersTests(WithService, ApiTestCase):
    def test_publishers_are_counted(self):
        self.sync()
        self.server.catalog = catalog()[1:]
        self.sync()
        found = {row["slug"]: row for row in self.get("/api/github/providers")["providers"]}
        assert list(found) == sorted(found)
        assert found["openai"] == {"slug": "openai", "publisher": "OpenAI", "models": 16, "retired": 1}
        assert found["ai21-labs"] == {"slug": "ai21-labs", "publisher": "AI21 Labs", "models": 1, "retired": 0}

    def test_one_publisher_s_models(self):
        self.sync()
        body = self.get("/api/github/providers/mistral-ai/models")
        assert (body["publisher"], body["slug"], body["count"]) == ("Mistral AI", "mistral-ai", 4)
        assert {row["publisher"] for row in body["models"]} == {"Mistral AI"}
        assert self.get("/api/github/providers/mistral-ai/models", q="codestral")["count"] == 1

    def test_an_unknown_publisher_is_404_naming_the_valid_ones(self):
        error = self.error(self.client.get("/api/github/providers/acme/models"), 404)
        assert "not been read yet" in error["message"]
        self.sync()
        error = self.error(self.client.get("/api/github/providers/acme/models"), 404)
        assert error["code"] == "not_found"
        assert "meta, microsoft, mistral-ai" in error["message"]


class StatusTests(ApiTestCase):
    KEYS = frozenset({"state", "reason", "since", "last_sync", "url", "demo", "plan", "public_service"})

    def test_not_configured(self):
        body = self.get("/api/github/status")
        assert set(body) == self.KEYS
        assert (body["state"], body["since"], body["last_sync"], body["demo"]) == ("not_configured", None, None, False)
        assert "GITHUB_TOKEN" in body["reason"]
        assert "2026-07-30" in body["public_service"]

    def test_no_token_and_no_credentials_are_told(self):
        with configured("https://ada:pass-word@models.example", token="ghp_secret"):
            answer = self.client.get("/api/github/status")
        assert answer.json()["url"] == "https://models.example"
        for secret in ("pass-word", "ghp_secret"):
            assert secret not in answer.content.decode()


class SyncTests(WithService, ApiTestCase):
    role = "Operator"

    def test_the_whole_catalog(self):
        with a_worker_is_there():
            answer = self.client.post("/api/github/sync/")
        assert (answer.status_code, set(answer.json())) == (200, BODY)
        assert answer.json()["synced_models"] == 43

    def test_one_provider(self):
        with a_worker_is_there():
            body = self.client.post("/api/github/sync?provider=meta").json()
        assert (set(body), body["synced_models"]) == (BODY, 7)

    def test_an_unknown_provider_is_404(self):
        with a_worker_is_there():
            error = self.error(self.client.post("/api/github/sync?provider=acme"), 404)
        assert "openai" in error["message"]

    def test_without_a_worker_it_ends_with_the_job_to_look_at(self):
        with nobody_works():
            answer = self.client.post("/api/github/sync")
        assert (answer.status_code, answer.json()["job"]["kind"]) == (202, "sync")
        assert self.client.post("/api/github/sync?async=true").json()["job"]["id"] == answer.json()["job"]["id"]

    @override_settings(GITHUB_TOKEN="")
    def test_not_configured_is_a_conflict_that_names_the_setting(self):
        for query in ("", "?provider=meta"):
            error = self.error(self.client.post(f"/api/github/sync{query}"), 409)
            assert error["code"] == "conflict"
            assert "GITHUB_TOKEN" in error["message"]
        assert not Job.objects.exists()

    def test_a_retired_service_is_asked_once_and_told_of(self):
        self.server.mode = "retired"
        with a_worker_is_there():
            body = self.client.post("/api/github/sync").json()
        assert (body["result"], body["failed"][0]["code"]) == ("failed", "upstream_retired")
        assert self.asked == 1

    def test_who_may(self):
        for role, status in ((None, 401), ("Viewer", 403), ("Curator", 403)):
            self.act_as(role)
            assert self.client.post("/api/github/sync").status_code == status
            read = 401 if role is None else 200
            for path in ("models", "providers", "status"):
                assert self.client.get(f"/api/github/{path}").status_code == read

    def test_a_body_is_refused(self):
        assert self.error(self.client.post("/api/github/sync", {"provider": "meta"}), 400)["code"] == "invalid"
