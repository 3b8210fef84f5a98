"""What is done with endpoints: added, changed, deleted, checked. The admin, the API and the commands call these."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from hashlib import sha256
from typing import Any, ClassVar

from django.conf import settings

from github_models_app.endpoints import headers as extra
from github_models_app.endpoints.addresses import api_base, key_variable, parse_endpoints
from github_models_app.endpoints.client import EndpointClient, lacks_listing, rows_of
from github_models_app.endpoints.connection import client_for
from github_models_app.endpoints.listings.reading import Told, read_listing
from github_models_app.endpoints.models import Endpoint
from github_models_app.endpoints.renaming import rename_models
from unified_app import vault
from unified_app.errors import Conflict, UpstreamError, UpstreamInvalid
from unified_app.model_objects import MAX_ROWS
from unified_app.models import Placement
from unified_app.naming import name_key
from unified_app.server_checks import TestOutcome
from unified_app.servers import ServerVerbs

SOURCE = "external"
NO_LISTING = "it lists no models. Correct the address, or type the names of the models in."


class EndpointVerbs(ServerVerbs[Endpoint]):
    model = Endpoint
    source: ClassVar[str] = SOURCE
    noun: ClassVar[str] = "endpoint"
    setting: ClassVar[str] = "OPENAI_ENDPOINTS"
    twin: ClassVar[str] = "has this address with the same key already"
    words: ClassVar[dict[str, str]] = {"url": "base_url", "token": "key"}
    editable: ClassVar[tuple[str, ...]] = (*ServerVerbs.editable, "timeout", "rate_limit_per_minute", "models")
    sealed: ClassVar[tuple[str, ...]] = ("sealed_token", "sealed_headers")
    secrets: ClassVar[dict[str, tuple[str, Any]]] = {"key": ("token", ""), "headers": ("headers", {})}

    def save(
        self, row: Endpoint, *, by: str, token: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Endpoint:
        """The same for endpoints; `headers` None keeps the stored ones, {} clears them, others replace them all."""
        if headers is not None:
            row.sealed_headers = vault.seal(json.dumps(extra.checked(headers)) if headers else "")
        return super().save(row, by=by, token=token)

    def probe(self, row: Endpoint, seconds: float) -> str:
        with closing(client_for(row, timeout=seconds)) as client:
            _rows(client, row.models)
        return row.version

    def look(self, row: Endpoint, seconds: float) -> TestOutcome:
        with closing(client_for(row, timeout=seconds)) as client:
            told = read(client, row.models)
        models = len(row.models or told.models)
        return TestOutcome(True, "ok", _sentence(told, row.models), told.kind, models)

    def identity(self, row: Endpoint) -> str:
        """Two rows with one address are two servers when they are called with different keys."""
        try:
            secrets = json.dumps([row.token, row.headers], sort_keys=True)
        except Conflict:  # SECRET_KEY has changed, so nobody knows
            secrets = row.sealed_token + row.sealed_headers
        scheme, separator, rest = row.api_base.partition("://")
        host, slash, path = rest.partition("/")
        text = f"{scheme}{separator}{host.lower()}{slash}{path}\n{secrets}"
        return sha256(text.encode()).hexdigest()

    def environment_token(self, name: str) -> str | None:
        return settings.OPENAI_ENDPOINT_KEYS.get(key_variable(name))

    def is_asked(self, row: Endpoint, url: str, token: str | None) -> bool:
        """The environment knows no headers, so they make no difference."""
        return row.api_base == api_base(url) and self.has_token(row, token)

    def followed(self, before: Endpoint, row: Endpoint) -> None:
        if before.url != row.url:
            Placement.objects.filter(source=self.source, place=row.name).update(base_url=row.api_base)
        if before.name != row.name and (clash := rename_models(before.name, row.name)):
            self._refuse("name", f"A model is or was called {clash!r}, so its name would mean two models.")


ENDPOINTS = EndpointVerbs()
save_endpoint = ENDPOINTS.save
delete_endpoint = ENDPOINTS.delete
set_demo_endpoint = ENDPOINTS.set_demo
test_connection = ENDPOINTS.test


def ensure_environment_endpoints() -> None:
    """Make the rows agree with OPENAI_ENDPOINTS and its keys; what people made or changed is left alone."""
    ENDPOINTS.agree_with(parse_endpoints(settings.OPENAI_ENDPOINTS), Endpoint.Origin.ENVIRONMENT)


def read(client: EndpointClient, typed: Sequence[str]) -> Told:
    """Return what an endpoint tells; one whose models are `typed` in need not list any."""
    answer = _rows(client, typed)
    return Told() if answer is None else read_listing(answer, client)


def _rows(client: EndpointClient, typed: Sequence[str]) -> Any:
    """Return the answer of the listing, or None when it lacks one that is not needed."""
    try:
        answer = client.listing()
    except UpstreamError as error:
        if not lacks_listing(error):
            raise
        if typed:
            return None
        lacking = UpstreamError(f"It answered {error.upstream_status} for /models: {NO_LISTING}")
        lacking.upstream_status = error.upstream_status
        raise lacking from error
    rows = rows_of(answer)  # what is no listing is an error here, not later
    if not typed and len(rows) > MAX_ROWS:
        raise UpstreamInvalid(f"It lists more than {MAX_ROWS:,} models: type in the names of those that are wanted.")
    return answer


def _sentence(told: Told, typed: Sequence[str]) -> str:
    """Return what a test that went well found."""
    who = told.kind or "The server"
    if not typed:
        return f"{who} answers with {len(told.models)} {'model' if len(told.models) == 1 else 'models'}."
    listed = {name_key(name) for name in told.models}
    unlisted = [name for name in typed if name_key(name) not in listed]
    lacking = f", of which it does not list {len(unlisted)}, such as {unlisted[0]!r}" if unlisted and listed else ""
    return f"{who} answers; {len(typed)} models are typed in{lacking}."
