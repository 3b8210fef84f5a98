"""Extra headers of an endpoint: read from text or JSON, and refused when they cannot be sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from unified_app.errors import InvalidInput

MAX_HEADERS = 20
MAX_VALUE = 8_000
TWICE = "A name stands twice; case does not matter."
# RFC 9110, 5.6.2: what a field's name may hold.
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# They belong to each call or its connection: one that is wrong would let a call end where another begins.
FORBIDDEN = frozenset({
    "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
    "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip


def parse_lines(text: str) -> dict[str, str]:
    """Return the headers of a text with a `Name: value` in each line. Raises InvalidInput without the values."""
    found: dict[str, str] = {}
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        name, colon, value = line.partition(":")
        if not colon:
            _refuse(f"Line {number} is not `Name: value`.")
        if (name := name.strip()) in found:
            _refuse(TWICE)
        found[name] = value.strip()
    return found


def checked(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return headers that can be sent. Raises InvalidInput, which names them but never tells a value."""
    if len(headers) > MAX_HEADERS:
        _refuse(f"There are more than {MAX_HEADERS}.")
    if len({name.lower() for name in headers}) < len(headers):
        _refuse(TWICE)
    return {name: _checked(name, value) for name, value in headers.items()}


def authorises(headers: Mapping[str, str]) -> bool:
    """Whether the headers authorise in their own way, so that no bearer token is sent."""
    return "authorization" in {name.lower() for name in headers}


def with_key(key: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return what is sent with a call."""
    return {**({"Authorization": f"Bearer {key}"} if key and not authorises(headers) else {}), **headers}


def _checked(name: str, value: Any) -> str:
    if not _NAME.fullmatch(name):
        _refuse("A name has letters, digits and dashes.")
    if name.lower() in FORBIDDEN:
        _refuse(f"{name} is the call's own and cannot be set.")
    if not isinstance(value, str) or len(value) > MAX_VALUE or not (value.isascii() and value.isprintable()):
        _refuse(f"The value of {name} is not printable ASCII on one line.")
    return value.strip()


def _refuse(message: str) -> NoReturn:
    raise InvalidInput(f"headers: {message}", details={"headers": [message]})
