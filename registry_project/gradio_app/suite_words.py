"""Suites and what they check, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry_project.gradio_app import markup
from registry_project.gradio_app.errors import PageError, Refused, sentence
from registry_project.gradio_app.suite_replies import Suite, counted

_STRINGS = {
    "equals": "The answer equals",
    "contains": "The answer contains",
    "startsWith": "The answer starts with",
    "endsWith": "The answer ends with",
}
_MOST_FIELDS = 20
_LONGEST = 120


def suite_card(shown: Suite, known: Mapping[str, str]) -> str:
    """Return what one should know of a suite before running it; `known` tells what each evaluator does."""
    facts = [shown.category and f"for {shown.category} models", counted(shown.cases, "case")]
    facts += [f"version {shown.version}", "comes with the registry" if shown.shipped else ""]
    description = f'<p class="mr-facts">{markup.text(shown.description)}</p>' if shown.description else ""
    told = " · ".join(markup.text(fact) for fact in facts if fact)
    return (
        f'<div class="mr-card"><p class="mr-title"><strong>{markup.text(shown.name)}</strong></p>{description}'
        f'<p class="mr-facts">{told}</p>{_checks(shown, known)}</div>'
    )


def uploaded(made: Suite) -> str:
    told = f"{counted(made.cases, 'case')}, version {made.version}, digest {made.digest[:12]}"
    name = markup.text(made.name)
    return f'<p class="mr-note" role="status">✓ <strong>{name}</strong> is in the registry: {markup.text(told)}.</p>'


def problem(error: PageError, opening: str) -> str:
    """Return an error; one that names fields as a list of them, after the opening."""
    if not isinstance(error, Refused):
        return markup.error(str(error))
    told = [(field, " ".join(said)) for field, said in error.details.items()]
    rows = "".join(
        f"<li><code>{markup.text(field)}</code> {markup.text(sentence(said))}</li>"
        for field, said in told[:_MOST_FIELDS]
    )
    more = f"<li>and {len(told) - _MOST_FIELDS} more</li>" if len(told) > _MOST_FIELDS else ""
    return (
        f'<div class="mr-error" role="alert"><span aria-hidden="true">✕</span> {markup.text(opening)}'
        f"<ul>{rows}{more}</ul></div>"
    )


def check(evaluator: Mapping[str, Any], known: Mapping[str, str]) -> str:
    """Return what an evaluator looks for, as a sentence."""
    for kind, value in _object(evaluator.get("string")).items():
        if kind in _STRINGS:
            return f"{_STRINGS[kind]} “{_short(value)}”."
    if judge := _object(evaluator.get("llm")):
        return f"{_short(judge.get('modelId') or 'A model')} judges the answer."
    uses = str(evaluator.get("uses") or "")
    return known.get(uses) or f"{uses.rpartition('/')[2] or 'A check'} of the answer."


def _checks(shown: Suite, known: Mapping[str, str]) -> str:
    if not shown.evaluators:
        return markup.note("It checks nothing by itself: answers are only kept and timed.")
    rows = "".join(
        f"<li><strong>{markup.text(each.get('name') or 'check')}</strong> {markup.text(check(each, known))}</li>"
        for each in shown.evaluators
    )
    return f'<p class="mr-label">What counts</p><ul class="mr-checks">{rows}</ul>'


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _short(value: Any) -> str:
    told = str(value)
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"
