from __future__ import annotations

from django.contrib.admin.models import LogEntry

from github_models_app.endpoints.models import Endpoint
from tests.github_models_app.endpoints.endpoint_server import MARK, EndpointServer, endpoint, model, models, sync
from tests.unified_app.admin_case import AdminTestCase
from unified_app.models import HistoryEntry, Job

ENDPOINT = "github_models_app.endpoint"


class EndpointAdminTestCase(AdminTestCase):
    def setUp(self):
        self.server = self.enterContext(EndpointServer("a", "b"))
        self.endpoint = endpoint(self.server.url, token=MARK, headers={"api-key": MARK, "X-Team": MARK})
        self.client.force_login(self.otto)

    def page(self):
        return self.url(ENDPOINT, "change", self.endpoint.pk)

    def save(self, **changes):
        data = {
            "name": "far",
            "url": self.server.url,
            "enabled": "on",
            "timeout": "300",
            "rate_limit_per_minute": "",
            "models": "",
            "new_token": "",
            "new_headers": "",
            **changes,
        }
        response = self.client.post(self.page(), data, follow=True)
        self.endpoint.refresh_from_db()
        return response

    def errors(self, response, field: str) -> str:
        return str(response.context["adminform"].form.errors[field])


class FormTests(EndpointAdminTestCase):
    def test_an_endpoint_is_added_with_all_that_it_may_have(self):
        data = {"name": "azure", "url": "https://a.example/openai/v1/", "enabled": "on", "timeout": "60"}
        data |= {"rate_limit_per_minute": "10", "models": " gpt-4o \n\no3\n", "new_headers": "api-key: abc\nX-B:  c d "}
        self.client.post(self.url(ENDPOINT, "add"), data)
        row = Endpoint.objects.get(name="azure")
        assert (row.url, row.timeout, row.rate_limit_per_minute) == ("https://a.example/openai/v1", 60, 10)
        assert (row.models, row.headers, row.token) == (["gpt-4o", "o3"], {"api-key": "abc", "X-B": "c d"}, "")
        assert HistoryEntry.objects.filter(kind="endpoint", object_id="azure", by="otto", field="headers").exists()

    def test_secrets_are_kept_when_left_empty_replaced_when_written_and_cleared_when_asked(self):
        self.save()
        assert (self.endpoint.token, set(self.endpoint.headers)) == (MARK, {"api-key", "X-Team"})
        self.save(new_token="another", new_headers="x: y")
        assert (self.endpoint.token, self.endpoint.headers) == ("another", {"x": "y"})
        self.save(clear_token="on", clear_headers="on")
        assert (self.endpoint.has_token, self.endpoint.headers) == (False, {})

    def test_secrets_are_on_no_page_and_in_no_record_whoever_looks(self):
        self.save(new_token="x" + MARK, new_headers=f"api-key: {MARK}")
        for user in (self.root, self.otto, self.cora):
            self.client.force_login(user)
            for url in (self.page(), self.url(ENDPOINT), self.url("historyentry"), "/admin/"):
                response = self.client.get(url)
                assert response.status_code == 200
                assert MARK not in response.content.decode(), (user, url)
        assert MARK not in str([*HistoryEntry.objects.values(), *LogEntry.objects.values()])

    def test_the_names_of_headers_are_shown(self):
        assert "X-Team" in self.client.get(self.page()).content.decode()

    def test_what_was_written_is_not_rendered_back_beside_an_error(self):
        response = self.save(url="ftp://x", new_token="x" + MARK, new_headers=f"api-key: {MARK}")
        assert "http:// or https://" in self.errors(response, "url")
        assert MARK not in response.content.decode()

    def test_what_saving_refuses_stands_beside_its_field(self):
        for field, value, told in (
            ("new_token", "two words", "no spaces"),
            ("new_headers", f"Host: {MARK}", "cannot be set"),
            ("new_headers", MARK, "Line 1 is not"),
            ("new_headers", f"X-A: {MARK}\nX-A: other", "stands twice"),
            ("models", "a\nA", "stands twice"),
            ("timeout", "0", "greater than or equal to 1"),
            ("url", "http://169.254.169.254", "not allowed"),
        ):
            with self.subTest(field=field, value=value):
                response = self.save(**{field: value})
                assert told in self.errors(response, field)
                assert MARK not in response.content.decode()

    def test_a_twin_is_told_beside_its_address(self):
        data = {"name": "twin", "url": f"{self.server.url}/v1", "enabled": "on", "timeout": "60", "new_token": MARK}
        data["new_headers"] = f"api-key: {MARK}\nX-Team: {MARK}"
        response = self.client.post(self.url(ENDPOINT, "add"), data)
        assert "with the same key already" in self.errors(response, "url")

    def test_a_new_name_renames_its_models(self):
        sync()
        self.save(name="near")
        assert {row.name for row in models().values()} == {"near/a", "near/b"}

    def test_a_curator_reads_endpoints_and_changes_none(self):
        self.client.force_login(self.cora)
        text = self.client.get(self.page()).content.decode()
        assert "new_token" not in text and "new_headers" not in text
        assert self.save(name="two").status_code == 403
        for action in ("sync_now", "test_connection", "disable"):
            assert self.press(ENDPOINT, action, self.endpoint.pk).status_code == 403


class ActionTests(EndpointAdminTestCase):
    def test_the_connection_is_tested_and_the_outcome_told(self):
        told = self.messages(self.press(ENDPOINT, "test_connection", self.endpoint.pk))
        assert told == "Endpoint far: The server answers with 2 models."

    def test_sync_now_queues_a_job_of_its_own(self):
        told = self.messages(self.act(ENDPOINT, "sync_now", self.endpoint.pk))
        job = Job.objects.get(kind="sync")
        assert job.arguments == {"source": "external", "place": "far"}
        assert self.url("job", "change", job.pk) in told

    def test_disabling_retires_its_models(self):
        sync()
        self.act(ENDPOINT, "disable", self.endpoint.pk)
        assert model("far/a").retired_reason == "endpoint far is disabled"
        self.act(ENDPOINT, "enable", self.endpoint.pk)
        self.endpoint.refresh_from_db()
        assert self.endpoint.enabled

    def test_deleting_tells_what_will_happen_and_then_it_does(self):
        sync()
        url = self.url(ENDPOINT, "delete", self.endpoint.pk)
        text = self.client.get(url).content.decode()
        assert "retired, since no other host has it: far/a" in text
        assert "Delete the endpoint" in text
        self.client.post(url, {"post": "yes"})
        assert model("far/b").retired_reason == "endpoint far was deleted by otto"

    def test_placements_and_runs_lead_to_the_endpoint_by_its_name(self):
        sync()
        assert self.client.get(self.url(ENDPOINT, "by_name", "far")).url == self.page()
        page = self.client.get(self.url("unifiedmodel", "change", model("far/a").pk)).content.decode()
        assert self.url(ENDPOINT, "by_name", "far") in page

    def test_the_list_is_a_constant_number_of_queries(self):
        for number in range(10):
            endpoint(f"http://h{number}", f"h{number}")
        with self.assertNumQueries(7):  # session, user, groups, permissions twice, count, endpoints
            self.client.get(self.url(ENDPOINT))

    def test_the_category_of_all_its_models_is_set_at_once(self):
        sync()
        ids = [row.pk for row in models().values()]
        self.act("unifiedmodel", "set_category", *ids, confirmed="1", category="thinking")
        assert {row.category for row in models().values()} == {"thinking"}
        sync()
        assert {row.category for row in models().values()} == {"thinking"}
