from __future__ import annotations

import json

from django.test import override_settings

from tests.github_models_app.endpoints.endpoint_server import EndpointServer, endpoint, sync
from tests.nasty_server import Request, json_reply, reply
from tests.unified_app.gateway.gateway_case import GatewayCase

ONLY_ENDPOINTS = {"external": "github_models_app.endpoints.source.EndpointSource"}
KEY, VALUE, WORD = "kkey-MARK-1", "hvalue-MARK-2", "wword/MARK-3"


@override_settings(MODEL_SOURCES=ONLY_ENDPOINTS)
class CalledTests(GatewayCase):
    """Models of endpoints, called through the gateway."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(EndpointServer("a"))
        endpoint(self.server.url, token=KEY, headers={"api-key": VALUE, "X-Sign": f"Custom {WORD}"})
        sync()
        self.told()

    def test_an_error_that_repeats_what_it_was_sent_tells_the_caller_no_secret(self):
        def echo(connection, request: Request) -> None:
            words = " ".join(word for value in request.headers.values() for word in (value, *value.split()[1:]))
            json_reply({"error": {"message": f"Wrong: {words}", "code": words, "param": words}}, 401)(
                connection, request
            )

        self.server.answers["/v1/chat/completions"] = echo
        told = self.chat("far/a")
        assert told.json()["error"]["message"].startswith("Wrong: ")
        sent = " ".join(self.server.requests[-1].headers.values())
        for secret in (KEY, VALUE, WORD):
            assert secret in sent
            assert secret not in told.text

    def test_an_error_in_a_good_answer_or_in_mid_stream_tells_no_secret_either(self):
        whole = json.dumps({"error": {"message": f"Wrong: {KEY} {VALUE} {WORD}"}})
        stream = f'data: {{"choices": [{{"delta": {{"content": "x"}}}}]}}\n\ndata: {whole}\n\n'
        for is_stream, kind, text in ((True, "text/event-stream", stream), (False, "application/json", whole)):
            with self.subTest(stream=is_stream):
                self.server.answers["/v1/chat/completions"] = reply(text.encode(), kind=kind)
                told = self.chat("far/a", stream=is_stream)
                assert "Wrong: " in told.text
                for secret in (KEY, VALUE, WORD):
                    assert secret not in told.text
