"""Suites as `.prompt.yml` files. Pure.

Read as gh-models does, but for this: unknown keys are kept, a time stays the text that it is, and a key that is no
text is one by its source, since a suite is JSON.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from experiments_app.evaluation.files.suite_parts import refuse
from experiments_app.evaluation.files.yaml_reading import BadYaml, Node, Values, compose, entries
from experiments_app.evaluation.files.yaml_scalars import Time
from experiments_app.evaluation.files.yaml_writing import dump

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,999})")
# Where a text is wanted, any scalar is one by its source: `choice: no`, `model: 1.10`.
TEXT = "text"
_MESSAGE = {"role": TEXT, "content": TEXT}
_JUDGE = {"modelId": TEXT, "prompt": TEXT, "systemPrompt": TEXT, "choices": [{"choice": TEXT}]}
_STRING = dict.fromkeys(("equals", "contains", "startsWith", "endsWith"), TEXT)
SHAPE: dict[str, Any] = {
    **dict.fromkeys(("name", "description", "model", "responseFormat", "category"), TEXT),
    "messages": [_MESSAGE],
    "evaluators": [{"name": TEXT, "uses": TEXT, "string": _STRING, "llm": _JUDGE}],
}


def read_yaml(raw: bytes | str) -> dict[str, Any]:
    """Return the suite's document. Raises InvalidInput that names the line."""
    document = read_shaped(raw, SHAPE)
    if document is None:
        refuse("file", "It is empty.")
    if not isinstance(document, dict):
        refuse("file", "It is no mapping with messages, testData and evaluators.")
    return document


def read_shaped(raw: bytes | str, shape: Any) -> Any:
    """Return what a file says, as JSON could say it; `shape` tells where texts are wanted. Raises InvalidInput."""
    try:
        root = compose(raw)
        return None if root is None or root.is_null else _Plain().shaped(root, shape)
    except BadYaml as error:
        refuse("file", f"It cannot be read: {error}")


def write_yaml(document: Mapping[str, Any]) -> bytes:
    return dump(document).encode("utf-8", "replace")


class _Plain(Values):
    """Values that JSON can hold."""

    def shaped(self, node: Node, shape: Any) -> Any:
        if shape is TEXT and node.kind == "scalar":
            return None if node.is_null else node.source
        if isinstance(shape, list) and node.kind == "list":
            return [self.shaped(item, shape[0]) for item in node.items]
        if isinstance(shape, dict) and node.kind == "map":
            pairs = [(key, value) for key, value in entries(node) if not key.is_null]
            return {self.key(key): self.shaped(value, shape.get(key.source)) for key, value in pairs}
        return self.value(node)

    def scalar(self, node: Node) -> Any:
        if node.tag == "int" and _INTEGER.fullmatch(node.text):
            return int(node.text)  # written so, since Go takes one of more than 64 bits for a float
        value = node.scalar()
        if isinstance(value, float) and not math.isfinite(value):
            raise BadYaml(f"{node.text} is no finite number; put it in quotes", node.line)
        return node.text if isinstance(value, Time) else value

    def key(self, key: Node) -> Any:
        if key.kind != "scalar":
            raise BadYaml(f"{key.told} is no key", key.line)
        return key.source
