"""What evaluations come to, in plain words. Pure: it reads what the comparison told, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registry_project.templatetags.words import counted, number

_SPACE = "\u00a0"
# So many names in a sentence; the table has all.
NAMED = 3
METRICS = {
    "pass": "cases passed",
    "latency": "time to the answer",
    "first_token": "time to the first token",
    "tokens": "tokens of the answer",
    "thinking_tokens": "tokens of thinking",
    "thinking_seconds": "time of thinking",
    "cost": "cost of a case",
}
TESTS = {
    "mcnemar_exact": "McNemar's exact test",
    "wilcoxon": "Wilcoxon's signed-rank test",
    "paired_bootstrap": "paired bootstrap",
    "none": "no test",
}


def metric_name(metric: str) -> str:
    """Return a metric as one would say it: `cases passed`, `passed in one of 3 tries`, `retrieval ndcg@10`."""
    if metric in METRICS:
        return METRICS[metric]
    if metric.startswith("pass@"):
        return f"passed in one of {metric[5:]} tries"
    if metric.startswith("pass^"):
        return f"passed in all of {metric[5:]} tries"
    return metric.replace(".", " ", 1)


def is_share(told: Mapping[str, Any]) -> bool:
    """Whether a comparison's values are shares of cases, which read as percent."""
    metric = str(told["metric"])
    return metric == "pass" or metric.startswith(("pass@", "pass^"))


def value(amount: float | None, *, share: bool, unit: str = "") -> str:
    """Return a value as one would say it: `82 %`, `0.41`, `1.2 s`, `$0.0004`; a dash for none."""
    if amount is None:
        return "–"
    if share:
        return percent(amount)
    if unit == "s":
        return seconds(amount)
    if unit == "USD":
        return money(amount)
    return number(round(amount)) if unit else f"{amount:.3f}".rstrip("0").rstrip(".") or "0"


def percent(share: float | None) -> str:
    """Return whole percent; 99.6 % is not all and 0.4 % not none."""
    if share is None:
        return "–"
    whole = round(100 * share)
    if whole in (0, 100) and share not in (0, 1):
        return f"{'under 1' if whole == 0 else 'over 99'}{_SPACE}%"
    return f"{whole}{_SPACE}%"


def seconds(amount: float | None) -> str:
    if amount is None:
        return "–"
    if 0 < abs(amount) < 0.995:
        return f"{round(1000 * amount)}{_SPACE}ms"
    return f"{f'{amount:.1f}'.removesuffix('.0')}{_SPACE}s" if abs(amount) < 100 else f"{round(amount)}{_SPACE}s"


def money(amount: Any) -> str:
    """Return dollars with as many digits as tell something; a dash for a price that nobody knows."""
    if amount is None:
        return "–"
    told = float(amount)
    if told == 0:
        return "$0"
    return f"${told:,.2f}".replace(",", "\u202f") if told >= 1 else f"${told:.2g}" if told >= 0.0001 else f"${told:.6f}"


def interval(low: float | None, high: float | None, *, share: bool, unit: str = "") -> str:
    """Return where a value would mostly lie with other cases of the same kind: `69 to 90 %`; "" for none."""
    if low is None or high is None:
        return ""
    if share:
        return f"{round(100 * low)} to {round(100 * high)}{_SPACE}%"
    return f"{value(low, share=False, unit=unit)} to {value(high, share=False, unit=unit)}"


def names(found: Sequence[str]) -> str:
    """Return names as part of a sentence: `a, b and c`, `a, b, c and 4 others`."""
    shown, more = list(found[: NAMED + 1]), len(found) - NAMED
    if more > 1:
        shown.pop()
        return f"{', '.join(shown)} and {counted(more, 'other')}"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def answer(told: Mapping[str, Any], called: Mapping[str, str]) -> str:
    """Return the one sentence that a comparison comes to. `called`: names by id."""
    rows = [row for row in told["models"] if row["value"] is not None]
    if not rows:
        return "No model has a value yet."
    first = rows[0]
    lead = f"{called[first['model']]} {_does(told, first)}"
    if len(rows) == 1:
        return f"{lead}."
    like, better = _beside(told, first["model"])
    if like:
        return f"{lead}; it cannot be told apart from {names([called[other] for other in like])}."
    if better:
        # On the cases that both have a value for.
        return f"{lead}, but {names([called[other] for other in better])} did better on the same cases."
    others = "the other model" if len(rows) == 2 else f"each of the {len(rows) - 1} others"
    return f"{lead}, {'less' if told.get('unit') else 'better'} than {others} beyond chance."


def _does(told: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    over = counted(row["n"], "case")
    if told["metric"] == "pass" and row.get("interval") == "wilson":
        return f"passes {number(round(row['value'] * row['n']))} of {over}"
    said = value(row["value"], share=is_share(told), unit=told.get("unit", ""))
    if told["metric"] == "pass":
        return f"passes {said} of {over}"
    if is_share(told):
        return f"{metric_name(told['metric'])} on {said} of {over}"
    return f"has a mean {metric_name(told['metric'])} of {said} over {over}"


def _beside(told: Mapping[str, Any], model: str) -> tuple[list[str], list[str]]:
    """Return the models that this one cannot be told apart from, and those that are better, in the table's order."""
    like, better = [], []
    for pair in told["pairs"]:
        if model not in (pair["a"], pair["b"]):
            continue
        other = pair["b"] if pair["a"] == model else pair["a"]
        if pair["verdict"] not in ("a", "b"):
            like.append(other)
        elif pair[pair["verdict"]] == other:
            better.append(other)
    order = [row["model"] for row in told["models"] if row["value"] is not None]
    first, second = ([one for one in order if one in found] for found in (like, better))
    return first, second


def verdict(told: Mapping[str, Any], pair: Mapping[str, Any], called: Mapping[str, str]) -> str:
    """Return what can honestly be said of two models."""
    if not pair["n"]:
        return "They have no case in common that both have a value for."
    if pair["verdict"] in ("a", "b"):
        return _better(told, pair, called)
    first = called[pair["a"]]
    low, high = _said(told, pair["low"]), _said(told, pair["high"])
    if pair["verdict"] == "same":
        return f"No difference that matters: {first} is between {low} and {high}."
    needed = pair.get("cases_needed")
    more = f" About {number(_rounded(needed))} cases would be needed." if needed else ""
    return f"Not enough cases to tell: {first} may be anything from {low} to {high}.{more}"


def _better(told: Mapping[str, Any], pair: Mapping[str, Any], called: Mapping[str, str]) -> str:
    winner = called[pair[pair["verdict"]]]
    low, high = sorted((abs(pair["low"]), abs(pair["high"])))
    size, least, most = (_amount(told, amount) for amount in (abs(pair["difference"]), low, high))
    word = {"s": "faster", "USD": "cheaper", "tokens": "shorter"}.get(told.get("unit", ""), "better")
    return f"{winner} is {word} by {size}{_unit(told)} ({least} to {most}), {p_value(pair['p_adjusted'])}."


def p_value(p: float) -> str:
    """Return a p-value after the correction, with no digits that mean nothing."""
    said = "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.01 else f"p = {p:.2f}"
    return f"{said} after correction"


def _amount(told: Mapping[str, Any], amount: float) -> str:
    if is_share(told):
        return f"{100 * amount:.0f}" if abs(100 * amount) >= 0.95 or amount == 0 else f"{100 * amount:.1f}"
    return value(amount, share=False, unit=told.get("unit", ""))


def _said(told: Mapping[str, Any], amount: float) -> str:
    """Return a difference in the words of its direction: `18 points worse`, `0.2 s less`."""
    size = _amount(told, abs(amount))
    if size in ("0", "$0"):
        return f"0{_unit(told)}"
    up, down = ("better", "worse") if not told.get("unit") else ("more", "less")
    return f"{size}{_unit(told)} {up if amount > 0 else down}"


def _unit(told: Mapping[str, Any]) -> str:
    if is_share(told):
        return " points"
    return " tokens" if told.get("unit") == "tokens" else ""


def _rounded(count: int) -> int:
    """Return a forecast with two digits: more would promise too much."""
    size: int = 10 ** max(0, len(str(count)) - 2)
    return -(-count // size) * size


def ranks(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return each model's place in words: `1–3 tied` for those that share a rank since they cannot be told apart."""
    together: dict[int, list[str]] = {}
    for row in rows:
        if row.get("rank") is not None:
            together.setdefault(row["rank"], []).append(row["model"])
    said: dict[str, str] = {}
    first = 1
    for rank in sorted(together):
        last = first + len(together[rank]) - 1
        said |= dict.fromkeys(together[rank], f"{first}–{last} tied" if last > first else str(first))
        first = last + 1
    return said
