from __future__ import annotations

from django.contrib.auth.models import Group
from django.test import override_settings
from rest_framework.test import APIClient

from tests.unified_app.api_case import ApiTestCase, register
from unified_app.models import ApiKey


class BadRequestTests(ApiTestCase):
    """Whatever is sent, the answer is an error in the one shape and never a 500."""

    role = "Curator"

    def setUp(self):
        super().setUp()
        register("chat:8b")

    def send(self, body: bytes | str, content_type: str = "application/json"):
        return self.client.patch("/api/models/chat:8b", body, content_type=content_type)

    def test_bodies_that_are_no_json_are_invalid(self):
        for body in (b"{", b"", b"nonsense", b'{"notes": NaN}', b'{"notes": "\xff"}', b"[" * 200_000):
            with self.subTest(body=body[:20]):
                answer = self.send(body)
                if body:
                    assert self.error(answer, 400)["code"] == "invalid"

    def test_text_that_no_database_holds_is_invalid(self):
        for body in (rb'{"notes": "\ud800"}', rb'{"\udfff": 1}', rb'{"notes": "\u0000"}', rb'{"tags": ["\u0000"]}'):
            with self.subTest(body=body):
                assert self.error(self.send(body), 400)["code"] == "invalid"
        assert self.send(rb'{"notes": "\ud83d\ude00"}').json()["notes"] == "😀"

    def test_a_body_of_another_shape_is_invalid(self):
        for body in ("[1]", '"text"', "5", "null", "true"):
            with self.subTest(body=body):
                self.error(self.send(body), 400)

    def test_another_content_type_is_told(self):
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            with self.subTest(content_type=content_type):
                assert self.error(self.send("a=b", content_type), 415)["code"] == "unsupported_media_type"

    @override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
    def test_a_body_beyond_the_limit_is_too_large(self):
        assert self.error(self.send('{"notes": "' + "x" * 1000 + '"}'), 413)["code"] == "too_large"

    def test_a_method_that_a_path_does_not_know_is_told(self):
        assert self.error(self.client.put("/api/models/chat:8b", {}), 405)["code"] == "method_not_allowed"
        assert self.error(self.client.get("/api/models/sync"), 405)["code"] == "method_not_allowed"

    def test_odd_paths_are_not_found(self):
        for path in (
            "/api/",
            "/api/nothing",
            "/api/models/%00",
            "/api/models/chat%00/history",
            "/api/models/%FF%FE",
            "/api/models/" + "x" * 3000,
            "/api/models/categories/%00",
            "/api/jobs/" + "9" * 30,
            "/api/jobs/" + "9" * 5000,
            "/api/jobs/abc",
            "/api/keys/-1",
        ):
            with self.subTest(path=path[:40]):
                assert self.error(self.client.get(path), 404)["code"] == "not_found"

    def test_odd_filters_are_invalid(self):
        for path in (
            "/api/models?q=%00",
            "/api/models?host=%00",
            "/api/models?category=%00",
            "/api/models?q=" + "x" * 501,
            "/api/placements?model=%00",
            "/api/placements?state=nonsense",
            "/api/versions?model=%00",
            "/api/sync-runs?job=abc",
            "/api/sync-runs?job=0",
            "/api/sync-runs?job=1.5",
            "/api/sync-runs?job=" + "9" * 30,
            "/api/sync-runs?state=nonsense",
            "/api/jobs?kind=nonsense",
            "/api/jobs?state=nonsense",
        ):
            with self.subTest(path=path[:60]):
                assert self.error(self.client.get(path), 400)["code"] == "invalid"


class WhoMayTests(ApiTestCase):
    WRITES = (
        ("patch", "/api/models/chat:8b", "Curator"),
        ("delete", "/api/models/chat:8b", "Curator"),
        ("post", "/api/models/chat:8b/restore", "Curator"),
        ("post", "/api/models/sync", "Operator"),
        ("post", "/api/ollama/sync", "Operator"),
        ("post", "/api/jobs/1/cancel", "Operator"),
        ("post", "/api/jobs/1/retry", "Operator"),
        ("post", "/api/ollama/hosts", "Operator"),
        ("patch", "/api/ollama/hosts/one", "Operator"),
        ("delete", "/api/ollama/hosts/one", "Operator"),
        ("post", "/api/ollama/hosts/one/test", "Operator"),
    )
    BELOW = {"Curator": "Evaluator", "Operator": "Curator"}
    READS = (
        "/api/models",
        "/api/models/unified",
        "/api/models/categories",
        "/api/models/categories/vision",
        "/api/placements",
        "/api/versions",
        "/api/sources",
        "/api/sync-runs",
        "/api/jobs",
        "/api/keys",
        "/api/auth/me",
        "/api/ollama/categories",
        "/api/ollama/models/vision",
        "/api/ollama/hosts",
    )

    def test_writing_needs_its_scope(self):
        for method, path, role in self.WRITES:
            with self.subTest(method=method, path=path):
                self.act_as(self.BELOW[role])
                assert self.error(getattr(self.client, method)(path), 403)["code"] == "forbidden"

    def test_nobody_may_anything_without_a_key(self):
        self.act_as(None)
        calls = [("get", path) for path in self.READS] + [(method, path) for method, path, _ in self.WRITES]
        for method, path in [*calls, ("post", "/api/keys"), ("delete", "/api/keys/1")]:
            with self.subTest(method=method, path=path):
                answer = getattr(self.client, method)(path)
                assert self.error(answer, 401)["code"] == "unauthenticated"
                assert answer["WWW-Authenticate"] == "Bearer"

    def test_a_key_without_read_reads_nothing(self):
        ApiKey.objects.update(scopes=["call"])
        for path in set(self.READS) - {"/api/auth/me"}:
            with self.subTest(path=path):
                assert "`read`" in self.error(self.client.get(path), 403)["message"]

    @override_settings(PUBLIC_READ=True)
    def test_public_read_opens_reading_but_neither_keys_nor_writing(self):
        self.act_as(None)
        for path in set(self.READS) - {"/api/keys", "/api/auth/me"}:
            with self.subTest(path=path):
                self.get(path)
        for method, path in (("get", "/api/keys"), ("get", "/api/auth/me"), ("post", "/api/models/sync")):
            with self.subTest(path=path):
                self.error(getattr(self.client, method)(path), 401)

    def test_a_bad_key_is_refused_even_where_reading_is_open(self):
        self.client.credentials(HTTP_AUTHORIZATION="Bearer mr_nonsense")
        self.error(self.client.get("/api/models"), 401)

    def test_a_session_reads_and_writes_with_a_csrf_token_only(self):
        register("chat:8b")
        browser = APIClient(enforce_csrf_checks=True)
        browser.force_login(self.users["Curator"])
        assert browser.get("/api/models").status_code == 200
        assert "CSRF" in self.error(browser.patch("/api/models/chat:8b", {"owner": "me"}), 403)["message"]
        browser.cookies["csrftoken"] = "t" * 32
        answer = browser.patch("/api/models/chat:8b", {"owner": "me"}, HTTP_X_CSRFTOKEN="t" * 32)
        assert answer.json()["owner"] == "me"

    def test_losing_a_role_takes_its_scopes_from_the_keys(self):
        self.act_as("Operator")
        self.users["Operator"].groups.set([Group.objects.get(name="Viewer")])
        assert self.get("/api/auth/me")["scopes"] == ["read", "call"]
        self.error(self.client.post("/api/models/sync"), 403)
