"""What two models answered to the same case, side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from registry_project.gradio_app import markup
from registry_project.gradio_app import suite_figures as figures
from registry_project.gradio_app.reading import items, number, obj, word
from registry_project.gradio_app.suite_replies import Run

_VERDICTS = {True: ("✓", "good", "passed"), False: ("✕", "bad", "not passed"), None: ("◇", "off", "undecided")}
_LONGEST = 20_000


def cases(run: Run, body: Any, models: tuple[str, str]) -> dict[str, str]:
    """Return the cases by what the list calls them: "3: passed, not passed"."""
    found: dict[str, str] = {}
    for row in items(obj(body).get("outputs")):
        case = obj(row)
        sides = [_side(case.get(name)) for name in ("a", "b")]
        told = ", ".join(_verdict(side)[2] for side in sides)
        found[f"{_title(case)}: {told}"] = _beside(run, case, sides, models)
    return found


def _title(case: Mapping[str, Any]) -> str:
    index, repeat = number(case.get("index")), number(case.get("repeat"))
    again = f", repeat {int(repeat) + 1}" if repeat else ""
    return f"Case {int(index or 0) + 1}{again}"


def _beside(run: Run, case: Mapping[str, Any], sides: list[Mapping[str, Any]], models: tuple[str, str]) -> str:
    both = "".join(_answer(run.name_of(model), side) for model, side in zip(models, sides, strict=True))
    return f'<div class="mr-beside">{_asked(case)}{both}</div>'


def _asked(case: Mapping[str, Any]) -> str:
    """Return the case's own values: what was asked, and what was expected."""
    told = case.get("data") or case.get("input") or {}
    if not isinstance(told, dict):
        told = {"asked": told}
    rows = "".join(f"<dt>{markup.text(key)}</dt><dd>{markup.text(_plain(value))}</dd>" for key, value in told.items())
    return f'<dl class="mr-case">{rows}</dl>' if rows else ""


def _answer(name: str, side: Mapping[str, Any]) -> str:
    if not side:
        return f'<div class="mr-answer"><p class="mr-who">{markup.text(name)}</p>{markup.note("No answer yet.")}</div>'
    shape, kind, told = _verdict(side)
    state = f'<span class="mr-state mr-{kind}"><span aria-hidden="true">{shape}</span> {told}</span>'
    seconds = figures.seconds(number(side.get("latency")))
    checks = "".join(_check(obj(each)) for each in items(side.get("scores") or []))
    error = side.get("error")
    problem = markup.error(word(error.get("message"))) if isinstance(error, dict) else ""
    return (
        f'<div class="mr-answer"><p class="mr-who">{markup.text(name)} {state} <span class="mr-facts">{seconds}</span>'
        f"</p>{problem}{_reasoning(side)}{_said(side)}"
        f'<ul class="mr-checks">{checks}</ul></div>'
    )


def _said(side: Mapping[str, Any]) -> str:
    if side.get("tool_calls"):
        return f"<pre><code>{markup.text(_plain(side.get('text') or side['tool_calls']))}</code></pre>"
    return markup.prose(_plain(side.get("text") or side.get("output") or ""))


def _reasoning(side: Mapping[str, Any]) -> str:
    told = word(side.get("reasoning"))
    if not told:
        return ""
    return f'<details class="mr-reasoning"><summary>Reasoning</summary>{markup.prose(_plain(told))}</details>'


def _check(score: Mapping[str, Any]) -> str:
    shape, kind, told = _VERDICTS[score.get("passed") if isinstance(score.get("passed"), bool) else None]
    value = number(score.get("score"))
    # A measure without a limit has a number and no verdict.
    told = told if value is None or score.get("passed") is not None else f"{value:.3f}"
    details = word(score.get("details"))
    more = f' <span class="mr-facts">{markup.text(_plain(details))}</span>' if details else ""
    sign = f'<span class="mr-{kind}" aria-hidden="true">{shape}</span>'
    return f"<li>{sign} <strong>{markup.text(score.get('name') or 'check')}</strong> {told}{more}</li>"


def _verdict(side: Mapping[str, Any]) -> tuple[str, str, str]:
    if not side or side.get("state") == "failed":
        return "✕", "bad", "no answer"
    return _VERDICTS[side.get("passed") if isinstance(side.get("passed"), bool) else None]


def _side(value: Any) -> Mapping[str, Any]:
    """Return one model's answer; of several repeats the first."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) else {}


def _plain(value: Any) -> str:
    told = value if isinstance(value, str) else _written(value)
    if told.startswith("data:") and len(told) > 100:
        return "(a file)"
    return told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"


def _written(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False, indent=2)
