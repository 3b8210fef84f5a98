from __future__ import annotations

import io
import json
import os
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase

from github_models_app.endpoints.models import Endpoint
from tests.github_models_app.endpoints.endpoint_server import MARK, EndpointServer, models, sync


@mock.patch.dict(os.environ, {"MY_KEY": MARK})
class EndpointCommandTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(EndpointServer("a"))

    def run_it(self, *arguments: str) -> str:
        out = io.StringIO()
        call_command("endpoint", *arguments, stdout=out)
        assert MARK not in out.getvalue()
        return out.getvalue()

    def add(self, *more: str) -> str:
        return self.run_it("add", "far", self.server.url, "--key-from", "MY_KEY", "--header", "api-key=MY_KEY", *more)

    def test_an_endpoint_is_added_with_secrets_from_the_environment(self):
        made = json.loads(self.add("--timeout", "9", "--json"))
        assert (made["name"], made["has_key"], made["headers"], made["timeout"]) == ("far", True, ["api-key"], 9)
        row = Endpoint.objects.get()
        assert (row.token, row.headers) == (MARK, {"api-key": MARK})

    def test_only_what_is_named_is_changed(self):
        self.add("--rate-limit-per-minute", "5")
        self.run_it("set", "far", "--name", "near", "--models", "a", "b")
        row = Endpoint.objects.get()
        assert (row.name, row.models, row.rate_limit_per_minute, row.token) == ("near", ["a", "b"], 5, MARK)
        self.run_it("set", "near", "--models", "--disable")
        row.refresh_from_db()
        assert (row.models, row.enabled) == ([], False)

    def test_they_are_listed_tested_and_deleted(self):
        self.add()
        sync()
        assert self.run_it("list").splitlines()[1].split()[1] == "far"
        assert json.loads(self.run_it("list", "--json"))["endpoints"][0]["models"] == 1
        assert self.run_it("test", "far") == "The server answers with 1 model.\n"
        self.run_it("delete", "far")
        assert models()["a"].retired_reason == "endpoint far was deleted by shell"

    def test_what_is_wrong_is_one_line(self):
        for arguments, told in (
            (("add", "far", "ftp://x"), "http:// or https://"),
            (("add", "far", "http://x", "--key-from", "NOT_THERE"), "no variable 'NOT_THERE'"),
            (("test", "nope"), "no endpoint with the id or name 'nope'"),
        ):
            with self.subTest(arguments), pytest.raises(CommandError, match=told):
                self.run_it(*arguments)

    def test_a_test_that_fails_is_an_error(self):
        self.add()
        Endpoint.objects.update(url="http://127.0.0.1:9")
        with pytest.raises(CommandError, match="Nothing answers"):
            self.run_it("test", "far")
