"""Names that point to addresses which no server of ours may call: refused when connecting, before a byte is sent."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from tests.nasty_server import NastyServer, json_reply, redirect
from unified_app import connecting
from unified_app.connecting import ForbiddenAddress, permitted_socket, refuse_peer
from unified_app.errors import UpstreamRefused
from unified_app.upstream import JsonClient

FORBIDDEN = [
    *("169.254.169.254", "fe80::1", "224.0.0.1", "100.100.100.200", "fd00:ec2::254"),
    *("::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1"),
]
_really = socket.getaddrinfo


@contextlib.contextmanager
def pointing(name: str, *addresses: str) -> Iterator[list[Any]]:
    """Within it the name has these addresses, one look-up after the other, the last one for ever."""
    left, asked = list(addresses), []

    def getaddrinfo(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in (name, name.encode()):
            return _really(host, port, *rest, **more)
        asked.append(host)
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)[: 4 if ":" in address else 2])]

    with mock.patch("socket.getaddrinfo", getaddrinfo):
        yield asked


class TestJsonClient:
    @pytest.mark.parametrize("address", FORBIDDEN)
    def test_a_name_that_points_there_is_refused_and_not_tried_again(self, address: str):
        with pointing("innocent.test", address) as asked, pytest.raises(UpstreamRefused, match="link-local"):
            JsonClient("http://innocent.test:8000", token="secret-token").get("/models")
        assert len(asked) == 1

    def test_a_name_that_moves_between_look_up_and_connection_is_refused_too(self):
        with NastyServer({"/models": json_reply({})}) as server:
            port = server.url.rpartition(":")[2]
            names = pointing("moving.test", "10.0.0.1", "127.0.0.1")
            # For this test loopback stands for the forbidden address, so that something answers there.
            forbidden = mock.patch.object(connecting, "is_forbidden_address", lambda address: address == "127.0.0.1")
            with names, forbidden, pytest.raises(UpstreamRefused):
                JsonClient(f"http://moving.test:{port}").get("/models")
            server.wait_closed()
            assert server.requests == []

    def test_private_and_loopback_addresses_are_called(self):
        with NastyServer({"/models": json_reply({"a": 1})}) as server:
            port = server.url.rpartition(":")[2]
            with pointing("near.test", "127.0.0.1"):
                assert JsonClient(f"http://near.test:{port}").get("/models") == {"a": 1}

    def test_a_redirect_is_not_followed(self):
        with NastyServer({"/elsewhere": json_reply({})}) as server:
            for target in ("http://169.254.169.254/latest", f"{server.url}/elsewhere"):
                server.answers["/models"] = redirect(target)
                with pytest.raises(UpstreamRefused):
                    JsonClient(server.url).get("/models")
            assert server.paths("/elsewhere") == []


class TestSockets:
    @pytest.mark.parametrize("address", FORBIDDEN)
    def test_none_is_made_for_a_forbidden_address(self, address: str):
        with pytest.raises(ForbiddenAddress):
            permitted_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)))

    def test_one_is_made_for_others(self):
        with permitted_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))) as made:
            assert made.family == socket.AF_INET

    def test_a_forbidden_peer_is_closed(self):
        peer = mock.Mock(getpeername=lambda: ("169.254.169.254", 80))
        with pytest.raises(UpstreamRefused):
            refuse_peer(peer)
        peer.close.assert_called_once()
