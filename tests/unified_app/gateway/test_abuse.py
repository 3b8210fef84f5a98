"""Requests that no client of good will sends: each is answered clearly, in the caller's shape, and nothing breaks."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import HELLO, GatewayCase
from tests.unified_app.gateway.upstreams import CHAT, OLLAMA, OPENAI

V1, NATIVE = "/v1/chat/completions", "/ollama/api/chat"
BAD_BODIES = {
    "nothing": b"",
    "not JSON": b"hello",
    "a list": b"[]",
    "a string": b'"m"',
    "null": b"null",
    "half": b'{"model": "m"',
    "not a number": b'{"model": "m", "temperature": NaN}',
    "infinity": b'{"model": "m", "temperature": -Infinity}',
    "latin-1": '{"model": "ü"}'.encode("latin-1"),
    "deep": b'{"model":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "no model": b"{}",
    "an empty model": b'{"model": ""}',
    "a model that is a number": b'{"model": 1}',
    "a model that is an object": b'{"model": {"a": 1}}',
}
ODD_NAMES = ["../../etc/passwd", "a/../b", "m\x00", "m\n\nm", "x" * 10_000, "%2e%2e", "m'; DROP TABLE x", "\ud800", " "]


class BodyTests(GatewayCase):
    def setUp(self):
        super().setUp()
        self.server = self.upstream({CHAT: OPENAI, "/api/chat": OLLAMA})
        self.model("m", self.server)

    def test_what_is_not_an_object_with_a_model_is_400(self):
        for what, body in BAD_BODIES.items():
            with self.subTest(what):
                told = self.post(V1, body)
                assert (told.status_code, told.json()["error"]["code"]) == (400, "invalid"), told.text
                told = self.post(NATIVE, body)
                assert told.status_code == 400 and isinstance(told.json()["error"], str)
        assert self.server.requests == []

    def test_a_field_that_is_missing_is_named(self):
        assert self.post(V1, {}).json()["error"]["param"] == "model"

    def test_a_field_that_cannot_be_translated_is_named(self):
        self.model("n", self.server, protocol="ollama")
        told = self.chat("n", options={"num_ctx": "many"})
        assert (told.status_code, told.json()["error"]["param"]) == (400, "options.num_ctx")

    def test_odd_names_of_models_are_not_found(self):
        for name in ODD_NAMES:
            with self.subTest(name=name[:20]):
                for told in (self.chat(name), self.ollama(name, stream=False)):
                    assert told.status_code == 404 and len(told.content) < 1000
                assert self.chat(name).json()["error"]["code"] == "model_not_found"
        assert self.server.requests == []

    def test_odd_numbers_and_text_are_passed_on_or_refused(self):
        for value, status in ((1e308, 200), (10**400, 200), ("\ud83d", 200), ("\x00", 200), (-0.0, 200)):
            with self.subTest(value=repr(value)[:20]):
                assert self.chat("m", custom=value).status_code == status
        assert self.post(V1, b'{"model": "m", "messages": [], "x": 1e999}').status_code in (200, 400)

    def test_a_deep_value_beside_a_model_breaks_nothing(self):
        for depth in (500, 900, 5000, 50_000):
            deep = b"[" * depth + b"]" * depth
            told = self.post(V1, b'{"model": "m", "messages": [], "x": ' + deep + b"}")
            assert told.status_code in (200, 400), (depth, told.status_code)

    def test_the_last_of_two_models_counts_everywhere(self):
        self.post(V1, b'{"model": "no-such", "model": "m", "messages": []}')
        assert self.server.requests[0].json()["model"] == "up-m"


class PathTests(GatewayCase):
    def setUp(self):
        super().setUp()
        self.model("m", self.upstream({CHAT: OPENAI}))

    def test_unknown_paths_are_404_in_the_callers_shape(self):
        for path in ("/v1", "/v1/", "/v1/nothing", "/v1/models/no-such", "/v1/chat", "/v1/..%2f..", "/v1/%0aINFO"):
            told = self.session.get(self.url + path, timeout=10)
            assert (told.status_code, set(told.json())) == (404, {"error"}), path
            assert told.json()["error"]["type"] == "invalid_request_error"
        for path in ("/ollama/api/pull", "/ollama/api/delete", "/ollama/api", "/ollama/nothing"):
            told = self.post(path, {"model": "m"})
            assert told.status_code == 404 and isinstance(told.json()["error"], str)

    def test_a_method_that_a_path_does_not_take_is_405_and_says_which_it_takes(self):
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"):
            told = self.session.request(method, self.url + V1, timeout=10)
            assert (told.status_code, told.headers["allow"]) == (405, "POST")
        for method in ("POST", "PUT", "OPTIONS"):
            told = self.session.request(method, self.url + "/v1/models", timeout=10)
            assert (told.status_code, told.headers["allow"]) == (405, "GET, HEAD")

    def test_head_has_no_body(self):
        for path in ("/v1/models", "/ollama/api/tags", "/ollama/", "/ollama"):
            told = self.session.head(self.url + path, timeout=10)
            assert (told.status_code, told.content) == (200, b"")

    def test_a_trailing_slash_changes_nothing(self):
        assert self.post(V1 + "/", {"model": "m", "messages": HELLO}).status_code == 200
        assert self.session.get(self.url + "/v1/models/", timeout=10).json()["data"]

    def test_routes_that_come_later_are_refused_in_their_own_shape(self):
        for path in ("/v1/responses", "/v1/rerank"):
            told = self.post(path, {"model": "m"})
            assert (told.status_code, told.json()["error"]["code"]) == (501, "unsupported")
            assert told.headers["x-should-retry"] == "false"
        told = self.post("/v1/messages", {"model": "m"})
        assert told.status_code == 501
        assert (told.json()["type"], told.json()["error"]["type"]) == ("error", "api_error")

    def test_liveness_needs_no_key(self):
        self.session.headers.clear()
        for path in ("/ollama", "/ollama/"):
            assert self.session.get(self.url + path, timeout=10).text == "Ollama is running"


class WireTests(GatewayCase):
    def raw(self, data: bytes) -> bytes:
        host, port = urlsplit(self.url).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(data)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
                if b"\r\n\r\n" in answer and b"connection: close" not in answer.lower():
                    break
            return answer

    def test_many_or_long_headers_are_431(self):
        many = "".join(f"X-{n}: 1\r\n" for n in range(10_000))
        for headers in (many, "X-Long: " + "x" * 70_000 + "\r\n"):
            answer = self.raw(f"GET /v1/models HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 431")
            assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "headers_too_large"

    def test_what_is_not_http_is_400(self):
        assert self.raw(b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400")

    def test_two_calls_sent_at_once_are_answered_in_order(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        body = json.dumps({"model": "m", "messages": HELLO}).encode()
        auth = f"Host: x\r\nAuthorization: Bearer {self.key}\r\n"
        first = f"POST {V1} HTTP/1.1\r\n{auth}Content-Length: {len(body)}\r\n\r\n".encode() + body
        second = f"GET /ollama/api/version HTTP/1.1\r\n{auth}Connection: close\r\n\r\n".encode()
        host, port = urlsplit(self.url).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(first + second)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        assert answer.count(b"HTTP/1.1 200") == 2 and answer.rstrip().endswith(b"}")
        self.idle()


class LogTests(GatewayCase):
    @pytest.fixture(autouse=True)
    def _logs(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("DEBUG")
        self.caplog = caplog

    def test_a_call_has_a_line_with_its_id_and_no_line_has_a_prompt(self):
        words = "xylophone-secret-prompt"
        echo = json.dumps({"error": {"message": f"cannot do {words}"}}).encode()
        answers = {
            CHAT: OPENAI,
            "/api/chat": lambda c, r: c.sendall(b"HTTP/1.1 200 OK\r\n\r\n{{" + echo) or c.shutdown(2),
        }
        self.model("m", self.upstream(answers))
        self.model("n", self.upstream(answers), protocol="ollama")
        for called in ("m", "n", words):
            for path in (V1, NATIVE):
                body = {"model": called, "messages": [{"role": "user", "content": words}], "num_ctx": 7}
                self.post(path, body, headers={"X-Request-ID": f"call-{called}"})
        self.post(V1, words)
        # A line is written once the answer has been sent.
        wait_until(lambda: self.caplog.text.count(f"POST {V1} ") == 4, 2, "all lines are written")
        assert "call-m" in self.caplog.text and " 200 " in self.caplog.text
        assert words not in self.caplog.text.replace(f"call-{words}", "")

    def test_a_path_cannot_forge_a_line(self):
        self.session.get(self.url + "/v1/%0AINFO%20forged%20line", timeout=10)
        wait_until(lambda: "%0AINFO" in self.caplog.text, 2, "the line is written")
        assert "INFO forged" not in self.caplog.text
