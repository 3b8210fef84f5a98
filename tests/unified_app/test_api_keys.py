from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from tests.unified_app.api_case import ApiTestCase
from unified_app.keys import create_key
from unified_app.models import ApiKey, User


class KeyTests(ApiTestCase):
    role = "Curator"

    def make(self, status: int = 201, **body: object) -> dict:
        answer = self.client.post("/api/keys", {"name": "ci", **body})
        assert answer.status_code == status, answer.content
        return answer.json()

    def use(self, secret: str) -> None:
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")

    def test_a_new_key_is_shown_once_and_works(self):
        made = self.make(scopes=["read"], days=1)
        assert list(made) == ["id", "name", "key", "user", "scopes", "expires_at"]
        assert (made["user"], made["scopes"]) == ("curator", ["read"])
        assert made["key"] not in str(self.get("/api/keys"))
        self.use(made["key"])
        assert self.get("/api/auth/me") == {"username": "curator", "scopes": ["read"], "is_staff": True}

    def test_a_key_grants_at_most_what_it_may_itself(self):
        self.use(self.make(scopes=["read"])["key"])
        error = self.make(400, scopes=["read", "curate"])["error"]
        assert "curate" in error["details"]["scopes"][0]
        assert self.make(scopes=["read"])["scopes"] == ["read"]

    def test_a_session_grants_at_most_what_its_user_may(self):
        self.act_as(None)
        self.client.force_login(self.users["Curator"])
        assert self.make(scopes=["read", "curate"])["expires_at"] is None
        self.make(400, scopes=["operate"])

    def test_a_key_that_ends_makes_keys_that_end_no_later(self):
        self.use(self.make(scopes=["read"], days=1)["key"])
        ends = datetime.fromisoformat(self.make(scopes=["read"])["expires_at"])
        assert abs(ends - timezone.now() - timedelta(days=1)) < timedelta(minutes=1)
        assert "days" in self.make(400, scopes=["read"], days=2)["error"]["details"]

    def test_what_is_wrong_is_told_by_field(self):
        for body, field in (
            ({"scopes": ["fly"]}, "scopes.0"),
            ({"scopes": []}, "scopes"),
            ({}, "scopes"),
            ({"scopes": ["read"], "days": 0}, "days"),
            ({"scopes": ["read"], "days": -1}, "days"),
            ({"scopes": ["read"], "days": 1e300}, "days"),
            ({"scopes": ["read"], "name": "x" * 101}, "name"),
            ({"scopes": ["read"], "user": "operator"}, "user"),
        ):
            with self.subTest(field=field, body=body):
                assert list(self.make(400, **body)["error"]["details"]) == [field]

    def test_people_see_their_own_keys_and_operators_all(self):
        assert [row["user"] for row in self.get("/api/keys")["keys"]] == ["curator"]
        self.act_as("Operator")
        assert len(self.get("/api/keys")["keys"]) == 4

    def test_a_revoked_key_is_worthless_and_still_listed(self):
        made = self.make(scopes=["read"])
        for _ in range(2):
            assert self.client.delete(f"/api/keys/{made['id']}").status_code == 204
        assert self.get(f"/api/keys/{made['id']}")["state"] == "revoked"
        self.use(made["key"])
        self.error(self.client.get("/api/models"), 401)

    def test_other_people_s_keys_are_not_found_but_for_operators(self):
        other = ApiKey.objects.get(user=self.users["Viewer"])
        self.error(self.client.delete(f"/api/keys/{other.pk}"), 404)
        self.act_as("Operator")
        assert self.client.delete(f"/api/keys/{other.pk}").status_code == 204

    def test_a_small_key_cannot_revoke_a_bigger_one_of_its_user(self):
        bigger = ApiKey.objects.get(user=self.users["Curator"])
        self.use(self.make(scopes=["read"])["key"])
        self.error(self.client.delete(f"/api/keys/{bigger.pk}"), 403)


class LogInTests(ApiTestCase):
    role = None

    def log_in(self, username: str = "evaluator", password: str = "right horse"):
        return self.client.post("/api/auth/token/", {"username": username, "password": password})

    def test_the_key_has_the_scopes_of_the_groups_for_twelve_hours(self):
        answer = self.log_in()
        body = answer.json()
        assert (answer.status_code, body["scopes"]) == (200, ["read", "call", "experiment"])
        ends = datetime.fromisoformat(body["expires_at"])
        assert abs(ends - timezone.now() - timedelta(hours=12)) < timedelta(minutes=1)
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {body['key']}")
        assert self.get("/api/auth/me")["username"] == "evaluator"

    def test_what_was_wrong_is_not_told(self):
        User.objects.filter(username="viewer").update(is_active=False)
        messages = {
            self.error(self.log_in(username, password), 401)["message"]
            for username, password in (
                ("evaluator", "wrong"),
                ("nobody", "right horse"),
                ("viewer", "right horse"),
                ("evaluator", " right horse"),
            )
        }
        assert messages == {"The user name or the password is wrong."}

    def test_credentials_of_the_call_do_not_matter(self):
        self.client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
        assert self.log_in().status_code == 200

    def test_a_user_without_a_role_gets_no_key(self):
        User.objects.create_user("nobody", password="right horse")
        assert self.error(self.log_in("nobody"), 403)["code"] == "forbidden"

    def test_fields_are_checked(self):
        for body in ({}, {"username": "x"}, {"username": 5, "password": []}, {"username": "\0", "password": "x"}):
            with self.subTest(body=body):
                self.error(self.client.post("/api/auth/token", body), 400)

    def test_guessing_is_slowed_down(self):
        for _ in range(30):
            self.log_in(password="wrong")
        answer = self.log_in()
        assert self.error(answer, 429)["code"] == "rate_limited"
        assert int(answer["Retry-After"]) > 0

    def test_an_expired_key_is_refused(self):
        key, secret = create_key(user=self.users["Viewer"], name="old", scopes=["read"], days=1)
        ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        self.error(self.client.get("/api/models"), 401)
