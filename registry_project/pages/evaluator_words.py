"""A suite's evaluators in plain words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from experiments_app.evaluation.cases import EvaluatorSpec, SuiteContent
from experiments_app.evaluation.evaluators.registry import describe
from registry_project.pages.evaluation_cases import text_of

_STRINGS = {
    "equals": "The answer is exactly",
    "contains": "The answer contains",
    "startsWith": "The answer starts with",
    "endsWith": "The answer ends with",
}
# Longer texts of options are folded away.
SHORT = 80


def evaluators_of(content: SuiteContent) -> list[dict[str, Any]]:
    """Return for each evaluator its name, what it looks at in a sentence, its kind, and its options."""
    return [_told(spec) for spec in content.evaluators]


def _told(spec: EvaluatorSpec) -> dict[str, Any]:
    known = _descriptions().get(spec.uses or spec.method, {})
    told = {"name": spec.name, "uses": spec.uses, "kind": known.get("type", "")}
    if spec.method == "string":
        return told | {"said": _string(spec.options), "short": [], "long": []}
    options = [(key, text_of(value)) for key, value in spec.options.items() if value not in (None, "")]
    return told | {
        "said": str(known.get("description", "")),
        "short": [(key, text) for key, text in options if len(text) <= SHORT],
        "long": [(key, text) for key, text in options if len(text) > SHORT],
    }


def _string(options: Mapping[str, Any]) -> str:
    # The first that is there counts, as in gh-models.
    for operator, said in _STRINGS.items():
        if options.get(operator):
            return f"{said} “{options[operator]}”."
    return "Compares the answer with a text."


@lru_cache(maxsize=1)
def _descriptions() -> dict[str, dict[str, Any]]:
    return {told["uses"] or told["name"]: told for told in describe()}
