"""What a run found: the answer in a sentence, a row for each model, and what can be said of every two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registry_project import charts
from registry_project.charts import Scale
from registry_project.gradio_app import markup
from registry_project.gradio_app import suite_figures as figures
from registry_project.gradio_app.reading import number, whole
from registry_project.gradio_app.suite_replies import Comparison, Pair, Run, Standing, counted

HEADS = ("Value, 95 % interval", "Passed", "Undecided", "No answer", "p50", "p95", "Tokens", "Cost")
MOST_PAIRS = 60
_NAMED = 3


def lead(run: Run, shown: Comparison) -> str:
    """Return which model is best, as far as the cases tell."""
    rows = [row for row in shown.standings if row.value is not None]
    if not rows:
        return markup.note(f"No model has a value for “{figures.metric(shown.metric)}” yet.")
    first = f"<strong>{markup.text(run.name_of(rows[0].model))}</strong>"
    told = f"{first} {_does(shown, rows[0])}"
    like = _like(shown, rows[0].model, [row.model for row in rows])
    if like:
        told += f"; it cannot be told apart from {markup.text(_and([run.name_of(each) for each in like]))}"
    elif len(rows) > 1:
        told += f", better than {'the other' if len(rows) == 2 else 'each of the others'} beyond chance"
    return f'<p class="mr-lead" role="status">{told}.</p>'


def results(run: Run, shown: Comparison) -> str:
    """Return the table of the models, best first."""
    scale = figures.scale(shown)
    known = {row.model: row for row in shown.standings}
    order = [row.model for row in shown.standings]
    order += [model.id for model in run.models if model.id not in known]
    ranks = _ranks(shown)
    rows = "".join(_result(run, shown, scale, model, known.get(model), ranks.get(model, "")) for model in order)
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    ends = f"{figures.value(shown, scale.low)} to {figures.value(shown, scale.high)}"
    caption = (
        f"The chart goes from {ends}; its dot is the value of “{markup.text(figures.metric(shown.metric))}” and "
        "its line the interval. "
        "p50 and p95: half and 95 of 100 answers came within that time."
    )
    return _table("Results by model", caption, f'<th scope="col">Model</th>{heads}', rows)


def pairs(run: Run, shown: Comparison) -> str:
    """Return the table of every two models; what is decided stands first."""
    if not shown.pairs:
        return ""
    order = sorted(shown.pairs, key=lambda pair: pair.verdict not in ("a", "b"))
    scale = charts.scale_of(each for pair in order for each in (pair.low, pair.high, pair.difference))
    scale = Scale(-scale.high, scale.high, (-scale.high, 0.0, scale.high))
    rows = "".join(_pair(run, shown, scale, pair) for pair in order[:MOST_PAIRS])
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Difference, 95 % interval", "p", "Cases", "Verdict"))
    unit = " in points of 100" if figures.is_share(shown.metric) else ""
    corrected = f", after Holm's correction for {len(order):,} comparisons" if len(order) > 1 else ""
    left = f" These are {MOST_PAIRS} of {len(order):,} pairs." if len(order) > MOST_PAIRS else ""
    caption = (
        f"The first model less the second{unit}, on the cases that both answered. p is the probability of such a "
        f"difference by chance{corrected}.{left}"
    )
    return _table("Comparison of every two models", caption, f'<th scope="col">Models</th>{heads}', rows)


def verdict(run: Run, shown: Comparison, pair: Pair) -> str:
    """Return what can be said of two models, in words."""
    if pair.verdict in ("a", "b"):
        how = {"s": "faster", "USD": "cheaper", "tokens": "shorter"}.get(shown.unit, "better")
        return f"{run.name_of(pair.a if pair.verdict == 'a' else pair.b)} is {how}"
    if pair.verdict == "same":
        return "No difference that matters"
    needed = f"; about {pair.cases_needed:,} would be needed" if pair.cases_needed else ""
    return f"Not enough cases to tell{needed}"


def _result(run: Run, shown: Comparison, scale: Scale, model: str, row: Standing | None, rank: str) -> str:
    # A run that ended early has no summary yet; the comparison has looked at what there is.
    summary = next((each.summary for each in run.models if each.id == model), {})
    tokens = [whole(summary.get(name)) for name in ("tokens_in", "tokens_out")]
    cells = [
        _value(shown, scale, row),
        _passed(summary),
        _count(row.undecided if row else None),
        _count(row.failed if row else None),
        figures.seconds(row.p50 if row else None),
        figures.seconds(row.p95 if row else None),
        f"{sum(each or 0 for each in tokens):,}" if summary else figures.NOTHING,
        f'<span class="mr-nowrap">{figures.money(number(summary.get("cost")))}</span>',
    ]
    return _row(f"{markup.text(run.name_of(model))}{rank}", HEADS, cells)


def _passed(summary: Mapping[str, Any]) -> str:
    passed, missed = (whole(summary.get(name)) for name in ("passed", "not_passed"))
    if passed is not None and missed is not None:
        return f"{passed:,} of {passed + missed:,}"
    return figures.NOTHING


def _ranks(shown: Comparison) -> dict[str, str]:
    """Return each model's place: those that cannot be told apart share theirs."""
    told: dict[str, str] = {}
    ranks = [row.rank for row in shown.standings if row.rank]
    for row in shown.standings:
        if row.rank and len(ranks) > 1:
            first, count = sum(rank < row.rank for rank in ranks) + 1, ranks.count(row.rank)
            place = f"{first} to {first + count - 1}, tied" if count > 1 else str(first)
            told[row.model] = f'<div class="mr-facts">Rank {place}</div>'
    return told


def _value(shown: Comparison, scale: Scale, row: Standing | None) -> str:
    if row is None or row.value is None:
        return figures.NOTHING
    between = figures.between(shown, row.low, row.high)
    told = f"<strong>{figures.value(shown, row.value)}</strong> {between and f'({between})'}"
    return f'{charts.interval(scale, row.value, row.low, row.high)}<span class="mr-interval">{told}</span>'


def _pair(run: Run, shown: Comparison, scale: Scale, pair: Pair) -> str:
    low, high = (figures.difference(shown, each) for each in (pair.low, pair.high))
    told = f"<strong>{figures.difference(shown, pair.difference)}</strong> ({low} to {high})"
    chart = charts.interval(scale, pair.difference, pair.low, pair.high)
    is_decided = pair.verdict in ("a", "b")
    sign = '<span aria-hidden="true">✓</span> ' if is_decided else ""
    cells = [
        f'{chart}<span class="mr-interval">{told}</span>',
        figures.p_value(pair.p),
        _count(pair.n),
        f'<span class="{"mr-good" if is_decided else ""}">{sign}{markup.text(verdict(run, shown, pair))}</span>',
    ]
    names = f"{markup.text(run.name_of(pair.a))} and {markup.text(run.name_of(pair.b))}"
    return _row(names, ("Difference", "p", "Cases", "Verdict"), cells)


def _row(head: str, heads: Sequence[str], cells: Sequence[str]) -> str:
    """Return a row whose cells know their column's name, since on a phone it becomes a card."""
    inside = "".join(f'<td data-label="{name}"><div>{cell}</div></td>' for name, cell in zip(heads, cells, strict=True))
    return f'<tr><th scope="row">{head}</th>{inside}</tr>'


def _table(name: str, caption: str, heads: str, rows: str) -> str:
    return (
        f'<div class="mr-scroll" tabindex="0" role="group" aria-label="{name}"><table class="mr-table">'
        f"<caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _count(value: Any) -> str:
    found = whole(value)
    return figures.NOTHING if found is None else f"{found:,}"


def _does(shown: Comparison, row: Standing) -> str:
    value, cases = figures.value(shown, row.value), counted(row.n, "case")
    if shown.metric == "pass":
        return f"passes {value} of {cases}"
    return f"has {value} ({markup.text(figures.metric(shown.metric))}) on {cases}"


def _like(shown: Comparison, model: str, order: Sequence[str]) -> list[str]:
    """Return the models that are neither better nor worse than this one, as far as the cases tell."""
    undecided = [{pair.a, pair.b} for pair in shown.pairs if pair.verdict not in ("a", "b")]
    return [other for other in order if {model, other} in undecided]


def _and(names: Sequence[str]) -> str:
    """Return names as part of a sentence; the table has all."""
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
