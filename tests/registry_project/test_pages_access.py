"""Who sees which page, and what the pages for the others say."""

from __future__ import annotations

from django.http import Http404
from django.test import Client, RequestFactory, override_settings

from registry_project.pages.errors import not_found, server_error
from tests.registry_project.pages_case import PagesTestCase, add_host, register, words

READ = ("/", "/models", "/models/llama3_8b_base", "/hosts", "/syncs", "/jobs")


class AccessTests(PagesTestCase):
    def test_a_stranger_is_sent_to_the_log_in_and_back(self):
        self.act_as(None)
        for path in (*READ, "/account"):
            assert self.client.get(path).headers["Location"] == f"/login?next={path}"

    def test_a_viewer_sees_every_page(self):
        register("llama3:8b")
        for path in (*READ, "/account"):
            assert self.client.get(path).status_code == 200, path

    def test_a_user_without_a_role_reads_which_role_is_missing(self):
        self.act_as("nobody")
        for path in READ:
            said = self.page(path, status=403)
            assert "scope “read”, which the role Viewer has" in said
        assert "Your user has no role yet" in self.page("/account")

    @override_settings(PUBLIC_READ=True)
    def test_public_read_opens_the_pages_but_no_button(self):
        register("llama3:8b")
        add_host("one")
        self.act_as(None)
        for path in READ:
            assert self.client.get(path).status_code == 200
        assert "curl 'http://testserver/api/models/unified?page_size=20'" in self.page("/")
        assert self.client.post("/syncs/start").headers["Location"] == "/login?next=/"

    def test_a_fragment_that_is_polled_after_log_out_reloads_its_page(self):
        self.act_as(None)
        answer = self.client.get("/jobs/1/panel", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Refresh"]) == (401, "true")

    def test_log_in_goes_to_the_page_that_was_wanted_and_never_to_another_site(self):
        self.act_as(None)
        form = {"username": "viewer", "password": "right horse"}
        assert self.client.post("/login", {**form, "next": "/hosts"}).headers["Location"] == "/hosts"
        for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
            self.act_as(None)
            assert self.client.post("/login", {**form, "next": elsewhere}).headers["Location"] == "/"

    def test_a_wrong_password_is_told_and_not_repeated(self):
        self.act_as(None)
        answer = self.client.post("/login", {"username": "viewer", "password": "wr0ng-horse"})
        assert "do not fit together" in words(answer)
        assert "wr0ng-horse" not in answer.content.decode()

    def test_log_out_needs_a_form_and_ends_the_session(self):
        assert self.client.get("/logout").status_code == 405
        assert self.client.post("/logout").headers["Location"] == "/login"
        assert self.client.get("/").status_code == 302


class ErrorPageTests(PagesTestCase):
    def test_a_missing_page_is_explained(self):
        assert "There is no such page" in self.page("/nothing", status=404)
        assert "no model with the id, alias or name 'ghost'" in self.page("/models/ghost", status=404)

    def test_a_slash_too_many_is_forgiven_but_leads_nowhere_else(self):
        assert self.client.get("/models/").headers["Location"] == "/models"
        request = RequestFactory().get("/")
        for path in ("//evil.example/", "//evil.example/models/", "/nothing/"):
            request.path = path
            assert not_found(request, Http404()).status_code == 404

    def test_addresses_that_no_page_writes_are_answered_all_the_same(self):
        for path in ("/models/%00", "/syncs/99999999999999999999", "/jobs/99999999999999999999", "/hosts/x/%00"):
            assert self.client.get(path).status_code == 404, path
        for path in ("/models?q=%00&primary=%00", "/models?page=-1", "/syncs?host=%00&page=x", "/jobs?state=%00"):
            assert self.client.get(path).status_code == 200, path

    def test_a_form_without_its_token_is_refused_with_a_page(self):
        client = Client(enforce_csrf_checks=True)
        answer = client.post("/login", {"username": "viewer", "password": "right horse"})
        assert answer.status_code == 403
        assert "Nothing was changed" in words(answer)

    def test_our_own_failure_needs_neither_session_nor_database(self):
        with self.assertNumQueries(0):
            answer = server_error(RequestFactory().get("/"))
        assert answer.status_code == 500
        assert "Something failed on our side" in words(answer)

    def test_pages_tell_the_browser_to_load_only_what_we_serve(self):
        for path in ("/", "/nothing", "/login"):
            policy = self.client.get(path).headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "script-src 'self';" in policy
        assert "<script>" not in self.source("/") and " style=" not in self.source("/")
