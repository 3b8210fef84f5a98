"""Loads models of the GitHub Models catalog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from github_models_app.api_client import GitHubModelsAPIClient
from github_models_app.catalog import GitHubModel, publisher_of, read_catalog, unknown_publisher
from github_models_app.mapping import capabilities_of, embeds
from unified_app.errors import NotFound, UpstreamError, UpstreamInvalid
from unified_app.model_objects import MAX_ROWS, RejectedRow
from unified_app.naming import name_key

# What an upstream says of a model that is listed but not offered to this token.
_NO_ACCESS = (401, 403, 404)
_NO_ACCESS_CODES = ("unavailable_model", "unknown_model")


class GitHubModelsLoader:
    """Loads models of the service that the client asks. Rows that are not right are left out of what it returns."""

    def __init__(self, api_client: GitHubModelsAPIClient) -> None:
        self.api_client = api_client

    def load_all_models(self) -> list[GitHubModel]:
        """Return every model of the catalog."""
        return [found for found in self.load() if isinstance(found, GitHubModel)]

    def load_models_by_provider(self, provider: str) -> list[GitHubModel]:
        """Return the models of one publisher, by slug or name. Raises NotFound, naming the valid ones."""
        return [found for found in self.load(provider) if isinstance(found, GitHubModel)]

    def validate_model_access(self, model_id: str) -> bool:
        """Whether the catalog lists the model and the service lets this token call it; costs one call of its quota.

        Being listed is not being offered, so a call is made: of one token, and at once or not at all. A quota that
        is used up (Paced) and an upstream that is away are errors and not False.
        """
        key = name_key(model_id)
        model = next((found for found in self.load_all_models() if found.key == key), None)
        if model is None:
            return False
        try:
            self.api_client.evaluate_model(model.id, _smallest_call(model), wait=False)
        except NotFound:
            return False
        except UpstreamError as error:
            if error.upstream_status in _NO_ACCESS or error.upstream_code in _NO_ACCESS_CODES:
                return False
            raise
        return True

    def load(self, provider: str | None = None) -> Iterator[GitHubModel | RejectedRow]:
        """Yield the catalog, or one publisher's part of it, with the rows that are not right."""
        rows = self.api_client.get_available_models()
        if len(rows) > MAX_ROWS:
            raise UpstreamInvalid(f"The catalog has more than {MAX_ROWS:,} rows.")
        found = list(read_catalog(rows))
        if provider is not None:
            found = _of_provider(found, provider)
        yield from found


def _of_provider(found: list[GitHubModel | RejectedRow], provider: str) -> list[GitHubModel | RejectedRow]:
    """Return one publisher's models, and the rows that may be its own."""
    by_publisher: dict[str, bool] = {}
    for row in found:
        if isinstance(row, GitHubModel):
            by_publisher[row.publisher_slug] = by_publisher.get(row.publisher_slug, False) or row.is_by(provider)
    if not any(by_publisher.values()):
        raise NotFound(unknown_publisher(provider, by_publisher))
    return [row for row in found if _may_be_of(row, by_publisher)]


def _may_be_of(row: GitHubModel | RejectedRow, by_publisher: dict[str, bool]) -> bool:
    slug = row.publisher_slug if isinstance(row, GitHubModel) else publisher_of(row.row)
    return by_publisher.get(slug, not slug)


def _smallest_call(model: GitHubModel) -> dict[str, Any]:
    if embeds(capabilities_of(model)):
        return {"input": "x"}
    return {"messages": [{"role": "user", "content": "x"}], "max_tokens": 1}
