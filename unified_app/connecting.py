"""Whom a server of ours may connect to, asked of the address that a name has at that moment.

What a curator typed was checked when it was typed; a name may point elsewhere by now.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from unified_app.addresses import is_forbidden_address
from unified_app.errors import UpstreamRefused

FORBIDDEN = "Its name points to a link-local, multicast or metadata address, which is not called."


class ForbiddenAddress(OSError):
    """For libraries that take only the system's errors; FORBIDDEN is what a caller is told."""


def permitted_socket(info: tuple[Any, ...]) -> socket.socket:
    """Return a socket for one of getaddrinfo's answers, before it is connected. Raises ForbiddenAddress."""
    family, kind, protocol, _, address = info
    if is_forbidden_address(str(address[0])):
        raise ForbiddenAddress(FORBIDDEN)
    return socket.socket(family, kind, protocol)


def refuse_name(host: str, port: int) -> None:
    """Raise UpstreamRefused when one of the name's addresses is forbidden."""
    found: list[Any] = []
    with suppress(OSError, UnicodeError):  # connecting will say so in its own words
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if any(is_forbidden_address(str(info[4][0])) for info in found):
        raise UpstreamRefused(FORBIDDEN)


def refuse_peer(connected: socket.socket) -> None:
    """Raise UpstreamRefused, and close, when a forbidden address answers: the name may have moved meanwhile."""
    if is_forbidden_address(str(connected.getpeername()[0])):
        connected.close()
        raise UpstreamRefused(FORBIDDEN)
