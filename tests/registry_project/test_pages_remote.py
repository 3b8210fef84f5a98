"""Endpoints and GitHub Models on the pages, the latter in each of its states."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape

from django.utils import timezone

from github_models_app import archive
from github_models_app.models import Endpoint
from tests.registry_project.pages_case import PagesTestCase, add_host
from tests.registry_project.remote_case import BASE, CATALOG_ROW, WITH_TOKEN, add_endpoint, register_remote, set_service
from unified_app.models import Job, SyncRun


class EndpointTests(PagesTestCase):
    def test_an_endpoint_has_a_card_and_is_counted_as_what_it_is(self):
        add_host("one")
        add_endpoint(version="vLLM")
        register_remote()
        said = self.page("/hosts")
        assert "1 host and 1 endpoint, both answer." in said
        assert "vllm reachable" in said and "Endpoints, vLLM" in said
        assert "1 model on 1 host and 1 endpoint" in self.page("/")

    def test_a_newcomer_is_shown_how_to_add_one_first(self):
        for path in ("/", "/models", "/hosts"):
            said = self.page(path)
            assert said.index("OPENAI_ENDPOINTS=") < said.index("GitHub retired the public service")
            assert "http://testserver/api/endpoints" in said

    def test_only_operators_are_sent_to_the_form_in_the_admin(self):
        assert "/admin/github_models_app/endpoint/add/" not in self.source("/")
        self.act_as("Operator")
        assert "/admin/github_models_app/endpoint/add/" in self.source("/")

    def test_the_call_that_adds_one_works_as_pasted(self):
        source = self.source("/hosts")
        snippet = unescape(re.findall(r"<code>(export .*?)</code>", source, re.DOTALL)[-1])
        parts = shlex.split(snippet.replace("\\\n", " "))
        body = json.loads(parts[parts.index("-d") + 1])
        self.act_as("Operator")
        answer = self.client.post("/api/endpoints", body, content_type="application/json")
        assert answer.status_code == 201 and Endpoint.objects.get().name == body["name"]


class GitHubModelsTests(PagesTestCase):
    role = "Operator"

    def test_not_configured_is_a_quiet_line_that_tells_what_became_of_it(self):
        said = self.page("/hosts")
        assert "retired the public service at models.github.ai on 2026-07-30" in said
        assert "GITHUB_TOKEN" in said and "Ask once again" not in said

    @WITH_TOKEN
    def test_a_retired_one_says_so_with_reason_and_date_and_is_no_host_that_is_down(self):
        set_service("retired", "The service says that it is retired.")
        add_host("one")
        said = self.page("/hosts")
        assert "GitHub Models retired upstream Found retired" in said
        assert "The service says that it is retired." in said and "The schedule does not ask again" in said
        assert "1 host, which answers." in said and "retired the public service at" not in said
        assert "is retired" not in self.page("/models") and 'class="state ended"' in self.source("/hosts")

    @WITH_TOKEN
    def test_it_can_be_asked_once_again(self):
        set_service("retired", "Gone.")
        assert "Ask once again" in self.page("/hosts")
        answer = self.client.post("/hosts/github/github/sync", headers={"HX-Request": "true"})
        assert answer.status_code == 200 and b"sync queued" in answer.content
        assert Job.objects.get().arguments == {"source": "github", "place": "github"}

    def test_without_a_token_there_is_nothing_to_ask(self):
        archive.load([CATALOG_ROW], day=timezone.now().date(), base_url=BASE, by="eve")
        said = self.page("/hosts")
        assert "GitHub Models not configured" in said and "GITHUB_TOKEN is not set" in said
        assert "Ask once again" not in said
        assert self.client.post("/hosts/github/github/sync").status_code == 404

    @WITH_TOKEN
    def test_one_that_answers_or_fails_has_the_card_of_any_place(self):
        set_service("ok")
        add_host("one")
        assert "1 host and GitHub Models, both answer." in self.page("/hosts")
        set_service("error", "The service fails (500); try again later.")
        said = self.page("/hosts")
        assert "GitHub Models is down since" in said and "The service fails (500)" in said and "Sync now" in said

    @WITH_TOKEN
    def test_the_number_of_queries_does_not_depend_on_rows(self):
        set_service("retired", "Gone.")
        with self.assertNumQueries(10):
            self.client.get("/hosts")
        for number in range(9):
            add_endpoint(f"e{number}")
            register_remote(f"e{number}/m")
            SyncRun.objects.create(source="external", place=f"e{number}", started_at=timezone.now(), state="success")
        with self.assertNumQueries(10):
            self.client.get("/hosts")
