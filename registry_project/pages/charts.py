"""Where the dots and lines of the pages' larger charts are: quality against time, and a model's way through time. Pure.

The small charts of a table's rows are those of both faces, `registry_project.charts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import floor, log10

# Narrow enough for a phone, where it is drawn at three quarters of this.
WIDTH, HEIGHT = 480, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 16, 48
# A label is about so large; it has to fit beside its dot without touching another one.
LETTER, LINE = 7.8, 17
LABEL_LENGTH = 22


@dataclass(frozen=True)
class Tick:
    at: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Dot:
    """A point with its name; `label` is what fits, and empty where no place was left for it."""

    x: float
    y: float
    name: str
    title: str
    low: float
    high: float
    link: str = ""
    is_front: bool = False
    label: str = ""
    label_x: float = 0
    label_y: float = 0
    anchor: str = "start"
    # What is new from here on.
    note: str = ""


@dataclass(frozen=True)
class Chart:
    dots: Sequence[Dot]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    top: int = TOP

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def bottom(self) -> int:
        return self.height - BOTTOM

    @property
    def marks(self) -> list[Tick]:
        """Where something is new, with what it is; a label that would touch the one before is left to the title."""
        found: list[Tick] = []
        end = 0.0
        for dot in self.dots:
            if dot.note:
                anchor = "end" if dot.x > self.width * 0.7 else "start" if dot.x < self.width * 0.3 else "middle"
                width = len(dot.note) * LETTER
                first = dot.x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
                found.append(Tick(dot.x, dot.note if first > end else "", anchor))
                end = max(end, first + width + 8) if first > end else end
        return found

    @property
    def line(self) -> str:
        """All dots joined in their order."""
        return " ".join(f"{'M' if not at else 'L'}{dot.x} {dot.y}" for at, dot in enumerate(self.dots))


@dataclass(frozen=True)
class Point:
    """What is drawn: `y` in its interval; `x` is seconds, or a moment."""

    name: str
    x: float
    y: float
    low: float
    high: float
    title: str
    link: str = ""
    is_front: bool = False
    note: str = ""


def scatter(points: Sequence[Point]) -> Chart:
    """Return quality (0..1, upwards) against seconds, which are spread by ratio: 1 s to 2 s is as far as 2 to 4."""
    if not points:
        return Chart([], [], _shares(0.0, 1.0))
    ticks = _ratio_ticks([point.x for point in points])
    low, high = _bounds(points)
    first, last = log10(ticks[0][0]), log10(ticks[-1][0])

    def across(value: float) -> float:
        return _between(log10(max(value, 1e-6)), first, last, LEFT, WIDTH - RIGHT)

    dots = [_dot(point, across(point.x), low, high) for point in points]
    return Chart(_labelled(dots), [Tick(across(at), said) for at, said in ticks], _shares(low, high))


def trend(points: Sequence[Point], *, share: bool = True) -> Chart:
    """Return values in time, the oldest first and each as far from the next: what counts is their order."""
    if not points:
        return Chart([], [], _shares(0.0, 1.0))
    low, high = _bounds(points) if share else _own_bounds(points)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(points))
    places = [round(LEFT + step * (at + 0.5), 1) for at in range(len(points))]
    dots = [_dot(point, place, low, high) for point, place in zip(points, places, strict=True)]
    every = max(1, -(-len(points) // 6))
    ticks = [Tick(place, _day(point.x)) for at, (place, point) in enumerate(zip(places, points, strict=True))]
    return Chart(dots, ticks[::every], _shares(low, high) if share else _numbers(low, high))


def _dot(point: Point, x: float, low: float, high: float) -> Dot:
    y, least, most = (_between(value, low, high, HEIGHT - BOTTOM, TOP) for value in (point.y, point.low, point.high))
    told = Dot(round(x, 1), y, point.name, point.title, least, most, link=point.link, note=point.note)
    return replace(told, is_front=point.is_front)


def _labelled(dots: Sequence[Dot]) -> list[Dot]:
    """Put each name beside its dot, left of it or below, where it touches no other; else only its title tells it."""
    taken = [(dot.x - 8, dot.y - 8, dot.x + 8, dot.y + 8) for dot in dots]
    found = list(dots)
    for at in sorted(range(len(dots)), key=lambda one: (not dots[one].is_front, dots[one].y)):
        dot, name = dots[at], _short(dots[at].name)
        for anchor, x, y in _places(dot):
            box = _box(anchor, x, y, len(name) * LETTER)
            if box[0] >= LEFT and box[2] <= WIDTH and not any(_touch(box, other) for other in taken):
                taken.append(box)
                found[at] = replace(dot, label=name, label_x=round(x, 1), label_y=round(y, 1), anchor=anchor)
                break
    return found


def _places(dot: Dot) -> list[tuple[str, float, float]]:
    beside = [("start", dot.x + 12, dot.y + 5), ("end", dot.x - 12, dot.y + 5)]
    above = [("start", dot.x + 6, dot.y - 12), ("end", dot.x - 6, dot.y - 12)]
    below = [("start", dot.x + 6, dot.y + 22), ("end", dot.x - 6, dot.y + 22)]
    return beside + above + below


def _box(anchor: str, x: float, y: float, width: float) -> tuple[float, float, float, float]:
    left = x if anchor == "start" else x - width
    return left, y - LINE + 4, left + width, y + 4


def _touch(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _short(name: str) -> str:
    if len(name) <= LABEL_LENGTH:
        return name
    half = (LABEL_LENGTH - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def _bounds(points: Sequence[Point]) -> tuple[float, float]:
    """Return round ends around all intervals, inside 0..1 when they are."""
    low, high = min(point.low for point in points), max(point.high for point in points)
    return floor(low * 10) / 10, -floor(-high * 10) / 10 if high > low else floor(low * 10) / 10 + 0.1


def _own_bounds(points: Sequence[Point]) -> tuple[float, float]:
    low, high = min(0.0, *(point.low for point in points)), max(point.high for point in points)
    return low, high if high > low else low + 1


def _shares(low: float, high: float) -> list[Tick]:
    count = round((high - low) * 10)
    every = max(1, -(-count // 5))
    values = [low + at / 10 for at in range(0, count + 1, every)]
    return [Tick(_between(one, low, high, HEIGHT - BOTTOM, TOP), f"{round(100 * one)} %") for one in values]


def _numbers(low: float, high: float) -> list[Tick]:
    values = [low + (high - low) * at / 4 for at in range(5)]
    return [Tick(_between(one, low, high, HEIGHT - BOTTOM, TOP), f"{one:.3g}") for one in values]


def _ratio_ticks(values: Sequence[float]) -> list[tuple[float, str]]:
    """Return round times from below the least to beyond the most, each two to two and a half times the one before."""
    least, most = max(min(values), 1e-3), max(*values, 1e-3)
    power = floor(log10(least))
    steps = [step * 10.0**at for at in range(power, floor(log10(most)) + 2) for step in (1, 2, 5)]
    first = max(step for step in steps if step <= least * 1.0001)
    last = min(step for step in steps if step >= most * 0.9999)
    last = last if last > first else min(step for step in steps if step > first)
    return [(step, _seconds(step)) for step in steps if first <= step <= last]


def _seconds(value: float) -> str:
    return f"{value:g} s" if value >= 1 else f"{value * 1000:g} ms"


def _day(moment: float) -> str:
    when = datetime.fromtimestamp(moment).astimezone()
    return f"{when.day} {when:%b}"


def _between(value: float, low: float, high: float, first: float, last: float) -> float:
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return round(first + share * (last - first), 1)
