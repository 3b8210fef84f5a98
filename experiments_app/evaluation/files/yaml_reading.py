"""YAML files as Go's yaml.v3 reads them: the first document, as nodes that know their lines. Pure.

The parser is PyYAML's; nodes are built here, since its own building recurses without a bound and does not know Go's
rules: keys that come twice are refused, merge keys give way to what stands beside them, tags are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import yaml

from experiments_app.evaluation.files.yaml_scalars import BadScalar, scalar

# Go allows 10,000; no prompt nests so deeply.
MAX_DEPTH = 100
# Values that aliases make of few: a file of 10,000 cases has a tenth of it.
MAX_VALUES = 500_000
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STANDARD = "tag:yaml.org,2002:"


class BadYaml(ValueError):
    """The file is no YAML, or holds what it may not; `line` counts from 1, 0 where it is not known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


@dataclass(eq=False)
class Node:
    """One value of the file. `kind` is scalar, list or map; an alias is the node that it names."""

    kind: str
    line: int
    tag: str = ""
    # Whether it stands in quotes or as a block; such a scalar is a text.
    is_quoted: bool = False
    text: str = ""
    items: list[Node] = field(default_factory=list)
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    # What `entries` found, since an alias may ask for it often.
    merged: list[tuple[Node, Node]] | None = None

    @property
    def is_null(self) -> bool:
        return self.kind == "scalar" and not self.is_text and self.scalar() is None

    @property
    def is_text(self) -> bool:
        return self.kind == "scalar" and (self.tag == "str" or (self.is_quoted and not self.tag))

    @property
    def is_merge(self) -> bool:
        return self.kind == "scalar" and self.text == "<<" and not self.is_quoted and self.tag in ("", "merge")

    def scalar(self) -> Any:
        """Return what a scalar means where nothing says what is wanted."""
        if self.is_text:
            return self.text
        try:
            return scalar(self.text, self.tag)
        except BadScalar as error:
            raise BadYaml(str(error), self.line) from None

    @property
    def source(self) -> str:
        """A scalar as a text, whatever it looks like."""
        return str(self.scalar()) if self.tag == "binary" else self.text

    @property
    def told(self) -> str:
        """The node in a word, for messages."""
        if self.kind != "scalar":
            return {"list": "a list", "map": "a mapping"}[self.kind]
        return "nothing" if self.is_null else f"`{self.text[:20]}{'...' if len(self.text) > 20 else ''}`"


# Stands in `merged` while it is being found.
_SELF: list[tuple[Node, Node]] = []


def compose(raw: bytes | str) -> Node | None:
    """Return the first document; None for an empty file. Raises BadYaml."""
    try:
        parser = _PARSER(raw)
    except (yaml.YAMLError, ValueError) as error:
        raise BadYaml(_why(error), _line(error)) from None
    try:
        return _Builder(parser).document()
    except (yaml.YAMLError, ValueError, IndexError) as error:
        if isinstance(error, BadYaml):
            raise
        raise BadYaml(_why(error), _line(error)) from None
    finally:
        parser.dispose()


def more_from(raw: bytes | str) -> int:
    """Return the line on which a second document of a file begins; 0 where there is none."""
    starts = 0
    try:
        for event in yaml.parse(raw, Loader=_PARSER):
            starts += isinstance(event, yaml.DocumentStartEvent)
            if starts == 2 and event.start_mark:
                return int(event.start_mark.line) + 1
    except yaml.YAMLError as error:
        return _line(error) or 1
    return 0


def entries(node: Node) -> list[tuple[Node, Node]]:
    """Return the pairs of a mapping, with those that merge keys bring. Raises BadYaml for a key that comes twice."""
    if node.merged is None:
        node.merged = _SELF
        node.merged = _entries(node)
    if node.merged is _SELF:
        raise BadYaml("an anchor's value contains itself", node.line)
    return node.merged


def _entries(node: Node) -> list[tuple[Node, Node]]:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.pairs:
        if (key.kind, key.text) in lines:
            first = lines[key.kind, key.text]
            raise BadYaml(f'mapping key "{key.text[:60]}" already defined at line {first}', key.line)
        lines[key.kind, key.text] = key.line
    own = [pair for pair in node.pairs if not pair[0].is_merge]
    names = {key.text for key, _ in own}
    for value in (value for key, value in node.pairs if key.is_merge):
        for merged in _merged(value):
            fresh = [pair for pair in entries(merged) if pair[0].text not in names]
            names |= {key.text for key, _ in fresh}
            own += fresh
    return own


class Values:
    """Makes plain values of nodes: one per file, since it counts what aliases multiply."""

    def __init__(self) -> None:
        self._made = 0
        self._open: set[int] = set()

    def value(self, node: Node) -> Any:
        """Return the node as bool, int, float, Time, text, None, list or dict (its keys as YAML reads them)."""
        self._made += 1
        if self._made > MAX_VALUES:
            raise BadYaml("document contains excessive aliasing", node.line)
        if node.kind == "scalar":
            return self.scalar(node)
        with self._opened(node):
            if node.kind == "list":
                return [self.value(item) for item in node.items]
            return {self.key(key): self.value(value) for key, value in entries(node)}

    def texts(self, node: Node) -> dict[str, Any]:
        """Return a mapping whose keys are their source texts, whatever they look like; a null key is dropped."""
        with self._opened(node):
            pairs = [(key, value) for key, value in entries(node) if not (_is_key(key) and key.is_null)]
            return {key.source: self.value(value) for key, value in pairs}

    def scalar(self, node: Node) -> Any:
        return node.scalar()

    def key(self, key: Node) -> Any:
        return key.scalar() if _is_key(key) else None

    @contextmanager
    def _opened(self, node: Node) -> Iterator[None]:
        if id(node) in self._open:
            raise BadYaml("an anchor's value contains itself", node.line)
        self._open.add(id(node))
        yield
        self._open.discard(id(node))


class _Builder:
    """Builds nodes of a parser's events."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        for event in self._events():
            if not isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
                break
            if getattr(event, "version", None) not in (None, (1, 1)):
                raise BadYaml("found incompatible YAML document: leave its %YAML line out", 1)
        else:
            return None
        if isinstance(event, yaml.StreamEndEvent):
            return None
        node = self._node(event, 0)
        # What follows may be wrong: it is not read. What ends the document badly is.
        next(self._events(), None)
        return node

    def _events(self) -> Iterator[Any]:
        while (event := self._parser.get_event()) is not None:
            yield event

    def _node(self, event: Any, depth: int) -> Node:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise BadYaml(f"unknown anchor '{event.anchor}' referenced", line)
            return self._anchors[event.anchor]
        if depth > MAX_DEPTH:
            raise BadYaml("It is nested too deeply.", line)
        kind = {yaml.SequenceStartEvent: "list", yaml.MappingStartEvent: "map"}.get(type(event), "scalar")
        node = Node(kind, line, _short(event.tag))
        if event.anchor:
            self._anchors[event.anchor] = node
        self._fill(node, event, depth)
        return node

    def _fill(self, node: Node, event: Any, depth: int) -> None:
        if node.kind == "scalar":
            node.text, node.is_quoted = event.value, event.style not in (None, "")
            return
        children: list[Node] = []
        while not isinstance(event := self._parser.get_event(), yaml.CollectionEndEvent):
            children.append(self._node(event, depth + 1))
        if node.kind == "list":
            node.items = children
        else:
            node.pairs = list(zip(children[::2], children[1::2], strict=True))


def _merged(value: Node) -> list[Node]:
    found = value.items if value.kind == "list" else [value]
    if any(node.kind != "map" for node in found):
        raise BadYaml("map merge requires map or sequence of maps as the value", value.line)
    return found


def _is_key(key: Node) -> bool:
    if key.kind != "scalar":
        raise BadYaml(f"{key.told} is no key", key.line)
    return True


def _short(tag: str | None) -> str:
    return "" if tag in (None, "!") else str(tag).removeprefix(_STANDARD)


def _why(error: Exception) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    return " ".join(str(problem).split())[:200]


def _line(error: Exception) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark is not None else 0
