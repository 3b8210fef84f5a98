from __future__ import annotations

import logging
import traceback
from io import StringIO

import pytest
from django.core.management import call_command

from github_models_app.endpoints.client import EndpointClient
from github_models_app.endpoints.connection import client_for
from github_models_app.endpoints.endpoints import ENDPOINTS
from github_models_app.endpoints.models import Endpoint
from tests.github_models_app.endpoints.endpoint_server import EndpointServer, endpoint
from tests.nasty_server import Request, json_reply
from tests.unified_app.api_case import ApiTestCase
from unified_app import jobs
from unified_app.errors import UpstreamError
from unified_app.models import HistoryEntry, Job, SyncRun

KEY, VALUE, WORD = "kkey-MARK-1", "hvalue-MARK-2", "wword-MARK-3"
HEADERS = {"api-key": VALUE, "X-Sign": f"Custom {WORD}"}
SECRETS = (KEY, VALUE, WORD)


class SecretTests(ApiTestCase):
    role = "Operator"

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(EndpointServer("a"))
        self.said: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: self.said.append(logging.Formatter().format(record))
        logging.getLogger().addHandler(handler)
        self.addCleanup(logging.getLogger().removeHandler, handler)

    def echo(self, status: int) -> None:
        """From now on the server repeats what it was sent, in all the ways that it can."""

        def answer(connection, request: Request) -> None:
            # Also word by word: a scheme's name may be left out.
            sent = " ".join(word for value in request.headers.values() for word in (value, *reversed(value.split())))
            words = {"error": {"message": f"bad: {sent}", "code": sent, "param": sent}, "object": sent, "data": sent}
            json_reply(words, status, f"X-Echo: {sent}", f"Location: http://x/{sent}")(connection, request)

        self.server.answers["/v1/models"] = answer

    def assert_secret(self, *told: object) -> None:
        for secret in SECRETS:
            assert secret not in " ".join(map(str, told)) + " ".join(self.said)

    def test_no_answer_record_or_log_tells_a_secret_when_the_upstream_repeats_it(self):
        added = self.client.post(
            "/api/endpoints", {"name": "far", "base_url": self.server.url, "key": KEY, "headers": HEADERS}
        )
        changed = self.client.patch("/api/endpoints/far", {"key": KEY, "headers": HEADERS, "timeout": 9})
        self.assert_secret(added.content, changed.content)
        for status in (200, 301, 400, 401, 403, 404, 429, 500):
            with self.subTest(status):
                self.echo(status)
                tested = self.client.post("/api/endpoints/far/test")
                job_id = self.client.post("/api/endpoints/far/sync?async=true").json()["job"]["id"]
                jobs.run(job_id)
                answers = [
                    self.client.get(path).content.decode()
                    for path in (
                        "/api/endpoints",
                        "/api/endpoints/far",
                        f"/api/jobs/{job_id}",
                        "/api/sync-runs",
                        "/api/sources",
                    )
                ]
                assert tested.json()["ok"] is False
                self.assert_secret(tested.content, *answers)
        rows = [
            *HistoryEntry.objects.values(),
            *Job.objects.values(),
            *SyncRun.objects.values(),
            *Endpoint.objects.values(),
        ]
        self.assert_secret(*rows)
        assert any(KEY in value for value in self.server.requests[0].headers.values())

    def test_no_repr_or_traceback_tells_a_secret(self):
        row = endpoint(self.server.url, token=KEY, headers=HEADERS)
        client = client_for(row)
        self.echo(400)
        with pytest.raises(UpstreamError) as caught:
            client.listing()
        self.assert_secret(repr(row), repr(client), repr(client.http), *traceback.format_exception(caught.value))
        assert isinstance(client, EndpointClient)

    def test_a_dump_of_the_database_holds_none(self):
        endpoint(self.server.url, token=KEY, headers=HEADERS)
        ENDPOINTS.test(Endpoint.objects.get())
        out = StringIO()
        call_command("dumpdata", "github_models_app", "unified_app", stdout=out)
        self.assert_secret(out.getvalue())
        assert "far" in out.getvalue()
