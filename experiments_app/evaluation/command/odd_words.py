"""What oddities are found with. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from experiments_app.evaluation.files.yaml_reading import MAX_DEPTH, Node, entries


class Oddity(NamedTuple):
    line: int
    message: str


def fields(node: Node) -> dict[str, Node]:
    """Return a mapping's nodes by the source of their keys; nothing for what is no mapping."""
    return {key.source: value for key, value in entries(node) if not key.is_null} if node.kind == "map" else {}


def items(found: Mapping[str, Node], key: str) -> list[Node]:
    return found[key].items if key in found and found[key].kind == "list" else []


def words(node: Node, depth: int = 0) -> Iterator[str]:
    """Return the texts of all scalars below a node."""
    if node.kind == "scalar":
        yield node.text
    children = [value for _, value in entries(node)] if node.kind == "map" else node.items
    for child in children if depth < MAX_DEPTH else ():
        yield from words(child, depth + 1)
