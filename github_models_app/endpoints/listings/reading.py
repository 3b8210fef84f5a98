"""From a server's listing to what it tells of each model, by the reader of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from github_models_app.endpoints.client import rows_of
from github_models_app.endpoints.listings.facts import Facts
from github_models_app.endpoints.listings.open_models import VLLM, LlamaCpp, LMStudio, LocalAI
from github_models_app.endpoints.listings.reader import Asks, Listing, Reader
from github_models_app.endpoints.listings.services import Azure, LiteLLM, OpenAI, OpenRouter, OtherRegistry, Plain
from github_models_app.endpoints.models import MAX_MODEL_NAME
from unified_app import values
from unified_app.model_objects import RejectedRow
from unified_app.naming import name_key

# The first that recognises a listing reads it.
READERS: tuple[Reader, ...] = (
    OtherRegistry(), OpenRouter(), Azure(), VLLM(), LlamaCpp(), LMStudio(), LiteLLM(), OpenAI(), LocalAI(), Plain(),
)  # fmt: skip

# The first row of an id is taken, so no model is missing from such a listing.
TWICE = "the id stands twice in the listing"


@dataclass(frozen=True)
class Told:
    """What a server listed: {model id: facts}, in its order, and the rows that are not right."""

    kind: str = ""
    models: dict[str, Facts] = field(default_factory=dict)
    rejected: list[RejectedRow] = field(default_factory=list)


def read_listing(answer: Any, server: Asks) -> Told:
    """Return what a listing and its server tell. Raises UpstreamInvalid when it is no listing at all."""
    rows, rejected = usable_rows(rows_of(answer))
    listing = Listing(rows, answer)
    reader = next(reader for reader in READERS if reader.recognises(listing))
    more = reader.beside(listing, server) if rows else {}
    models = {row["id"]: reader.facts(row, values.as_dict(more.get(row["id"]))) for row in rows}
    return Told(reader.label if rows else "", models, rejected)


def usable_rows(rows: Sequence[Any]) -> tuple[list[dict[str, Any]], list[RejectedRow]]:
    """Return the rows that name a model that can be called, and the others with the reason."""
    good: list[dict[str, Any]] = []
    rejected: list[RejectedRow] = []
    seen: set[str] = set()
    for index, row in enumerate(rows):
        problem = _problem(row, seen)
        if problem:
            rejected.append(RejectedRow(_called(row, index), problem, kept=problem == TWICE))
        else:
            seen.add(name_key(row["id"]))
            good.append(row)
    return good, rejected


def _problem(row: Any, seen: set[str]) -> str:
    """Return what is wrong with a row, or ""."""
    if not isinstance(row, dict):
        return "it is not an object"
    name = row.get("id")
    if not isinstance(name, str) or not name_key(name):
        return "it has no id"
    if len(name) > MAX_MODEL_NAME or not values.is_one_line(name) or name != name.strip():
        return f"its id is not one line of at most {MAX_MODEL_NAME} characters"
    return TWICE if name_key(name) in seen else ""


def _called(row: Any, index: int) -> str:
    """Return what a row is called in a report."""
    told = values.word(row.get("id"))[:80] if isinstance(row, dict) else ""
    return told or f"row {index + 1}"
