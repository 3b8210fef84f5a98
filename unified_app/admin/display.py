"""How values read in the admin: states, times, sizes, digests, links and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

NONE = "—"
_SHAPES = {"good": "●", "work": "◐", "attention": "▲", "bad": "■", "neutral": "○"}
_WORDS = {
    "good": "available up done success active ready",
    "work": "running queued busy starting stopping",
    "attention": "partial unreachable expired drift hidden",
    "bad": "failed down error revoked",
}
_TONES = {word: tone for tone, words in _WORDS.items() for word in words.split()}
_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"))
# What a host tells may be deep or long; a page must stay readable.
_MAX_DEPTH = 4
_MAX_TEXT = 2_000


def mark(word: str, note: str = "") -> SafeString:
    """Return a state as a word with a shape beside it, since colour alone tells nothing to some."""
    tone = _TONES.get(word, "neutral")
    tail = format_html(' <span class="quiet">{}</span>', note) if note else ""
    shape = _SHAPES[tone]
    return format_html('<span class="mark {}"><span aria-hidden="true">{}</span> {}</span>{}', tone, shape, word, tail)


def when(moment: datetime | None) -> str:
    """Return `4 min ago` with the exact time on hover."""
    if moment is None:
        return NONE
    exact = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        exact.isoformat(timespec="seconds"),
        exact.strftime("%Y-%m-%d %H:%M:%S"),
        relative((timezone.now() - moment).total_seconds(), moment),
    )


def relative(seconds: float, moment: datetime) -> str:
    """Return a distance in time in its largest unit; beyond 60 days the date itself."""
    if abs(seconds) >= 60 * 86_400:
        return f"{moment:%Y-%m-%d}"
    for length, unit in _STEPS:
        if abs(seconds) >= length:
            amount = f"{int(abs(seconds) // length)} {unit}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return "just now" if seconds >= 0 else "in a moment"


def took(began: datetime | None, ended: datetime | None) -> str:
    if began is None or ended is None:
        return NONE
    seconds = (ended - began).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def size(count: int | None) -> str:
    """Return bytes as MiB or GiB."""
    if count is None:
        return NONE
    if count >= 2**30:
        return f"{count / 2**30:.1f} GiB"
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{number(count)} bytes"


def number(value: int | None) -> str:
    """Return a number with thin spaces between thousands."""
    return NONE if value is None else f"{value:,}".replace(",", "\u202f")


def digest(value: str) -> str:
    return format_html('<code title="{}">{}</code>', value, value.removeprefix("sha256:")[:12]) if value else NONE


def link(url: str, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)


def change_url(model: type[Model], pk: object) -> str:
    """Return the admin page of one row."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[quote(str(pk))])


def page_link(row: Model, text: object = "") -> SafeString:
    return link(change_url(type(row), row.pk), text or row)


def list_url(model: type[Model], **lookups: object) -> str:
    """Return the admin list of `model`, filtered."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(lookups)}" if lookups else address


def words(values: Iterable[object]) -> str:
    return ", ".join(str(value).replace("_", " ") for value in values) or NONE


def facts(value: Any, depth: int = 0) -> str:
    """Return JSON as a person reads it: names and values, lists as words; never as raw JSON unless it is deep."""
    if value is None or value == "" or value == [] or value == {}:
        return NONE
    if depth >= _MAX_DEPTH and isinstance(value, dict | list):
        return json.dumps(value)[:_MAX_TEXT]
    if isinstance(value, dict):
        rows = ((str(key).replace("_", " "), facts(item, depth + 1)) for key, item in value.items())
        return format_html('<dl class="facts">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))
    if isinstance(value, list):
        return _list(value, depth)
    return _scalar(value)


def _list(values: list[Any], depth: int) -> str:
    if not any(isinstance(value, dict | list) for value in values):
        return ", ".join(_scalar(value) for value in values)[:_MAX_TEXT]
    items = format_html_join("", "<li>{}</li>", ((facts(value, depth + 1),) for value in values))
    return format_html('<ul class="facts">{}</ul>', items)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value)
    return str(value)[:_MAX_TEXT]


def texts(parts: dict[str, str]) -> str:
    """Return long texts, each folded away under its name."""
    template = '<details class="text"><summary>{}</summary><pre>{}</pre></details>'
    folded = ((name.capitalize(), text[:50_000]) for name, text in parts.items() if text)
    return format_html_join("", template, folded) or NONE


def bar(done: int, total: int, text: str) -> SafeString:
    return format_html('<progress value="{}" max="{}">{}</progress> {}', done, total, text, text)


def lines(values: Iterable[object]) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}", ((value,) for value in values))
