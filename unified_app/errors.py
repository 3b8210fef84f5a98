"""Every error that the registry raises for its callers, each with its HTTP status and code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class RegistryError(Exception):
    """Something went wrong that the caller can be told about; the message is safe to show."""

    status_code = 500
    code = "internal"

    def __init__(
        self, message: str, *, details: dict[str, Any] | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.retry_after = retry_after


class InvalidInput(RegistryError):
    """The request is wrong; `details` maps each field's path to its messages."""

    status_code = 400
    code = "invalid"


class RecipeCycle(RegistryError):
    """A variant is made of itself, or stands on too many recipes."""

    status_code = 400
    code = "recipe_cycle"


class Unauthenticated(RegistryError):
    """The caller did not show who they are."""

    status_code = 401
    code = "unauthenticated"


class Forbidden(RegistryError):
    """The caller may not do this."""

    status_code = 403
    code = "forbidden"


class TooLarge(RegistryError):
    """The request is bigger than the registry takes."""

    status_code = 413
    code = "too_large"


class NotFound(RegistryError):
    """Nothing here has that id or name."""

    status_code = 404
    code = "not_found"


class Conflict(RegistryError):
    """The request is right, but not in the state that things are in."""

    status_code = 409
    code = "conflict"


class UnsupportedOperation(RegistryError):
    """The source cannot do this; another one may."""

    status_code = 501
    code = "unsupported"


class NoPlacement(RegistryError):
    """No place can answer for the model now."""

    status_code = 503
    code = "no_placement"


class UpstreamError(RegistryError):
    """The upstream answered with an error of its own (`upstream_status`). The base of all upstream errors."""

    status_code = 502
    code = "upstream_error"
    upstream_status: int | None = None
    # What came with it, for those who learn from it; never shown, since an upstream may repeat what it was sent.
    upstream_headers: Mapping[str, str] = MappingProxyType({})
    upstream_text = ""
    # OpenAI's `code` and `param` of the error, where the upstream told them.
    upstream_code = ""
    upstream_param = ""


class UpstreamInvalid(UpstreamError):
    """The upstream's answer is not what its contract says: garbage, HTML, wrong types, too big."""

    code = "upstream_invalid"


class UpstreamRefused(UpstreamError):
    """We refuse to follow the upstream, such as a redirect to another host."""

    code = "upstream_refused"


class UpstreamUnreachable(UpstreamError):
    """Nothing answers at the upstream's address; worth trying again later."""

    status_code = 503
    code = "upstream_unreachable"


class UpstreamTimeout(UpstreamError):
    """The upstream did not finish its answer in time; worth trying again later."""

    status_code = 504
    code = "upstream_timeout"


class UpstreamRetired(UpstreamError):
    """The upstream has been switched off for good. Final: nobody tries again by themselves."""

    status_code = 410
    code = "upstream_retired"


class Paced(UpstreamError):
    """The upstream's quota is used up for now, so it was not asked; `retry_after` tells when it may be."""

    status_code = 429
    code = "rate_limited"


class Told(RegistryError):
    """An error that was written down in a row and is told again: its code decides the status."""

    def __init__(self, code: str, message: str, *, details: dict[str, Any] | None = None) -> None:
        super().__init__(message, details=details)
        self.code = code
        self.status_code = status_of(code)


def status_of(code: str) -> int:
    """Return the HTTP status of the error that has this code; 500 for one that is none of ours."""
    statuses = {kind.code: kind.status_code for kind in _kinds(RegistryError)}
    return statuses.get(code, 500)


def _kinds(kind: type[RegistryError]) -> list[type[RegistryError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _kinds(child))]
