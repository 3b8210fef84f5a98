"""One reader per kind of server: how it is recognised, what else it is asked, what each of its rows tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from github_models_app.endpoints.listings.facts import Facts
from unified_app import values

Row = dict[str, Any]


class Asks(Protocol):
    """What a reader may ask beside the listing; None is the answer of a server that has none."""

    def told_beside(self, path: str) -> Any: ...

    def told_in_api(self, path: str) -> Any: ...


@dataclass(frozen=True)
class Listing:
    """The answer of `/models`: the usable rows, and the whole of it for servers that tell more beside `data`."""

    rows: list[Row]
    whole: Any

    def any_row(self, test: Callable[[Row], bool]) -> bool:
        return any(test(row) for row in self.rows)

    def all_rows(self, test: Callable[[Row], bool]) -> bool:
        return bool(self.rows) and all(test(row) for row in self.rows)


class Reader:
    """A kind of server. `more` is what `beside` returned: {model id: what is told of it beside the listing}."""

    label: ClassVar[str] = ""

    def recognises(self, listing: Listing) -> bool:
        raise NotImplementedError

    def beside(self, listing: Listing, server: Asks) -> dict[str, Row]:
        """Ask what this kind of server tells elsewhere; what it does not answer is just not told."""
        return {}

    def facts(self, row: Row, more: Row) -> Facts:
        raise NotImplementedError


def by_id(answer: Any, key: str = "data", name: str = "id") -> dict[str, Row]:
    """Return the rows of an answer by their id; the first one of an id counts, what is no row is left out."""
    found: dict[str, Row] = {}
    rows = values.as_dict(answer).get(key)
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and isinstance(row.get(name), str):
            found.setdefault(row[name], dict(row))
    return found


def owned_by(*owners: str) -> Callable[[Row], bool]:
    return lambda row: row.get("owned_by") in owners
