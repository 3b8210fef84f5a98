from __future__ import annotations

from django.test import override_settings

from github_models_app.endpoints.models import Endpoint
from tests.github_models_app.endpoints.endpoint_server import MARK, EndpointServer, endpoint, models, sync
from tests.unified_app.api_case import ApiTestCase
from unified_app import jobs
from unified_app.models import Job

NEW = {
    "name": "vllm",
    "base_url": "gpu1.example:8000/v1/",
    "key": MARK,
    "headers": {"api-key": MARK},
    "models": ["a"],
    "timeout": 60,
    "rate_limit_per_minute": 10,
}


class EndpointApiTests(ApiTestCase):
    role = "Operator"

    def test_a_new_endpoint_is_told_without_its_secrets(self):
        answer = self.client.post("/api/endpoints", NEW)
        body = answer.json()
        assert (answer.status_code, answer["Location"]) == (201, f"/api/endpoints/{body['id']}")
        told = {name: body[name] for name in ("name", "base_url", "has_key", "enabled", "state", "last_seen", "models")}
        assert told == {
            "name": "vllm",
            "base_url": "http://gpu1.example:8000/v1",
            "has_key": True,
            "enabled": True,
            "state": "unknown",
            "last_seen": None,
            "models": 0,
        }
        assert (body["headers"], body["typed_models"]) == (["api-key"], ["a"])
        assert (body["timeout"], body["rate_limit_per_minute"], body["origin"]) == (60, 10, "manual")
        row = Endpoint.objects.get()
        assert (row.token, row.headers) == (MARK, {"api-key": MARK})

    def test_the_list_is_a_constant_number_of_queries(self):
        for number in range(20):
            endpoint(f"http://h{number}", f"h{number}", headers={"x": "y"})
        self.get("/api/endpoints")
        with self.assertNumQueries(4):  # key, groups, count, endpoints
            assert len(self.get("/api/endpoints")["endpoints"]) == 20

    def test_id_and_name_mean_the_same_endpoint(self):
        row = endpoint("http://x")
        assert self.get(f"/api/endpoints/{row.pk}") == self.get("/api/endpoints/far/")
        self.error(self.client.get("/api/endpoints/nope"), 404)

    def test_a_change_keeps_the_secrets_that_it_does_not_name(self):
        self.client.post("/api/endpoints", NEW)
        body = self.client.patch("/api/endpoints/vllm", {"enabled": False, "models": []}).json()
        assert (body["has_key"], body["headers"], body["enabled"], body["typed_models"]) == (
            True,
            ["api-key"],
            False,
            [],
        )
        body = self.client.patch("/api/endpoints/vllm", {"key": None, "headers": {"X-Team": "us"}}).json()
        assert (body["has_key"], body["headers"]) == (False, ["X-Team"])
        assert self.client.patch("/api/endpoints/vllm", {"headers": None}).json()["headers"] == []
        assert self.client.patch("/api/endpoints/vllm", {"rate_limit_per_minute": None}).status_code == 200

    def test_what_is_wrong_is_told_by_field(self):
        good = {"name": "x", "base_url": "http://x"}
        for body, fields in (
            ({}, {"name", "base_url"}),
            ({**good, "name": "a/b"}, {"name"}),
            ({**good, "base_url": "ftp://x"}, {"base_url"}),
            ({**good, "base_url": "http://169.254.169.254/v1"}, {"base_url"}),
            ({**good, "base_url": "http://[fe80::1]/v1"}, {"base_url"}),
            ({**good, "base_url": "http://metadata.google.internal"}, {"base_url"}),
            ({**good, "base_url": "http://2852039166"}, {"base_url"}),
            ({**good, "base_url": "http://user:pw@x"}, {"base_url"}),
            ({**good, "base_url": "http://x?key=1"}, {"base_url"}),
            ({**good, "key": "two words"}, {"key"}),
            ({**good, "headers": {"Host": "y"}}, {"headers"}),
            ({**good, "headers": {"x": "a\r\nb: c"}}, {"headers"}),
            ({**good, "headers": ["x"]}, {"headers"}),
            ({**good, "timeout": 0}, {"timeout"}),
            ({**good, "timeout": 4000}, {"timeout"}),
            ({**good, "rate_limit_per_minute": 0}, {"rate_limit_per_minute"}),
            ({**good, "models": ["a", "a"]}, {"models"}),
            ({**good, "models": "a"}, {"models"}),
            ({**good, "url": "typo"}, {"url"}),
        ):
            with self.subTest(body=body):
                assert set(self.error(self.client.post("/api/endpoints", body), 400)["details"]) == fields
        assert not Endpoint.objects.exists()

    def test_only_operators_change_or_ask(self):
        row = endpoint("http://x")
        for role in ("Viewer", "Evaluator", "Curator", None):
            self.act_as(role)
            status = 403 if role else 401
            for answer in (
                self.client.post("/api/endpoints", NEW),
                self.client.patch("/api/endpoints/far", {"enabled": False}),
                self.client.delete("/api/endpoints/far"),
                self.client.post("/api/endpoints/far/test"),
                self.client.post("/api/endpoints/far/sync"),
            ):
                self.error(answer, status)
        self.act_as("Viewer")
        assert self.get("/api/endpoints")["count"] == 1
        row.refresh_from_db()
        assert row.enabled

    def test_a_connection_test_tells_what_it_found(self):
        with EndpointServer("a", "b") as server:
            endpoint(server.url)
            body = self.client.post("/api/endpoints/far/test").json()
            assert (body["ok"], body["code"], body["models"]) == (True, "ok", 2)
        Endpoint.objects.update(url="http://127.0.0.1:9")
        body = self.client.post("/api/endpoints/far/test").json()
        assert (body["ok"], body["code"], body["models"]) == (False, "upstream_unreachable", None)
        row = self.get("/api/endpoints/far")
        assert (row["state"], row["error"], bool(row["down_since"])) == ("down", body["message"], True)

    def test_a_sync_of_one_endpoint_is_a_job_of_its_own(self):
        endpoint("http://x")
        answer = self.client.post("/api/endpoints/far/sync?async=true")
        job = answer.json()["job"]
        assert (answer.status_code, answer["Location"]) == (202, f"/api/jobs/{job['id']}")
        assert Job.objects.get(pk=job["id"]).arguments == {"source": "external", "place": "far"}
        self.error(self.client.post("/api/endpoints/nope/sync?async=true"), 404)
        Endpoint.objects.update(enabled=False)
        self.error(self.client.post("/api/endpoints/far/sync?async=true"), 404)

    def test_deleting_an_endpoint_retires_its_models(self):
        with EndpointServer("a") as server:
            endpoint(server.url)
            sync()
        assert self.get("/api/endpoints/far")["models"] == 1
        assert self.client.delete("/api/endpoints/far").status_code == 204
        assert models()["a"].retired_reason == "endpoint far was deleted by operator"

    def test_its_models_are_listed_as_external_with_where_they_are(self):
        with EndpointServer("a") as server:
            endpoint(server.url)
            sync()
        (row,) = self.get("/api/models/unified", source="external")["models"]
        assert (row["name"], row["hosts"], row["source"], row["category"]) == ("far/a", ["far"], "external", "external")
        (place,) = self.get("/api/models/far/a")["placements"]
        assert (place["host"], place["base_url"], place["protocol"]) == ("far", f"{server.url}/v1", "openai")


class SyncResultTests(ApiTestCase):
    role = "Operator"

    def test_the_result_of_the_job_is_the_body_of_a_sync(self):
        with EndpointServer("a") as server:
            endpoint(server.url)
            job_id = self.client.post("/api/endpoints/far/sync?async=true").json()["job"]["id"]
            jobs.run(job_id)
        result = self.get(f"/api/jobs/{job_id}")["result"]
        assert (result["result"], result["created"], result["categories"]) == ("success", 1, {"external": 1})

    @override_settings(PUBLIC_READ=True)
    def test_who_reads_without_a_key_sees_no_secret(self):
        endpoint("http://x", token=MARK, headers={"api-key": MARK})
        self.act_as(None)
        assert MARK not in str(self.get("/api/endpoints"))
