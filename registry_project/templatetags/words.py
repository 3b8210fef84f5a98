"""How the pages write times, sizes, numbers and states. Everything that comes in is escaped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# A state's word -> its tone; the style sheet gives each tone a colour and a shape, so that none is colour alone.
TONES: dict[str, tuple[str, ...]] = {
    "good": (
        "available",
        "up",
        "success",
        "done",
        "active",
        "ready",
        "new",
        "returned",
        "promoted",
        "passed",
        "told apart",
        "the same",
    ),
    "busy": ("running", "queued", "busy", "syncing", "starting", "waiting"),
    "warn": ("partial", "unreachable", "changed", "drifting", "retrying", "stopped", "undecided"),
    "bad": ("down", "failed", "error"),
    "ended": ("retired upstream",),
    # Not beaten by any other: a diamond.
    "good front": ("front",),
}
_TONE_OF = {word: tone for tone, words in TONES.items() for word in words}
# What a page says instead of the stored word.
_SAID = {"up": "reachable", "unknown": "not asked yet", "gone": "no longer there"}
_STEPS = ((86_400 * 365, "year"), (86_400 * 30, "month"), (86_400, "day"), (3600, "h"), (60, "min"), (1, "s"))
_NARROW_SPACE = "\u202f"
_SPACE = "\u00a0"


@register.filter
def ago(when: datetime | None) -> SafeString | str:
    """`4 min ago`, with the exact UTC time on hover; site.js keeps it true while the page is open."""
    if when is None:
        return "never"
    return _time(when, relative(when, timezone.now()), "data-ago")


@register.filter
def clock(when: datetime | None) -> SafeString | str:
    """`09:14 UTC` today, with the date on other days, and the year in other years."""
    if when is None:
        return "unknown"
    utc, now = when.astimezone(UTC), timezone.now()
    day = "" if utc.date() == now.date() else f"{utc.day} {utc:%b}{'' if utc.year == now.year else f' {utc.year}'} "
    return _time(when, f"{day}{utc:%H:%M} UTC", "")


@register.filter
def exact(when: datetime | None) -> SafeString | str:
    """`2026-11-24 09:14:03 UTC`."""
    return _time(when, f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC", "") if when else "never"


def relative(when: datetime, now: datetime) -> str:
    """Return how long ago, or how far ahead, `when` is, in one unit."""
    seconds = (now - when).total_seconds()
    length = abs(seconds)
    if length < 1:
        return "just now"
    size, unit = next(step for step in _STEPS if length >= step[0])
    number = int(length // size)
    long_unit = f"{unit}{'s' if number != 1 else ''}" if len(unit) > 3 or unit == "day" else unit
    text = f"{number}{_SPACE}{long_unit}"
    return f"{text} ago" if seconds > 0 else f"in {text}"


def _time(when: datetime, text: str, mark: str) -> SafeString:
    utc = when.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC"{}>{}</time>',
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        f"{utc:%Y-%m-%d %H:%M:%S}",
        f" {mark}" if mark else "",
        text,
    )


@register.filter
def took(run: Any) -> str:
    """How long a run or job took, or has been running."""
    if run.started_at is None:
        return "not started"
    seconds = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f}{_SPACE}s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{_SPACE}h {minutes}{_SPACE}min" if hours else f"{minutes}{_SPACE}min {rest}{_SPACE}s"


@register.filter
def outcome(run: Any) -> str:
    """What a sync did, without what it did not do: `3 created, 12 unchanged`."""
    if run.state == "running":
        return "under way"
    counts = [(getattr(run, word), word) for word in ("created", "updated", "retired", "unchanged")]
    told = [f"{number(count)} {word}" for count, word in (*counts, (len(run.failed), "failed")) if count]
    if run.state in ("failed", "cancelled") and not run.seen:
        return "nothing was read"
    return ", ".join(told) or "no models there"


@register.filter
def size(value: Any) -> str:
    """Bytes as GiB, MiB or KiB."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "–"
    for unit, length in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= length:
            amount = value / length
            return f"{amount:.1f}{_SPACE}{unit}" if amount < 100 else f"{amount:.0f}{_SPACE}{unit}"
    return f"{value}{_SPACE}B"


@register.filter
def number(value: Any) -> str:
    """Thin spaces between thousands."""
    if not isinstance(value, int) or isinstance(value, bool):
        return "–" if value is None else str(value)
    return f"{value:,}".replace(",", _NARROW_SPACE)


@register.filter
def counted(value: int, word: str) -> str:
    """`1 model`, `2 models`; a word with an odd plural gives both: `entry,entries`."""
    one, _, many = word.partition(",")
    return f"{number(value)}{_SPACE}{one if value == 1 else many or one + 's'}"


@register.filter
def plain(value: Any) -> str:
    """A JSON value as a person would write it."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value) or "nothing"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


@register.filter
def pretty(value: Any) -> str:
    """JSON data with its indentation."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


@register.filter
def spaced(value: str) -> str:
    """`function_calling` as words."""
    return str(value).replace("_", " ")


@register.simple_tag
def state(word: str, said: str = "") -> SafeString:
    """A state as a shape and a word: never as a colour alone."""
    tone = _TONE_OF.get(word, "off")
    return format_html('<span class="state {}">{}</span>', tone, said or _SAID.get(word, word))


@register.inclusion_tag("site/copy.html")
def copy(text: str, what: str) -> dict[str, str]:
    """A button that copies `text`; `what` names it for those who hear the page. Hidden without JavaScript."""
    return {"text": text, "what": what}


@register.inclusion_tag("site/digest.html")
def digest(value: str) -> dict[str, str]:
    """The first 12 hex digits of a digest, and a button that copies all of it."""
    bare = value.removeprefix("sha256:")
    return {"short": bare[:12], "full": bare}


@register.inclusion_tag("site/snippet.html")
def snippet(call: Any) -> dict[str, Any]:
    """One call with its title, note and copy button."""
    return {"call": call}


@register.inclusion_tag("site/progress.html")
def progress(job: Any) -> dict[str, Any]:
    """How far a job is: a bar with its numbers, or a moving one while there are none."""
    told = job.progress or {}
    done = told.get("done", told.get("completed")) or 0
    return {
        "job": job,
        "done": done,
        "total": told.get("total"),
        "status": told.get("status"),
        "now": told.get("current"),
    }
