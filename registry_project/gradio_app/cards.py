"""The chosen model and its serving state as HTML: a word and a shape for each state, never colour alone."""

from __future__ import annotations

from datetime import UTC, datetime

from registry_project.gradio_app import markup
from registry_project.gradio_app.errors import sentence
from registry_project.gradio_app.replies import Model, Serving

# state -> (shape, kind)
_STATES = {
    "available": ("●", "good"),
    "ready": ("●", "good"),
    "busy": ("◐", "warn"),
    "starting": ("◔", "busy"),
    "stopping": ("◔", "busy"),
    "stopped": ("○", "off"),
    "retired": ("○", "off"),
    "error": ("✕", "bad"),
    "failed": ("✕", "bad"),
    "queued": ("◔", "busy"),
    "running": ("◔", "busy"),
    "done": ("●", "good"),
    "cancelled": ("○", "off"),
}
_GIB, _MIB = 2**30, 2**20


def state(word: str) -> str:
    shape, kind = _STATES.get(word, ("◇", "off"))
    return f'<span class="mr-state mr-{kind}"><span aria-hidden="true">{shape}</span> {markup.text(word)}</span>'


def model(shown: Model) -> str:
    """Return what one should know of a model before asking it."""
    demo = ' <span class="mr-demo">demo</span>' if shown.demo else ""
    facts = [fact for fact in (_hosts(shown), size(shown.size), _context(shown.context_length)) if fact]
    called = f" {markup.text(shown.display_name)}" if shown.display_name not in ("", shown.name) else ""
    title = f'<p class="mr-title"><strong>{markup.text(shown.name)}</strong>{called}{demo} {state(shown.status)}</p>'
    line = f'<p class="mr-facts">{" · ".join(map(markup.text, facts))}</p>' if facts else ""
    can = markup.chips(name.replace("_", " ") for name in shown.capabilities)
    description = f'<p class="mr-facts">{markup.text(shown.description)}</p>' if shown.description else ""
    return f'<div class="mr-card">{title}{description}{line}<p class="mr-chips">{can}</p></div>'


def serving(shown: Serving, seconds: float | None = None) -> str:
    """Return the serving state; `seconds` is how long one has waited for it."""
    facts = [shown.placement and f"on {shown.placement}", _since(shown.started_at)]
    if shown.state == "ready":
        facts += [f"{shown.concurrent_requests} open now", f"{_counted(shown.total_requests, 'request')} so far"]
        facts += [_counted(shown.errors, "error")] if shown.errors else []
    if seconds is not None:
        facts.append(f"{seconds:.0f} s so far")
    line = " · ".join(markup.text(fact) for fact in facts if fact)
    told = sentence(shown.reason)
    reason = markup.error(told) if shown.state == "failed" else markup.note(told)
    return (
        f'<div class="mr-serving" role="status">{state(shown.state)} <span class="mr-facts">{line}</span>{reason}</div>'
    )


def size(count: int | None) -> str:
    # A model of the cloud is a few hundred bytes here.
    if not count or count < _MIB / 2:
        return ""
    return f"{count / _GIB:.1f} GiB" if count >= _GIB else f"{count / _MIB:.0f} MiB"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _hosts(shown: Model) -> str:
    if not shown.hosts:
        return ""
    more = f" and {len(shown.hosts) - 3} more" if len(shown.hosts) > 3 else ""
    return f"on {', '.join(shown.hosts[:3])}{more}"


def _context(length: int | None) -> str:
    return f"{length:,} tokens of context".replace(",", "\u202f") if length else ""


def _since(text: str) -> str:
    try:
        began = datetime.fromisoformat(text)
    except ValueError:
        return ""
    began = began if began.tzinfo else began.replace(tzinfo=UTC)
    minutes = int((datetime.now(UTC) - began).total_seconds() // 60)
    if minutes < 1:
        return "since just now"
    return f"for {minutes} min" if minutes < 60 else f"for {minutes // 60} h {minutes % 60} min"
