"""Small charts as SVG for both faces of the product: no library, no Django, no Gradio.

A chart is decoration: the numbers it shows stand beside it as text, so it is hidden from screen readers. Colours come
from the style sheet of the page, by class. Places are percentages of the width, so a chart fits any column and no text
is ever squeezed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10

HEIGHT = 24
_STEPS = (1, 2, 2.5, 5, 10)
_MOST_TICKS = 4


@dataclass(frozen=True)
class Scale:
    """What the left and the right end of a chart stand for, and where its lines are."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Return where a value is, in percent of the width; what is beyond the ends is at the end."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(1.0, max(0.0, share)), 2)


SHARES = Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))


def scale_of(values: Iterable[float | None]) -> Scale:
    """Return a scale from 0 to beyond all values; with values on both sides of 0 it is in the middle."""
    known = [value for value in values if value is not None and isfinite(value)]
    most = max((abs(value) for value in known), default=0.0) or 1.0
    step = _step(most)
    count = next(number for number in range(1, 100) if number * step >= most * 0.999)
    high = count * step
    first = -count if any(value < 0 for value in known) else 0
    return Scale(first * step, high, tuple(round(number * step, 12) for number in range(first, count + 1)))


def interval(scale: Scale, value: float | None, low: float | None, high: float | None) -> str:
    """Return a value as a dot with its interval as a line; without a value only the scale's lines."""
    return _svg(_lines(scale) + _range(scale, low, high) + _dot(scale, value))


def share_bar(parts: Sequence[tuple[str, float]]) -> str:
    """Return one bar of several parts, each (class, share of 1)."""
    drawn, begin = "", 0.0
    for name, share in parts:
        width = round(100 * max(0.0, min(1.0 - begin, share)), 2)
        if width:
            drawn += f'<rect class="chart-{name}" x="{round(100 * begin, 2)}%" y="0" width="{width}%" height="100%"/>'
        begin += share
    return f'<svg class="chart chart-bar" width="100%" height="8" aria-hidden="true" focusable="false">{drawn}</svg>'


def _svg(inside: str) -> str:
    return f'<svg class="chart" width="100%" height="{HEIGHT}" aria-hidden="true" focusable="false">{inside}</svg>'


def _lines(scale: Scale) -> str:
    places = [(value, scale.place(value)) for value in scale.ticks]
    return "".join(
        f'<line class="chart-{"zero" if value == 0 else "tick"}" x1="{at}%" x2="{at}%" y1="0" y2="{HEIGHT}"/>'
        for value, at in places
    )


def _range(scale: Scale, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    begin, end, middle = scale.place(low), scale.place(high), HEIGHT // 2
    line = f'<line class="chart-range" x1="{begin}%" x2="{end}%" y1="{middle}" y2="{middle}"/>'
    ends = "".join(
        f'<line class="chart-range" x1="{at}%" x2="{at}%" y1="{middle - 5}" y2="{middle + 5}"/>' for at in (begin, end)
    )
    return line + ends


def _dot(scale: Scale, value: float | None) -> str:
    if value is None:
        return ""
    return f'<circle class="chart-value" cx="{scale.place(value)}%" cy="{HEIGHT // 2}" r="5"/>'


def _step(most: float) -> float:
    """Return a round step that leads to `most` in few."""
    size = 10 ** floor(log10(most / _MOST_TICKS))
    return float(next(size * step for step in _STEPS if size * step * _MOST_TICKS >= most * 0.999))
