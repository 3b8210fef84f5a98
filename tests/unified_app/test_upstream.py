from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from django.test import SimpleTestCase

from tests import nasty_server as nasty
from tests.nasty_server import NastyServer
from tests.tls_server import TLSServer
from unified_app.errors import (
    UpstreamError,
    UpstreamInvalid,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unified_app.upstream import MAX_PIECES, JsonClient, parse_json
from unified_app.whole_replies import whole_reply_session

TOKEN = "tok-en-that-nobody-may-see"
SECONDS = 0.6
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def ask(server: NastyServer, path: str = "/x", **options: object) -> object:
    client = JsonClient(server.url, token=TOKEN, timeout=SECONDS, max_bytes=2**20, **options)
    try:
        return client.get(path)
    finally:
        client.close()


def failure(answer: nasty.Answer) -> UpstreamError:
    """The error of an answer; it must come within the time-out."""
    with NastyServer({"/x": answer}) as server:
        began = time.monotonic()
        with pytest.raises(UpstreamError) as caught:
            ask(server)
        assert time.monotonic() - began < SECONDS + 1
    assert TOKEN not in str(caught.value)
    return caught.value


class GoodAnswerTests(SimpleTestCase):
    def test_json_comes_back_and_the_token_is_sent_as_bearer(self):
        with NastyServer({"/x": nasty.json_reply({"a": [1, None, "ü"]})}) as server:
            assert ask(server) == {"a": [1, None, "ü"]}
            assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"

    def test_connections_are_used_again(self):
        with NastyServer({"/x": nasty.json_reply({})}) as server:
            client = JsonClient(server.url)
            for _ in range(3):
                client.get("/x")
            assert len(server.connections) == 1

    def test_a_slow_answer_does_not_shorten_the_time_of_the_next_on_the_same_connection(self):
        def slow(connection: socket.socket, request: nasty.Request) -> None:
            request.stopped.wait(0.4)
            nasty.json_reply({})(connection, request)

        with NastyServer({"/x": slow}) as server:
            client = JsonClient(server.url, timeout=SECONDS)
            assert [client.get("/x") for _ in range(3)] == [{}, {}, {}]

    def test_nothing_answered_is_asked_again_once_when_that_is_safe(self):
        with NastyServer({"/x": nasty.raw_and_close(b"")}) as server:
            with pytest.raises(UpstreamUnreachable):
                ask(server)
            assert len(server.requests) == 2
            with pytest.raises(UpstreamUnreachable):
                JsonClient(server.url).post("/x", {})
            assert len(server.requests) == 3


class BadAnswerTests(SimpleTestCase):
    def test_an_error_keeps_its_status_and_its_words(self):
        error = failure(nasty.json_reply({"error": "model 'x' not found"}, 404))
        assert (error.upstream_status, error.message) == (404, "It answered 404: model 'x' not found")

    def test_openai_words_and_retry_after_are_read(self):
        error = failure(nasty.json_reply({"error": {"message": "slow down"}}, 429, "Retry-After: 7"))
        assert (error.message, error.retry_after) == ("It answered 429: slow down", 7)

    def test_words_in_other_shapes_are_read(self):
        for body in ({"error": ["bad", "worse"]}, ["bad", "worse"], {"detail": [{"msg": "bad"}, {"msg": "worse"}]}):
            assert failure(nasty.json_reply(body, 422)).message == "It answered 422: bad; worse"
        for body in ("bad", {"message": "bad"}, {"detail": "bad"}, {"error": {"message": "bad", "code": 3}}):
            assert failure(nasty.json_reply(body, 422)).message == "It answered 422: bad"
        for body in ({"error": 5}, {"error": {"message": {"a": []}}}, [], [[["bad"]]], None, 7):
            assert failure(nasty.json_reply(body, 422)).message == "It answered 422."

    def test_an_error_page_is_told_by_its_status(self):
        assert failure(nasty.html(500)).message == "It answered 500."

    def test_words_of_the_upstream_show_neither_the_token_nor_control_characters(self):
        error = failure(nasty.json_reply({"error": f"bad {TOKEN}\x1b[31m\r\nroot: all well\0\ud800"}, 401))
        assert error.message == "It answered 401: bad *** [31m  root: all well"

    def test_a_redirect_is_not_followed_and_carries_the_token_nowhere(self):
        with NastyServer({"/x": nasty.json_reply({})}) as other:
            error = failure(nasty.redirect(f"{other.url}/x?key={TOKEN}"))
            assert other.requests == []
        assert isinstance(error, UpstreamRefused)
        assert "***" in error.message

    def test_a_redirect_to_itself_is_asked_once(self):
        with NastyServer({"/x": nasty.redirect("/x")}) as server:
            with pytest.raises(UpstreamRefused):
                ask(server)
            assert len(server.requests) == 1

    def test_what_is_not_http_or_not_json_is_invalid(self):
        lie = HEAD + b"Content-Length: 1000\r\n\r\n{}"
        many_headers = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(300)) + b"\r\n"
        for name, answer in {
            "garbage": nasty.raw_and_close(bytes(range(128, 256)) * 9 + b"\r\n\r\n"),
            "another protocol": nasty.raw_and_close(b"SSH-2.0-OpenSSH_9.2\r\n"),
            "a header without end": nasty.raw_and_close(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000),
            "too many headers": nasty.raw_and_close(many_headers),
            "HTML": nasty.html(200),
            "nothing": nasty.reply(b""),
            "ends early": nasty.raw_and_close(lie),
            "a chunk that is none": nasty.raw_and_close(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
            "gzip that is none": nasty.reply(b"{}", 200, "application/json", "Content-Encoding: gzip"),
            "two lengths": nasty.raw_and_close(HEAD + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}"),
            "not UTF-8": nasty.reply(b'{"a": "\xff"}'),
            "NaN": nasty.reply(b'{"a": NaN}'),
            "a number of 5000 digits": nasty.reply(b"9" * 5000),
            "deeply nested": nasty.reply(b"[" * 200_000),
        }.items():
            with self.subTest(name):
                assert type(failure(answer)) is UpstreamInvalid

    def test_a_length_of_thousands_of_digits_does_no_harm(self):
        error = failure(nasty.raw_and_close(HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{} {}"))
        assert error.code == "upstream_invalid"

    def test_a_small_text_that_would_become_a_huge_object_is_invalid(self):
        with pytest.raises(UpstreamInvalid, match="values"):
            parse_json(b"[" + b"{}," * MAX_PIECES + b"{}]")

    def test_nobody_there_is_unreachable(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for address, words in ((url, "connection refused"), ("http://nowhere.invalid", "does not resolve")):
            with self.subTest(address), pytest.raises(UpstreamUnreachable, match=words):
                JsonClient(address, timeout=SECONDS).get("/x")

    def test_a_url_that_requests_refuses_is_invalid(self):
        for url in ("http://.x", "gopher://x", "http://" + "a" * 300):
            with self.subTest(url), pytest.raises(UpstreamError):
                JsonClient(url, timeout=SECONDS).get("/x")

    def test_no_library_writes_a_traceback_about_an_upstream(self):
        with self.assertNoLogs(level=logging.INFO):
            failure(nasty.raw_and_close(b"HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n"))


class TimeTests(SimpleTestCase):
    def test_the_time_out_bounds_the_whole_reply(self):
        proceed = b"HTTP/1.1 100 Continue\r\n\r\n"
        chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        for name, answer in {
            "hangs": nasty.hang,
            "hangs in the body": nasty.drip(b"", at_once=HEAD + b"Content-Length: 9\r\n\r\n{"),
            "one byte of the status at a time": nasty.drip(b"HTTP/1.1 200 OK"),
            "one byte of a header at a time": nasty.drip(b"X", at_once=HEAD),
            "header after header": nasty.drip(b"\n", at_once=HEAD + b"X: y"),
            "one byte of the body at a time": nasty.drip(b" ", at_once=HEAD + b"Content-Length: 99999\r\n\r\n"),
            "one byte of a chunk's size at a time": nasty.drip(b"0", at_once=chunked),
            "continue without end": nasty.drip(proceed, at_once=proceed * 500),
        }.items():
            with self.subTest(name):
                error = failure(wait_after(answer))
                assert type(error) is UpstreamTimeout, error

    def test_the_second_try_has_only_the_time_that_is_left(self):
        def late(connection: socket.socket, request: nasty.Request) -> None:
            request.stopped.wait(SECONDS * 0.6)
            connection.shutdown(socket.SHUT_RDWR)

        with NastyServer({"/x": late}) as server:
            began = time.monotonic()
            with pytest.raises(UpstreamError):
                ask(server)
            assert time.monotonic() - began < SECONDS + 0.3

    def test_the_time_out_bounds_a_reply_over_tls_too(self):
        for name, answer, code in (
            ("one byte of a header at a time", nasty.drip(b"X", at_once=HEAD), "upstream_timeout"),
            ("hangs", nasty.hang, "upstream_timeout"),
        ):
            with self.subTest(name), TLSServer({"/x": answer}) as server:
                assert code_in_time(server.url, server.certificate) == code

    def test_a_handshake_that_goes_one_byte_at_a_time_is_timed_out(self):
        # The record announces 16 kB, so the client waits for more and more.
        with NastyServer(greeting=nasty.drip(b"\x00", at_once=b"\x16\x03\x03\x3f\xff")) as server:
            url = server.url.replace("http", "https")
            assert code_in_time(url, None) in ("upstream_timeout", "upstream_unreachable")

    def test_tls_that_nobody_vouches_for_is_refused(self):
        with TLSServer({"/x": nasty.json_reply({})}) as server:
            with pytest.raises(UpstreamUnreachable, match="TLS"):
                JsonClient(server.url, token=TOKEN).get("/x")
            assert server.requests == []
            client = JsonClient(server.url, session=trusting(server.certificate))
            assert client.get("/x") == {}


class MemoryTests(SimpleTestCase):
    def test_a_huge_body_is_never_held_whatever_it_says_of_its_length(self):
        for name, answer in {
            "with a length": nasty.huge(200, with_length=True),
            "without one": nasty.huge(200, with_length=False),
            "a gzip bomb": nasty.gzip_bomb(200),
            "a bomb in a bomb": nasty.gzip_bomb(200, times=2),
            "an error that is huge": nasty.reply(b" " * (60 * 2**20), 500),
        }.items():
            with self.subTest(name), NastyServer({"/x": answer}) as server:
                code, megabytes = grown_by(server.url)
                assert code == ("upstream_error" if "error" in name else "upstream_invalid")
                assert megabytes < 60, f"{megabytes} MB for a limit of 8 MB"


def trusting(certificate: str) -> requests.Session:
    session = whole_reply_session(2)
    session.verify = certificate
    return session


def code_in_time(url: str, certificate: str | None) -> str:
    session = trusting(certificate) if certificate else None
    began = time.monotonic()
    with pytest.raises(UpstreamError) as caught:
        JsonClient(url, timeout=SECONDS, session=session).get("/x")
    assert time.monotonic() - began < SECONDS + 1
    return caught.value.code


def wait_after(answer: nasty.Answer) -> nasty.Answer:
    def waits(connection: socket.socket, request: nasty.Request) -> None:
        answer(connection, request)
        request.stopped.wait(30)

    return waits


def grown_by(url: str) -> tuple[str, float]:
    """The error of a call and how much memory a process grew by it, in MB."""
    program = f"""
import json, resource
from unified_app.errors import UpstreamError
from unified_app.upstream import JsonClient
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, code = peak(), ""
try:
    JsonClient({url!r}, timeout=10, max_bytes=8 * 2**20).get("/x")
except UpstreamError as error:
    code = error.code
print(json.dumps([code, peak() - before]))
"""
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    code, megabytes = json.loads(ran.stdout)
    return code, megabytes
