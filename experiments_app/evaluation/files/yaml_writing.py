"""Writes YAML that Go's yaml.v3 and YAML 1.1's readers take for the same: what either would misread is quoted. Pure."""

from __future__ import annotations

import re
from typing import Any

import yaml

from experiments_app.evaluation.files.yaml_scalars import resolved

# YAML 1.1 takes these for line ends and folds them away, unless they are escaped.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_TAGS = {name: f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "null", "timestamp")}


class _Dumper(yaml.SafeDumper):
    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        found = _TAGS.get(resolved(value)[0]) if kind is yaml.ScalarNode and implicit[0] else None
        return found or super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]

    def ignore_aliases(self, data: Any) -> bool:
        return True


def dump(value: Any) -> str:
    """Return plain data as YAML, keys in their order. Texts with lines are blocks, where those can hold them."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if _LINE_ENDS.search(text) else "|" if "\n" in text.strip("\n") else None
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_Dumper.add_representer(str, _text_node)
