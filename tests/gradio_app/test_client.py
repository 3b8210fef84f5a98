from __future__ import annotations

import socket
import threading
import time

import pytest

from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.errors import (
    BadAnswer,
    Busy,
    Forbidden,
    Interrupted,
    LogInEnded,
    PageError,
    Unreachable,
)
from tests.gradio_app.base import PageCase
from tests.gradio_app.fake_registry import KEY, PASSWORD

SERVE = "POST /api/models/qwen3_8b_base/serve"
CHAT = "POST /v1/chat/completions"


class TestLogIn(PageCase):
    def test_the_right_password_gives_a_key_with_its_scopes(self) -> None:
        found = self.client.log_in("ada", PASSWORD)

        assert found.key == KEY
        assert "operate" in found.scopes

    def test_a_wrong_password_is_told_as_such_and_not_as_an_ended_log_in(self) -> None:
        with pytest.raises(PageError, match="user name or the password is wrong") as caught:
            self.client.log_in("ada", "wrong")

        assert not isinstance(caught.value, LogInEnded)


class TestErrors(PageCase):
    def refused(self, status: int, body: object = None, headers: dict[str, str] | None = None) -> PageError:
        self.fake.faults[SERVE] = (status, body, headers or {})
        with pytest.raises(PageError) as caught:
            self.client.with_key(KEY).serve("qwen3_8b_base")
        return caught.value

    def test_an_unknown_key_ends_the_log_in(self) -> None:
        with pytest.raises(LogInEnded, match="Log in again"):
            self.client.with_key("stale").models("tools")

    def test_a_forbidden_call_says_what_the_account_may_not_do(self) -> None:
        error = self.refused(403, {"error": {"code": "forbidden", "message": "This needs the scope `operate`."}})

        assert isinstance(error, Forbidden)
        assert str(error) == "Your account may not start models. This needs the scope `operate`."

    def test_too_many_calls_name_the_seconds(self) -> None:
        error = self.refused(429, {"error": {"message": "slow down"}}, {"Retry-After": "7"})

        assert isinstance(error, Busy)
        assert str(error).endswith("Try again in 7 seconds.")
        assert error.retry_after == 7

    def test_too_many_calls_without_seconds_still_make_a_sentence(self) -> None:
        for value in ("", "soon"):
            assert "in a little while" in str(self.refused(429, None, {"Retry-After": value}))

    def test_a_vanished_model_and_an_unreachable_one_carry_the_registrys_words(self) -> None:
        assert str(self.refused(404, {"error": {"message": "it was retired"}})).endswith("It was retired.")
        assert str(self.refused(503, {"error": {"message": "no host answers"}})).endswith("No host answers.")

    def test_a_conflict_is_told_in_the_registrys_words(self) -> None:
        assert str(self.refused(409, {"error": {"message": "all slots are in use"}})) == "All slots are in use."

    def test_an_error_in_ollamas_shape_is_understood(self) -> None:
        assert str(self.refused(500, {"error": "model runner crashed"})) == "Model runner crashed."

    def test_an_error_page_of_html_is_not_shown(self) -> None:
        error = self.refused(500, b"<html>Traceback</html>")

        assert isinstance(error, BadAnswer)
        assert "<" not in str(error)

    def test_a_redirect_is_not_followed_with_the_key(self) -> None:
        error = self.refused(302, {}, {"Location": f"{self.fake.url}/api/models/unified"})

        assert "sends to another one" in str(error)
        assert [path for _, path, _, _ in self.fake.requests if path == "/api/models/unified"] == [
            "/api/models/unified"
        ]

    def test_nothing_listening_names_the_address(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(Unreachable, match=f"^The registry at http://127.0.0.1:{port} does not answer.$"):
            RegistryClient(f"http://127.0.0.1:{port}", KEY).models("tools")

    def test_another_server_at_the_address_is_recognised(self) -> None:
        self.fake.faults["GET /api/models/unified"] = (200, b"<html>hello</html>", {})
        with pytest.raises(BadAnswer, match="is not the registry"):
            self.client.with_key(KEY).models("tools")

    def test_a_listing_of_another_shape_is_an_error_and_not_an_empty_list(self) -> None:
        for body in ([], {"models": None}, {"models": ["x"]}):
            self.fake.faults["GET /api/models/unified"] = (200, body, {})
            with pytest.raises(BadAnswer):
                self.client.with_key(KEY).models("tools")


class TestRequests(PageCase):
    def test_the_key_travels_in_the_header_and_cookies_do_not_travel_at_all(self) -> None:
        self.fake.faults["GET /api/models/unified"] = (200, {"models": []}, {"Set-Cookie": "sessionid=ada; Path=/"})
        for _ in range(2):
            self.client.with_key(KEY).models("tools")

        headers = self.fake.requests[-1][2]
        assert headers["Authorization"] == f"Bearer {KEY}"
        assert "Cookie" not in headers

    def test_an_id_cannot_leave_its_place_in_the_path(self) -> None:
        with pytest.raises(PageError):
            self.client.with_key(KEY).model("../../admin")
        assert self.fake.raw_paths[-1] == "/api/models/..%2F..%2Fadmin"

    def test_a_stream_gives_text_reasoning_and_usage_in_order(self) -> None:
        stream = self.client.with_key(KEY).chat({"model": "deepseek", "messages": [{"role": "user", "content": "hi"}]})
        deltas = list(stream)

        assert deltas[0].reasoning == "Let me see. "
        assert "".join(delta.text for delta in deltas).startswith("The **answer**")
        assert deltas[-1].usage is not None
        assert deltas[-1].usage.tokens_out == 57

    def test_a_connection_that_breaks_in_mid_stream_is_an_interruption(self) -> None:
        self.fake.break_after = 2
        stream = self.client.with_key(KEY).chat({"model": "x", "messages": [{"role": "user", "content": "hi"}]})
        came: list[str] = []
        with pytest.raises(Interrupted):
            came.extend(delta.text for delta in stream)

        assert "".join(came) == "The **answer** i"

    def test_closing_from_another_thread_ends_the_call_at_once(self) -> None:
        self.fake.pause = 5
        stream = self.client.with_key(KEY).chat({"model": "x", "messages": [{"role": "user", "content": "hi"}]})
        threading.Timer(0.2, stream.close).start()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            list(stream)

        assert time.monotonic() - began < 2
