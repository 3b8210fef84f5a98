"""Addresses of upstreams: read, made regular, refused when they cannot be right. Pure."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
MAX_URL = 300
# Where clouds answer their machines' metadata questions, beside the link-local 169.254.169.254.
METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.goog", "metadata"})
# IPv6 addresses that stand for the IPv4 address in their last 32 bits: NAT64's prefix (RFC 6052), and the old ::/96.
EMBEDDING = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96")))
METADATA_ADDRESSES = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200")))


def normalise_url(text: str) -> str:
    """Return `text` as an http(s) base URL without a trailing slash; `gpu1:11434` gets `http://`."""
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    return f"{scheme}://{rest.rstrip('/')}" if separator else f"http://{text.rstrip('/')}"


def same_origin(url: str, other: str) -> bool:
    """Whether two addresses are the same scheme, host and port."""
    one, two = urlsplit(url), urlsplit(other)
    return (one.scheme, one.hostname, one.port) == (two.scheme, two.hostname, two.port)


def validate_url(text: str) -> None:
    """Raise ValidationError unless `text` is an http(s) base URL that a server of ours may call."""
    try:
        parts = urlsplit(normalise_url(text))
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValidationError("This is not a URL.") from None
    if "@" in parts.netloc:
        raise ValidationError("Leave credentials out of the URL; the token has a field of its own.")
    if parts.scheme not in ("http", "https") or not host or not text.strip().isprintable() or " " in text.strip():
        raise ValidationError("Give an http:// or https:// address.")
    if parts.query or parts.fragment:
        raise ValidationError("Leave out everything after ? or #.")
    if _is_forbidden(host):
        raise ValidationError("Link-local and metadata addresses are not allowed.")


def parse_places(entries: Iterable[str], default_name: Callable[[str], str] | None = None) -> dict[str, str]:
    """Return {name: URL} of a setting's entries; each is `name=url`, or a bare URL when `default_name` names it.

    Raises ValidationError that tells which entry is wrong, without repeating what may be a password.
    """
    places: dict[str, str] = {}
    for number, entry in enumerate(filter(None, (e.strip() for e in entries)), 1):
        try:
            name, url = _parse_entry(entry, default_name)
            if name in places:
                raise ValidationError(f"The name {name!r} stands twice; write name=url.")
        except ValidationError as error:
            raise ValidationError(f"entry {number}: {' '.join(error.messages)}") from None
        places[name] = url
    return places


def is_forbidden_address(address: str) -> bool:
    """Whether an IP address is one that no server of ours may call: link-local, multicast, cloud metadata."""
    found = _address(address)
    return found is not None and _is_forbidden_ip(found)


def _parse_entry(entry: str, default_name: Callable[[str], str] | None) -> tuple[str, str]:
    name, separator, url = entry.partition("=")
    if not separator or "/" in name:
        name, url = "", entry
    validate_url(url)
    url = normalise_url(url)
    name = name.strip() or (default_name(url) if default_name else "")
    if not name:
        raise ValidationError("Write name=url.")
    if not NAME.fullmatch(name):
        raise ValidationError("A name has letters, digits, dots, dashes and underscores, at most 60.")
    if len(url) > MAX_URL:
        raise ValidationError(f"The URL is longer than {MAX_URL} characters.")
    return name, url


def _is_forbidden(host: str) -> bool:
    return host.rstrip(".").lower() in METADATA_NAMES or is_forbidden_address(host)


def _is_forbidden_ip(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    meant = _embedded(address) or address
    return meant.is_link_local or meant.is_multicast or meant in METADATA_ADDRESSES


def _embedded(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is, also in the old spellings that resolvers take: 2852039166, 0xA9FEA9FE."""
    try:
        return ipaddress.ip_address(host.partition("%")[0].strip("."))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
