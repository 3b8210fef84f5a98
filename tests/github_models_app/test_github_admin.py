from __future__ import annotations

from django.contrib import admin
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from github_models_app.models import CatalogEntry, GitHubService
from tests.github_models_app.github_case import WithService, entry, models
from tests.github_models_app.github_server import TOKEN
from tests.unified_app.admin_case import AdminTestCase
from tests.unified_app.test_admin_pages import helpless
from unified_app.models import Job, Placement

ENTRY, SERVICE = "github_models_app.catalogentry", "github_models_app.githubservice"


class CatalogAdminTests(WithService, AdminTestCase):
    def test_the_list_has_search_and_filters_and_its_queries_do_not_grow(self):
        counts = []
        for size in (2, 50):
            self.server.catalog = [entry(f"acme/m{number}") for number in range(size)]
            self.sync()
            self.client.get(self.url(ENTRY))
            with CaptureQueriesContext(connection) as captured:
                assert self.client.get(self.url(ENTRY)).status_code == 200
            counts.append(len(captured))
        assert counts[0] == counts[1]
        for query, count in (
            ({"q": "acme/m49"}, 1),
            ({"publisher_slug": "openai"}, 0),
            ({"rate_limit_tier": "high"}, 50),
        ):
            assert self.client.get(self.url(ENTRY), query).context["cl"].result_count == count

    def test_a_page_tells_all_and_every_field_has_help(self):
        self.sync()
        response = self.client.get(self.url(ENTRY, "change", "mistral-ai/mistral-medium-2505"))
        assert helpless(response) == []
        text = response.content.decode()
        for told in ("Mistral Medium 3 (25.05)", "Mistral AI", "tool-calling", self.model_page()):
            assert told in text

    def test_what_a_publisher_writes_is_escaped(self):
        self.server.catalog = [entry(summary="<script>alert(1)</script>", name="<b>x")]
        self.sync()
        for url in (self.url(ENTRY), self.url(ENTRY, "change", "acme/one")):
            assert "<script>alert" not in self.client.get(url).content.decode()

    def test_nobody_changes_it(self):
        self.sync()
        for row, name in ((CatalogEntry.objects.first(), ENTRY), (GitHubService.objects.get(), SERVICE)):
            assert self.client.get(self.url(name, "add")).status_code == 403
            for page in ("change", "delete"):
                assert self.client.post(self.url(name, page, row.pk), {"post": "yes"}).status_code == 403

    def model_page(self) -> str:
        return self.url("unifiedmodel", "change", models()["mistral-ai/mistral-medium-2505"].pk)


class ServiceAdminTests(WithService, AdminTestCase):
    def page(self):
        return self.client.get(self.url(SERVICE, "change", 1))

    def test_the_page_tells_the_state_and_every_field_has_help(self):
        self.server.mode = "retired"
        self.sync()
        assert self.client.get(self.url(SERVICE)).status_code == 200
        response = self.page()
        assert helpless(response) == []
        text = response.content.decode()
        assert "2026-07-30" in text
        assert self.server.url in text
        assert TOKEN not in text

    def test_an_operator_syncs_by_a_button_even_a_retired_one(self):
        self.server.mode = "retired"
        self.sync()
        self.client.force_login(self.otto)
        assert "do/sync_now" in self.page().content.decode()
        response = self.press(SERVICE, "sync_now", 1)
        job = Job.objects.get(state="queued")
        assert job.arguments == {"source": "github", "place": "github"}
        assert self.url("job", "change", job.pk) in self.messages(response)

    def test_a_curator_reads_and_does_not_sync(self):
        self.client.force_login(self.cora)
        assert "do/sync_now" not in self.page().content.decode()
        assert self.press(SERVICE, "sync_now", 1).status_code == 403
        self.act(SERVICE, "sync_now", 1)
        assert not Job.objects.exists()

    def test_one_that_is_not_configured_has_no_button_and_says_what_to_set(self):
        with override_settings(GITHUB_TOKEN=""):
            text = self.page().content.decode()
            assert "do/sync_now" not in text
            assert "GITHUB_TOKEN" in text
            assert "GITHUB_TOKEN" in self.messages(self.act(SERVICE, "sync_now", 1))

    def test_placements_lead_here(self):
        self.sync()
        placement = Placement.objects.first()
        text = self.client.get(self.url("placement", "change", placement.pk)).content.decode()
        assert self.url(SERVICE, "change", 1) in text

    def test_every_admin_of_ours_is_registered(self):
        assert {CatalogEntry, GitHubService} <= set(admin.site._registry)
