"""Speaks HTTP in the GitHub Models contract; knows nothing of Django models.

Reference: https://docs.github.com/en/rest/models (catalog, inference, embeddings). GitHub's own service was switched
off on 2026-07-30 and answers 410 since; gateways and stand-ins speak the contract.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from django.conf import settings

from github_models_app import rate_limiter as limiting
from github_models_app.addresses import routes
from github_models_app.rate_limiter import RateLimiter
from github_models_app.reasoning import refused_by
from github_models_app.refusals import Asked, explained
from github_models_app.tiers import bare_name
from unified_app.errors import InvalidInput, NotFound, UpstreamError, UpstreamInvalid, UpstreamRetired
from unified_app.gateway import adapting
from unified_app.upstream import JsonClient

CATALOG_SECONDS = 30.0
# A reasoning model may think for minutes before its whole answer comes.
ANSWER_SECONDS = 300.0
# The recorded catalog did not change in four months.
CATALOG_KEPT_SECONDS = 6 * 3600.0
# How long a catalog that could not be read is not asked for again by calls that can do without it.
CATALOG_PAUSE_SECONDS = 300.0
RETRIES = 3


class GitHubModelsAPIClient:
    """One service of the contract, with one token. Safe for threads; keeps the catalog for hours.

    Errors are unified_app.errors' upstream errors, with `upstream_status` where the service answered. A service that
    answers 410 is UpstreamRetired: nobody tries it again by themselves. A token that cannot be one is InvalidInput.
    """

    def __init__(
        self,
        github_token: str,
        *,
        base_url: str | None = None,
        rate_limiter: RateLimiter | None = None,
        timeout: float | None = None,
    ) -> None:
        token = github_token.strip()
        if not (token.isascii() and token.isprintable()):  # it could not stand in a header
            raise InvalidInput("The GitHub token has characters that no token has; set GITHUB_TOKEN anew.")
        self.base_url = settings.GITHUB_MODELS_URL if base_url is None else base_url
        self.routes = routes(self.base_url)
        self.rate_limiter = rate_limiter or limiting.shared(token, self.base_url)
        self._has_token = bool(token)
        self._timeout = timeout
        self._http = JsonClient("", token=token, max_bytes=settings.UPSTREAM_MAX_MB * 2**20)
        self._rows: list[Any] = []
        self._rows_until = 0.0

    def get_available_models(self, *, refresh: bool = False) -> list[dict[str, Any]]:
        """Return the catalog's raw rows, kept for hours unless `refresh`. No row has been looked at."""
        if refresh or time.monotonic() >= self._rows_until or not self._rows:
            self._rows = self._catalog()
            self._rows_until = time.monotonic() + CATALOG_KEPT_SECONDS
        return list(self._rows)

    def get_models_by_provider(self, provider: str) -> list[dict[str, Any]]:
        """Return the raw rows of one publisher, by its slug (mistral-ai) or its name (Mistral AI)."""
        wanted = provider.strip().casefold()
        return [row for row in self.get_available_models() if wanted and wanted in _publisher(row)]

    def get_model_details(self, model_id: str) -> dict[str, Any]:
        """Return a model's raw row of the catalog, by its id in any case or its bare name. Raises NotFound."""
        row = _find(self.get_available_models(), model_id)
        if row is None:
            raise NotFound(f"The catalog has no model {model_id!r}.")
        return row

    def evaluate_model(self, model_id: str, request_data: dict[str, Any], *, wait: bool = True) -> dict[str, Any]:
        """Make one call, not streamed: chat, or embeddings when `request_data` has `input`. Returns OpenAI's object.

        `choices` may be empty and a `content` null; `model` is the deployment's name, not `model_id`. With `wait` it
        sleeps until the quota allows a call, a minute at most each time; a web view passes False and gets Paced at
        once, as does everybody when it is the day's quota.
        """
        facts = self._facts(model_id)
        call = _Call(self, model_id, facts, wait=wait)
        if "input" in request_data:
            answer = call.made(self.routes.embeddings, request_data)
            return _checked(answer, "data")
        if not isinstance(request_data.get("messages"), list):
            raise InvalidInput("Give messages (a list), or input for embeddings.", details={"messages": ["Required."]})
        return _checked(call.made(self.routes.chat, request_data), "choices")

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def post(self, url: str, body: dict[str, Any]) -> Any:
        """Return the answer to one request, unpaced; errors as the service tells them."""
        return self._http.post(url, body, timeout=self._timeout or ANSWER_SECONDS)

    def asked(self, model: str = "", tier: str = "") -> Asked:
        """Return what the sentence of an error needs to know."""
        limits = self.rate_limiter.limits(model, tier)
        return Asked(self.base_url, self._has_token, self.rate_limiter.plan, model, limits)

    def _catalog(self) -> list[Any]:
        try:
            rows = self._http.get(self.routes.catalog, timeout=self._timeout or CATALOG_SECONDS)
        except UpstreamError as error:
            raise explained(error, self.asked()) from error
        if not isinstance(rows, list):
            raise UpstreamInvalid("It does not answer like GitHub Models: the catalog is not a list.")
        return rows

    def _facts(self, model_id: str) -> dict[str, Any]:
        """Return the model's row, or {} where the catalog cannot be read or has none: a call may do without."""
        if not self._rows and time.monotonic() < self._rows_until:
            return {}
        try:
            return _find(self.get_available_models(), model_id) or {}
        except UpstreamRetired:
            raise
        except UpstreamError:
            self._rows_until = time.monotonic() + CATALOG_PAUSE_SECONDS
            return {}


class _Call:
    """One paced call; what the service refuses for a reason that can be mended is asked again, mended."""

    def __init__(self, client: GitHubModelsAPIClient, model_id: str, facts: dict[str, Any], *, wait: bool) -> None:
        self._client = client
        # An azureml:// id is not taken; the catalog's id is.
        self._model = _text(facts, "id") or (bare_name(model_id) if "://" in model_id else model_id)
        self._tier = _text(facts, "rate_limit_tier")
        capabilities = facts.get("capabilities")
        self._refused = refused_by(self._model, capabilities if isinstance(capabilities, list) else None)
        self._wait = wait
        self._has_swapped = False

    def made(self, url: str, request: dict[str, Any]) -> Any:
        body, _ = adapting.adapt({**request, "model": self._model}, self._refused)
        body.pop("stream", None)
        body.pop("stream_options", None)
        for retries_left in reversed(range(RETRIES + 1)):
            self._admit()
            try:
                return self._client.post(url, body)
            except UpstreamError as error:
                body = self._mended(error, body, retries_left)
        raise AssertionError  # the last turn returns or raises

    def _admit(self) -> None:
        limiter = self._client.rate_limiter
        if self._wait:
            limiter.wait_for(self._model, self._tier)
        elif seconds := limiter.acquire(self._model, self._tier):
            raise limiter.paced(self._model, self._tier, seconds)

    def _mended(self, error: UpstreamError, body: dict[str, Any], retries_left: int) -> dict[str, Any]:
        """Return the request to send instead. Raises the error, explained, where there is none."""
        if error.upstream_status == 429:
            self._learn(error, retries_left)
            return body
        refused = adapting.refused_by(error)
        if refused and retries_left and not self._has_swapped:
            self._has_swapped = True
            return adapting.adapt(body, frozenset({refused}))[0]
        raise explained(error, self._client.asked(self._model, self._tier)) from error

    def _learn(self, error: UpstreamError, retries_left: int) -> None:
        """Hold the model's calls for as long as a 429 says. Raises Paced when nobody is to wait for it."""
        limiter = self._client.rate_limiter
        limiter.learn(self._model, 429, error.upstream_headers, error.upstream_text)
        if not self._wait or not retries_left:
            seconds = limiter.left(self._model, self._tier).wait
            raise limiter.paced(self._model, self._tier, seconds) from error


def _checked(answer: Any, key: str) -> dict[str, Any]:
    """Return the answer if it has the one list that every back end sends; embeddings in the order of their index."""
    if not isinstance(answer, dict) or not isinstance(answer.get(key), list):
        raise UpstreamInvalid(f"The answer has no list of {key}.")
    rows = answer[key]
    if key == "data" and all(isinstance(row, dict) and isinstance(row.get("index"), int) for row in rows):
        return {**answer, key: sorted(rows, key=lambda row: row["index"])}
    return answer


def _find(rows: Collection[Any], model_id: str) -> dict[str, Any] | None:
    """Return the row of an id in any case; a name without publisher is looked for among all."""
    wanted = model_id.strip().lower()
    is_bare = "/" not in wanted or wanted.startswith("azureml://")
    for row in rows:
        found = _text(row, "id").lower()
        if found and (found == wanted or (is_bare and bare_name(found) == bare_name(wanted))):
            return dict(row)
    return None


def _publisher(row: Any) -> tuple[str, str]:
    return _text(row, "id").partition("/")[0].casefold(), _text(row, "publisher").strip().casefold()


def _text(row: Any, key: str) -> str:
    """Return a text of a row that may be anything."""
    value = row.get(key) if isinstance(row, dict) else None
    return value if isinstance(value, str) else ""
