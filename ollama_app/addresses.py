"""Addresses of hosts: read, made regular, refused when they cannot be right. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

# Where clouds answer their machines' metadata questions under a name.
METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.goog", "metadata"})


def normalise_url(text: str) -> str:
    """Return `text` as an http(s) base URL without a trailing slash; `gpu1:11434` gets `http://`."""
    text = text.strip()
    return (text if "://" in text else f"http://{text}").rstrip("/")


def validate_url(text: str) -> None:
    """Raise ValidationError unless `text` is an http(s) base URL that a server of ours may call."""
    try:
        parts = urlsplit(normalise_url(text))
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValidationError("This is not a URL.") from None
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in text.strip()):
        raise ValidationError("Give an http:// or https:// address.")
    if parts.username or parts.password:
        raise ValidationError("Leave credentials out of the URL; the token has a field of its own.")
    if parts.query or parts.fragment:
        raise ValidationError("Leave out everything after ? or #.")
    if _is_forbidden(host):
        raise ValidationError("Link-local and metadata addresses are not allowed.")


def parse_hosts(entries: list[str]) -> dict[str, str]:
    """Return {name: URL} of OLLAMA_HOSTS entries; each is `url` or `name=url`, a bare one is named by its address."""
    hosts: dict[str, str] = {}
    for entry in filter(None, (e.strip() for e in entries)):
        name, separator, url = entry.partition("=")
        if not separator or "/" in name:
            name, url = "", entry
        url = normalise_url(url)
        validate_url(url)
        hosts[name.strip() or default_name(url)] = url
    return hosts


def default_name(url: str) -> str:
    """Return a name for a URL: its host, with the port unless it is Ollama's own."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, 11434) else f"-{parts.port}"
    return f"{(parts.hostname or 'host').replace(':', '-')}{port}".lstrip("-._") or "host"


def _is_forbidden(host: str) -> bool:
    if host.rstrip(".").lower() in METADATA_NAMES:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_link_local or mapped.is_multicast)
