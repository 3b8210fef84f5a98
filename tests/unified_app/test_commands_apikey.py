from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase

from tests.unified_app.api_case import user_with
from unified_app.keys import find_key
from unified_app.models import ApiKey


def apikey(*arguments: str) -> str:
    out = io.StringIO()
    call_command("apikey", *arguments, stdout=out)
    return out.getvalue()


class ApiKeyCommandTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        user_with("Viewer")

    def create(self, *more: str) -> str:
        return apikey("create", "ci", "--user", "viewer", "--scopes", "read,call", *more)

    def test_create_prints_the_secret_last(self):
        secret = self.create().splitlines()[-1]
        assert find_key(secret).name == "ci"

    def test_json_is_one_object_with_the_contract_s_keys(self):
        made = json.loads(self.create("--days", "7", "--json"))
        assert list(made) == ["id", "name", "key", "user", "scopes", "expires_at"]
        assert (made["user"], made["scopes"]) == ("viewer", ["read", "call"])
        assert made["expires_at"].endswith("Z")
        assert json.loads(self.create("--json"))["expires_at"] is None

    def test_list_shows_keys_without_their_secrets(self):
        secret = self.create().splitlines()[-1]
        assert "ci" in apikey("list")
        assert [row["name"] for row in json.loads(apikey("list", "--user", "viewer", "--json"))["keys"]] == ["ci"]
        assert secret not in apikey("list") + apikey("list", "--json")

    def test_revoke_makes_it_worthless(self):
        secret = self.create().splitlines()[-1]
        key = ApiKey.objects.get()
        assert "revoked" in apikey("revoke", str(key.pk))
        assert find_key(secret) is None
        assert json.loads(apikey("revoke", str(key.pk), "--json"))["state"] == "revoked"

    def test_what_cannot_be_done_is_one_line(self):
        for arguments, told in (
            (["create", "x", "--user", "nobody", "--scopes", "read"], "no user 'nobody'"),
            (["create", "x", "--user", "viewer", "--scopes", "fly"], "unknown: fly"),
            (["create", "x", "--user", "viewer", "--scopes", "operate"], "does not have: operate"),
            (["create", "x", "--user", "viewer", "--scopes", ","], "none given"),
            (["create", "x", "--user", "viewer", "--scopes", "read", "--days", "-1"], "above 0"),
            (["create", "x" * 101, "--user", "viewer", "--scopes", "read"], "1 to 100 characters"),
            (["revoke", "99"], "no key 99"),
            (["revoke", "9" * 30], "no key"),
            (["list", "--user", "nobody"], "no user"),
        ):
            with self.subTest(arguments=arguments), pytest.raises(CommandError) as raised:
                apikey(*arguments)
            assert told in str(raised.value)
            assert "\n" not in str(raised.value)
