from __future__ import annotations

from ollama_app.models import Host
from tests.unified_app.api_case import ApiTestCase, register
from unified_app.models import HistoryEntry, UnifiedModel

NEW = {"name": "gpu1", "url": "gpu1.example:11434/", "token": "s3cret"}


class HostTests(ApiTestCase):
    role = "Operator"

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        Host.objects.all().delete()
        cls.host = Host.objects.create(name="one", url="http://127.0.0.1:9")

    def test_hosts_are_listed_with_how_many_models_each_answers_for(self):
        Host.objects.create(name="two", url="http://two")
        register("a")
        register("b")
        body = self.get("/api/ollama/hosts")
        assert [(row["name"], row["models"]) for row in body["hosts"]] == [("one", 2), ("two", 0)]

    def test_the_list_is_a_constant_number_of_queries(self):
        self.get("/api/ollama/hosts")
        for number in range(20):
            Host.objects.create(name=f"h{number}", url="http://h")
        with self.assertNumQueries(4):  # key, groups, count, hosts
            assert len(self.get("/api/ollama/hosts")["hosts"]) == 21

    def test_a_new_host_keeps_its_token_to_itself(self):
        answer = self.client.post("/api/ollama/hosts", NEW)
        body = answer.json()
        assert (answer.status_code, answer["Location"]) == (201, f"/api/ollama/hosts/{body['id']}")
        assert (body["url"], body["has_token"], body["state"]) == ("http://gpu1.example:11434", True, "unknown")
        assert "s3cret" not in answer.content.decode()
        assert "s3cret" not in str(list(HistoryEntry.objects.values()))
        assert Host.objects.get(name="gpu1").token == "s3cret"

    def test_id_and_name_mean_the_same_host(self):
        assert self.get(f"/api/ollama/hosts/{self.host.pk}") == self.get("/api/ollama/hosts/one/")

    def test_a_host_that_is_named_like_an_id_is_found_by_its_name(self):
        Host.objects.create(name=str(self.host.pk), url="http://other")
        assert self.get(f"/api/ollama/hosts/{self.host.pk}")["url"] == "http://other"

    def test_the_token_stays_until_it_is_cleared(self):
        self.client.post("/api/ollama/hosts", NEW)
        assert self.client.patch("/api/ollama/hosts/gpu1", {"enabled": False}).json()["has_token"] is True
        assert self.client.patch("/api/ollama/hosts/gpu1", {"token": None}).json()["has_token"] is False

    def test_a_new_name_takes_the_models_along(self):
        register("a")
        body = self.client.patch("/api/ollama/hosts/one", {"name": "renamed"}).json()
        assert (body["name"], body["models"]) == ("renamed", 1)
        self.error(self.client.get("/api/ollama/hosts/one"), 404)

    def test_deleting_a_host_retires_what_only_it_had(self):
        register("a")
        register("b")
        register("b", place="two")
        assert self.client.delete("/api/ollama/hosts/one").status_code == 204
        assert UnifiedModel.objects.get(name="a").retired_reason == "host one was deleted by operator"
        assert not UnifiedModel.objects.get(name="b").is_retired

    def test_a_connection_test_tells_what_is_wrong_with_the_host(self):
        body = self.client.post("/api/ollama/hosts/one/test").json()
        assert list(body) == ["ok", "code", "message", "version", "models"]
        assert (body["ok"], body["code"]) == (False, "upstream_unreachable")
        assert self.get("/api/ollama/hosts/one")["state"] == "down"

    def test_what_is_wrong_is_told_by_field(self):
        for body, fields in (
            ({}, {"name", "url"}),
            ({"name": "a b", "url": "http://x"}, {"name"}),
            ({"name": "one", "url": "http://x"}, {"name"}),
            ({"name": "x", "url": "ftp://x"}, {"url"}),
            ({"name": "x", "url": "http://169.254.169.254"}, {"url"}),
            ({"name": "x", "url": "http://user:pw@x"}, {"url"}),
            ({"name": "x" * 61, "url": "http://" + "x" * 300}, {"name", "url"}),
            ({"name": "x", "url": "http://x", "tokn": "typo"}, {"tokn"}),
            ({"name": "x", "url": "http://x", "enabled": "maybe"}, {"enabled"}),
        ):
            with self.subTest(body=body):
                assert set(self.error(self.client.post("/api/ollama/hosts", body), 400)["details"]) == fields
        assert Host.objects.count() == 1

    def test_unknown_hosts_are_not_found(self):
        for called in ("nope", "99", "9" * 40, "%00", "a%20b"):
            with self.subTest(called=called):
                self.error(self.client.patch(f"/api/ollama/hosts/{called}", {"enabled": True}), 404)
