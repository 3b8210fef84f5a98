"""Values of test cases that templates print as something else than stands there. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from experiments_app.evaluation.command.odd_words import Oddity, fields, items, words
from experiments_app.evaluation.evaluators.rubrics import BUILT_IN
from experiments_app.evaluation.files.yaml_reading import MAX_DEPTH, Node, Values, entries
from experiments_app.evaluation.templating import go_text

GITHUB = "github/"


def odd_values(top: dict[str, Node]) -> Iterator[Oddity]:
    values, used = Values(), _used(top)
    for node in items(top, "testData"):
        if node.kind != "map":
            yield Oddity(node.line, "The test case is null; no placeholder is filled.")
        found = fields(node)
        for key, value in found.items():
            yield from _unprintable(value)
            if f"{{{{{key}}}}}" in used:
                yield from _printed(key, value, values)
                yield from _crossing(key, value, found)
        if "completion" in found:
            yield Oddity(found["completion"].line, "Judges get the answer as {{completion}}, not this value.")


def _used(top: dict[str, Node]) -> str:
    """Return all texts that are templates, or may be."""
    told = [text for key in ("messages", "evaluators") for node in items(top, key) for text in words(node)]
    rubrics = [BUILT_IN[text.removeprefix(GITHUB)].prompt for text in told if text.removeprefix(GITHUB) in BUILT_IN]
    return "\n".join([*told, *rubrics])


def _printed(key: str, node: Node, values: Values) -> Iterator[Oddity]:
    printed = go_text(values.value(node))
    if node.kind != "scalar":
        yield Oddity(node.line, f"{{{{{key}}}}} is printed as {_shown(printed)}.")
    elif not node.is_text and printed != node.text:
        yield Oddity(node.line, f"{node.text or 'nothing'} is printed as {_shown(printed)}; quotes keep it.")


def _crossing(key: str, node: Node, found: dict[str, Node]) -> Iterator[Oddity]:
    """Tell of a value with another key's placeholder: whether Go fills that is chance."""
    for other in found if node.kind == "scalar" else ():
        if f"{{{{{other}}}}}" in node.text:
            yield Oddity(node.line, f"The value of {key} holds {{{{{other}}}}}; gh fills it or not, by chance.")


def _unprintable(node: Node, depth: int = 0) -> Iterator[Oddity]:
    """Tell of what --json cannot print, so that the whole run fails."""
    value = node.scalar() if node.kind == "scalar" else None
    if isinstance(value, float) and not math.isfinite(value):
        yield Oddity(node.line, f"{node.text} is no finite number; --json fails.")
    if node.kind == "map" and not all(
        key.kind == "scalar" and isinstance(key.scalar(), str) for key, _ in entries(node)
    ):
        yield Oddity(node.line, "A key inside a value is no text; --json fails.")
    children = [child for _, child in entries(node)] if node.kind == "map" else node.items
    for child in children if depth < MAX_DEPTH else ():
        yield from _unprintable(child, depth + 1)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
