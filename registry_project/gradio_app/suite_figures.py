"""Numbers of evaluations as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

from registry_project.charts import SHARES, Scale, scale_of
from registry_project.gradio_app.suite_replies import Comparison

NOTHING = "–"
_SHARES = ("pass@", "pass^")
_METRICS = {
    "pass": "cases passed",
    "latency": "time to the answer",
    "first_token": "time to the first token",
    "tokens": "tokens of the answer",
    "thinking_tokens": "tokens of thinking",
    "thinking_seconds": "time of thinking",
    "cost": "cost of a case",
}


def metric(name: str) -> str:
    """Return a metric as one would say it."""
    if name.startswith("pass@"):
        return f"passed in one of {name[5:]} tries"
    if name.startswith("pass^"):
        return f"passed in all of {name[5:]} tries"
    return _METRICS.get(name) or name.replace(".", ": ", 1)


def is_share(name: str) -> bool:
    """Whether a metric's values are shares of the cases."""
    return name == "pass" or name.startswith(_SHARES)


def scale(shown: Comparison) -> Scale:
    """Return the scale that fits all models: shares and scores from 0 to 1 fill it."""
    values = [each for row in shown.standings for each in (row.value, row.low, row.high) if each is not None]
    if is_share(shown.metric) or (not shown.unit and all(0 <= each <= 1 for each in values)):
        return SHARES
    return scale_of(values)


def value(shown: Comparison, number: float | None) -> str:
    if number is None:
        return NOTHING
    if is_share(shown.metric):
        return f"{100 * number:.1f} %"
    return {"s": f"{number:.2f} s", "tokens": f"{number:,.0f}", "USD": money(number)}.get(shown.unit, f"{number:.3f}")


def difference(shown: Comparison, number: float | None) -> str:
    """Return a difference with its sign; of shares in points of 100."""
    if number is None:
        return NOTHING
    if is_share(shown.metric):
        return f"{100 * number:+.1f}"
    return {"s": f"{number:+.2f} s", "tokens": f"{number:+,.0f}"}.get(shown.unit, f"{number:+.3g}")


def between(shown: Comparison, low: float | None, high: float | None) -> str:
    return f"{value(shown, low)} to {value(shown, high)}" if low is not None and high is not None else ""


def seconds(number: float | None) -> str:
    if number is None:
        return NOTHING
    return f"{number:.2f} s" if number < 10 else duration(number)


def duration(number: float) -> str:
    whole = round(number)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def money(number: float | None) -> str:
    if number is None:
        return NOTHING
    return f"{number:,.2f} USD" if number >= 1 else f"{number:.2g} USD"


def p_value(number: float | None) -> str:
    if number is None:
        return NOTHING
    return "< 0.001" if number < 0.001 else f"{number:.3f}"


def elapsed(started: str, finished: str) -> float | None:
    """Return the seconds between two moments as the registry writes them; up to now without the second."""
    try:
        begin = datetime.fromisoformat(started)
        end = datetime.fromisoformat(finished) if finished else datetime.now(UTC)
    except ValueError:
        return None
    try:
        return max(0.0, (end - begin).total_seconds())
    except TypeError:  # one has a zone, the other has none
        return None


def ago(moment: str) -> str:
    passed = elapsed(moment, "")
    if passed is None:
        return ""
    if passed < 86_400:
        return "just now" if passed < 60 else f"{duration(passed).rsplit(' ', 2)[0]} ago"
    days = round(passed / 86_400)
    return f"{days} day ago" if days == 1 else f"{days} days ago"
