"""Who may call: refused cheaply, before a body is read, in the caller's own shape."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import requests
from django.test import override_settings
from django.utils import timezone

from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import HELLO, GatewayCase
from tests.unified_app.gateway.upstreams import CHAT, OPENAI
from unified_app.gateway.admission import KeyLook
from unified_app.gateway.limits import RequestLimiter
from unified_app.keys import create_key, revoke
from unified_app.models import ApiKey
from unified_app.service_key import service_key

V1, NATIVE, MESSAGES = "/v1/chat/completions", "/ollama/api/chat", "/v1/messages"


class KeyTests(GatewayCase):
    def setUp(self):
        super().setUp()
        self.server = self.upstream({CHAT: OPENAI})
        self.model("m", self.server)

    def with_key(self, key: str | None, path: str = V1) -> requests.Response:
        headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
        return requests.post(self.url + path, json={"model": "m", "messages": HELLO}, headers=headers, timeout=10)

    def test_no_key_a_wrong_one_and_another_scheme_are_401(self):
        for key in (None, "", "mr_wrong", self.key + "x", self.key[:-1]):
            told = self.with_key(key)
            assert (told.status_code, told.json()["error"]["code"]) == (401, "invalid_api_key")
            assert told.headers["www-authenticate"] == "Bearer" and told.headers["x-request-id"]
        basic = requests.post(self.url + V1, json={}, auth=("user", self.key), timeout=10)
        assert basic.status_code == 401
        assert self.server.requests == []

    def test_the_refusal_has_the_callers_shape(self):
        assert set(self.with_key("no").json()["error"]) == {"message", "type", "param", "code"}
        assert list(self.with_key("no", NATIVE).json()) == ["error"]
        told = self.with_key("no", MESSAGES).json()
        assert (told["type"], told["error"]["type"]) == ("error", "authentication_error")

    def test_an_anthropic_client_may_send_its_own_header(self):
        headers = {"x-api-key": self.key}
        assert requests.post(self.url + MESSAGES, json={}, headers=headers, timeout=10).status_code == 501
        assert requests.post(self.url + V1, json={}, headers=headers, timeout=10).status_code == 401

    def test_a_revoked_key_is_refused_within_two_seconds(self):
        assert self.with_key(self.key).status_code == 200
        revoke(self.row, by="test")
        wait_until(lambda: self.with_key(self.key).status_code == 401, 2, "the key is refused")

    def test_a_key_expires_on_time(self):
        ApiKey.objects.update(expires_at=timezone.now() + timedelta(seconds=1))
        self.told()
        assert self.with_key(self.key).status_code == 200
        time.sleep(1.1)
        assert self.with_key(self.key).status_code == 401

    def test_a_key_of_a_user_who_may_not_log_in_is_refused(self):
        self.user.is_active = False
        self.user.save()
        self.told()
        assert self.with_key(self.key).status_code == 401

    def test_a_key_without_call_is_403(self):
        reader = create_key(user=self.user, name="reader", scopes=["read"])[1]
        self.told()
        told = self.with_key(reader)
        assert (told.status_code, told.json()["error"]["code"]) == (403, "insufficient_scope")
        assert self.with_key(reader, MESSAGES).json()["error"]["type"] == "permission_error"


class UnknownKeyTests(GatewayCase):
    """The regular look is off: only what an unknown key starts can find it."""

    def setUp(self):
        super().setUp()
        self.gateway.holder.stop()
        self.looks = 0

    def status(self, key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return requests.get(f"{self.url}/v1/models", headers=headers, timeout=10).status_code

    def counted(self, clock: Callable[[], float]) -> None:
        def look() -> None:
            self.looks += 1
            self.gateway.holder.catch_up()

        self.gateway._key_look = KeyLook(look, clock)

    def test_a_key_that_was_made_just_now_is_known_at_its_first_calls(self):
        secret = service_key()
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(self.status, [secret] * 4)) == [200] * 4

    def test_keys_that_do_not_exist_cost_a_look_a_second_and_no_keys_none(self):
        now = [0.0]
        self.counted(lambda: now[0])
        for key in ("", "no-key", "sk-x"):
            assert self.status(key) == 401
        assert self.looks == 0
        for seconds, looks in ((0.0, 1), (0.9, 1), (1.0, 2)):
            now[0] = seconds
            assert {self.status(f"mr_{n}") for n in range(3)} == {401}
            assert self.looks == looks


class UnreadBodyTests(GatewayCase):
    def test_a_body_without_a_key_is_not_waited_for(self):
        began = time.monotonic()
        with self.sending(b"x" * 1000, length=100_000_000) as connection:
            assert connection.recv(4096).startswith(b"HTTP/1.1 401")
            assert time.monotonic() - began < 1

    def test_the_sender_of_a_large_body_gets_to_read_its_refusal(self):
        body = b" " * (100 * 2**20)
        for key, status in (("wrong", 401), (self.key, 413)):
            headers = {"Authorization": f"Bearer {key}"}
            told = requests.post(self.url + V1, data=body, headers=headers, timeout=20)
            assert (told.status_code, told.headers["connection"]) == (status, "close")

    def test_a_body_that_grows_too_large_is_413(self):
        with override_settings(MAX_BODY_MB=1):
            for _ in range(2):
                told = self.session.post(self.url + V1, data=iter([b" " * 2**20] * 3), timeout=20)
                assert (told.status_code, told.json()["error"]["code"]) == (413, "too_large")

    def test_a_body_that_drips_is_408(self):
        with override_settings(BODY_TIMEOUT=0.5), self.sending(b"{", length=100, key=self.key) as connection:
            began = time.monotonic()
            answer = b""
            while b"body_timeout" not in answer and time.monotonic() - began < 5:
                connection.settimeout(0.1)
                try:
                    connection.sendall(b" ")
                    answer += connection.recv(4096)
                except TimeoutError:
                    continue
            assert answer.startswith(b"HTTP/1.1 408") and time.monotonic() - began < 1.5

    def test_a_client_that_asks_first_is_not_told_to_go_on(self):
        with self.sending(b"", length=10**9, more="Expect: 100-continue\r\n") as connection:
            assert connection.recv(4096).startswith(b"HTTP/1.1 401")

    def sending(self, body: bytes, *, length: int, key: str = "wrong", more: str = "") -> socket.socket:
        host, port = urlsplit(self.url).netloc.split(":")
        connection = socket.create_connection((host, int(port)), timeout=10)
        head = f"POST {V1} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n{more}\r\n"
        connection.sendall(head.encode() + body)
        return connection


class RateTests(GatewayCase):
    def setUp(self):
        super().setUp()
        self.model("m", self.upstream({CHAT: OPENAI}))
        self.gateway.limiter = RequestLimiter(3)

    def test_beyond_the_limit_is_429_with_the_standard_headers(self):
        left = [self.chat("m").headers["x-ratelimit-remaining-requests"] for _ in range(3)]
        assert left == ["2", "1", "0"]
        told = self.chat("m")
        assert (told.status_code, told.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert told.json()["error"]["type"] == "rate_limit_error"
        assert 1 <= int(told.headers["retry-after"]) <= 20
        assert told.headers["x-ratelimit-remaining-requests"] == "0"

    def test_each_key_has_its_own(self):
        for _ in range(4):
            last = self.chat("m")
        assert last.status_code == 429
        other = create_key(user=self.user, name="other", scopes=["call"])[1]
        self.told()
        assert self.chat("m", headers={"Authorization": f"Bearer {other}"}).status_code == 200

    def test_a_key_may_have_its_own_or_none(self):
        ApiKey.objects.update(rate_limit_per_minute=5)
        self.told()
        told = [self.chat("m") for _ in range(6)]
        assert [answer.status_code for answer in told] == [200] * 5 + [429]
        assert told[0].headers["x-ratelimit-limit-requests"] == "5"
        own = {"Authorization": f"Bearer {service_key()}"}
        told = [self.chat("m", headers=own) for _ in range(8)]
        assert {answer.status_code for answer in told} == {200}
        assert not any("x-ratelimit" in name for name in told[0].headers)

    def test_errors_carry_the_headers_too(self):
        assert self.chat("no-such").headers["x-ratelimit-remaining-requests"] == "2"
