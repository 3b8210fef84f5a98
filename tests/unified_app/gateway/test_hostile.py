"""Upstreams of ill will: each is contained, and the gateway stays what it was."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock

import aiohttp

from tests.nasty_server import NastyServer, Request, gzip_bomb, html, huge, json_reply, raw, redirect
from tests.unified_app.gateway.gateway_case import GatewayCase
from tests.unified_app.gateway.upstreams import CHAT, OPENAI, Endless, openai_events
from unified_app.gateway import exchange
from unified_app.gateway.load import BREAK_AFTER
from unified_app.models import ModelServingConfig


@contextlib.contextmanager
def pointing(name: str, address: str) -> Iterator[list[str]]:
    """Within it aiohttp finds this address for the name: uvloop asks the system itself, past Python's getaddrinfo."""
    asked = []

    async def resolve(self: Any, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        assert host == name
        asked.append(host)
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [{"hostname": host, "host": address, "port": port, "family": kind, "proto": 0, "flags": 0}]

    with mock.patch.object(aiohttp.DefaultResolver, "resolve", resolve):
        yield asked


def endless_headers(connection: socket.socket, request: Request) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not request.stopped.is_set():
        connection.sendall(b"X-Filler: " + b"x" * 1000 + b"\r\n")


def endless_line(connection: socket.socket, request: Request) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    while not request.stopped.is_set():
        connection.sendall(b"x" * 1000)


def endless_error(connection: socket.socket, request: Request) -> None:
    connection.sendall(b"HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\n\r\n")
    while not request.stopped.is_set():
        connection.sendall(b"no " * 1000)


class HostileCase(GatewayCase):
    def setUp(self):
        super().setUp()
        self.server = self.upstream({})
        self.row = self.model("m", self.server)

    def refused(self, answer: Any, code: str = "upstream_invalid", **more: Any) -> dict[str, Any]:
        self.server.answers[CHAT] = answer
        told = self.chat("m", **more)
        error = told.json()["error"]
        assert (told.status_code, error["code"]) == (502, code), error
        return error


class ContainedTests(HostileCase):
    def test_headers_without_end_are_no_answer(self):
        for answer in (endless_headers, endless_line):
            for more in ({}, {"stream": True}):
                with self.subTest(answer.__name__, **more):
                    self.refused(answer, **more)
        self.server.wait_closed()
        self.idle()

    def test_a_gigabyte_is_refused_as_soon_as_it_is_told(self):
        self.refused(huge(1024, with_length=True))
        self.server.wait_closed()

    def test_a_gigabyte_without_a_length_is_dropped_on_the_way(self):
        with mock.patch.object(exchange, "MAX_WHOLE_BYTES", 8 * 2**20):
            assert "too large" in self.refused(huge(1024, with_length=False))["message"]
        self.server.wait_closed()

    def test_a_stream_of_one_line_without_end_is_no_answer(self):
        self.refused(Endless(b"data: " + b"x" * 2**20, pause=0), stream=True)
        self.server.wait_closed()

    def test_a_bomb_is_not_unpacked(self):
        assert "compressed" in self.refused(gzip_bomb(100))["message"]

    def test_an_error_without_end_is_an_error(self):
        error = self.refused(endless_error, "upstream_error")
        assert len(error["message"]) <= 500
        self.server.wait_closed()

    def test_an_error_that_comes_in_pieces_is_read_to_its_end(self):
        parts = (b'{"error": {"message": "unsup', b'ported"}}')

        def in_pieces(connection: socket.socket, request: Request) -> None:
            head = f"HTTP/1.1 500 Oops\r\nContent-Length: {len(b''.join(parts))}\r\n\r\n"
            for part in (head.encode(), *parts):
                connection.sendall(part)
                request.stopped.wait(0.1)

        assert self.refused(in_pieces, "upstream_error")["message"] == "unsupported"

    def test_a_silent_error_does_not_hold_the_call(self):
        ModelServingConfig.objects.create(model=self.row, timeout=1)
        self.told()
        self.refused(raw(b'HTTP/1.1 500 Oops\r\nContent-Length: 99\r\n\r\n{"err'), "upstream_error")

    def test_a_page_is_no_answer(self):
        for more in ({}, {"stream": True}):
            self.refused(html(200), **more)

    def test_a_caller_who_leaves_ends_an_endless_stream(self):
        endless = Endless(openai_events("a")[0])
        self.server.answers[CHAT] = endless
        answer = self.chat("m", stream=True)
        assert endless.begun.wait(5)
        answer.close()
        assert endless.left.wait(5)
        self.idle()


class AddressTests(GatewayCase):
    def call(self, name: str, *servers: NastyServer | str) -> Any:
        self.model(name, *servers)
        return self.chat(name)

    def test_a_name_that_points_to_a_forbidden_address_is_refused(self):
        for address in ("169.254.169.254", "fe80::1", "224.0.0.1"):
            with self.subTest(address), pointing(f"innocent{len(address)}.test", address) as asked:
                told = self.call(f"m{len(address)}", f"http://innocent{len(address)}.test:8000")
                assert (told.status_code, told.json()["error"]["code"]) == (502, "upstream_refused")
                assert "link-local" in told.json()["error"]["message"] and len(asked) == 1
        self.idle()

    def test_an_address_without_a_name_is_refused_too(self):
        for number, address in enumerate(("http://169.254.169.254", "http://[fe80::1]:80")):
            told = self.call(f"m{number}", address)
            assert (told.status_code, told.json()["error"]["code"]) == (502, "upstream_refused"), address

    def test_another_placement_is_asked(self):
        with pointing("innocent.test", "169.254.169.254"):
            told = self.call("m", "http://innocent.test:8000", self.upstream({CHAT: OPENAI}))
        assert (told.status_code, told.headers["x-registry-placement"]) == (200, "host2/up-m")

    def test_a_name_with_a_permitted_address_is_called(self):
        server = self.upstream({CHAT: OPENAI})
        with pointing("near.test", "127.0.0.1"):
            assert self.call("m", server.url.replace("127.0.0.1", "near.test")).status_code == 200

    def test_a_redirect_is_not_followed(self):
        server = self.upstream({"/elsewhere": json_reply({})})
        self.model("m", server)
        for target in (f"{server.url}/elsewhere", "http://169.254.169.254/latest/meta-data", "/elsewhere")[
            :BREAK_AFTER
        ]:
            server.answers[CHAT] = redirect(target)
            told = self.chat("m")
            assert (told.status_code, told.json()["error"]["code"]) == (502, "upstream_refused")
        assert server.paths("/elsewhere") == []
