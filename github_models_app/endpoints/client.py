"""Speaks HTTP with one OpenAI-compatible server; knows nothing of Django models.

Reference: https://platform.openai.com/docs/api-reference/models
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from github_models_app.endpoints.addresses import api_base, root
from github_models_app.endpoints.headers import authorises
from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.upstream import JsonClient

WRONG_KEY = {
    401: "It answered 401: the key is missing or wrong.",
    403: "It answered 403: the key may not list models, or the address is not allowed to ask.",
}
# Servers without a listing answer so; models that are typed in need none.
NO_LISTING = frozenset({404, 405, 501})


class EndpointClient:
    """One server. Errors are unified_app.errors' upstream errors; a dead server is never an empty list."""

    def __init__(
        self, url: str, *, key: str = "", headers: Mapping[str, str] | None = None, timeout: float, max_bytes: int
    ) -> None:
        base = api_base(url)
        self._version = base.removeprefix(root(base))
        extra = dict(headers or {})
        # One client for both: the listing below the version, and what servers tell beside it.
        self.http = JsonClient(
            root(base),
            token="" if authorises(extra) else key,
            headers=extra,
            timeout=timeout,
            max_bytes=max_bytes,
        )

    def listing(self) -> Any:
        """Return the answer of `/models`, whatever it is. A wrong key is told as such."""
        try:
            return self.http.get(f"{self._version}/models")
        except UpstreamError as error:
            raise (_about_the_key(error) or error) from error.__cause__

    def told_beside(self, path: str) -> Any:
        """Return what the server answers at one of its own paths, or None: a kind of server is only guessed at."""
        try:
            return self.http.get(path)
        except UpstreamError:
            return None

    def told_in_api(self, path: str) -> Any:
        """The same for a path below the version."""
        return self.told_beside(f"{self._version}{path}")

    def close(self) -> None:
        """Close the pooled connections."""
        self.http.close()


def rows_of(answer: Any) -> list[Any]:
    """Return the rows of a listing. Raises UpstreamInvalid when it is none.

    Ollama says null when it has no models, Together leaves out the object around the rows.
    """
    rows = answer.get("data") if isinstance(answer, dict) else answer
    if rows is None and isinstance(answer, dict) and answer.get("object") == "list":
        return []
    if not isinstance(rows, list):
        raise UpstreamInvalid("It does not answer like an OpenAI-compatible server: /models has no list of models.")
    return rows


def lacks_listing(error: UpstreamError) -> bool:
    return error.upstream_status in NO_LISTING


def _about_the_key(error: UpstreamError) -> UpstreamError | None:
    """Return the error in our words when it is about the key: the server's own may repeat parts of it."""
    message = WRONG_KEY.get(error.upstream_status or 0)
    if message is None:
        return None
    ours = UpstreamError(message)
    ours.upstream_status = error.upstream_status
    return ours
