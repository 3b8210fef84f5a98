"""A run as it goes: state, counts and a bar for each model."""

from __future__ import annotations

from registry_project import charts
from registry_project.gradio_app import cards, markup
from registry_project.gradio_app import suite_figures as figures
from registry_project.gradio_app.errors import sentence
from registry_project.gradio_app.suite_replies import Entrant, Run, counted

EMPTY = (
    '<p class="mr-empty">No run is chosen. Start one above, or choose one of the recent runs: those of your other '
    "devices and of your colleagues are there too.</p>"
)
_TOLD = {
    "queued": "It waits for a worker. You can close this page: the run goes on.",
    "running": "You can close this page: the run goes on, and the address of this page leads back to it.",
    "cancelled": "It was cancelled. What was answered stays; Resume goes on where it stopped.",
    "stopped": "What was answered stays; with a higher budget the run can go on.",
    "failed": "What was answered stays; Resume goes on where it stopped.",
}


def shown(run: Run) -> str:
    """Return the whole card of a run."""
    version = f" (version {run.version})" if run.version else ""
    title = f"<strong>Run {markup.text(run.id)}</strong> {markup.text(run.suite + version)} {cards.state(run.state)}"
    error = markup.error(sentence(run.error)) if run.state == "failed" else ""
    # Of a run that is done the table tells more.
    bars = "".join(_bar(model) for model in run.models) if run.state != "done" else ""
    return (
        f'<div class="mr-card mr-run"><p class="mr-title" role="status">{title}</p>'
        f'<p class="mr-facts">{markup.text(" · ".join(_facts(run)))}</p>{error}{markup.note(_told(run))}'
        f'<ul class="mr-bars">{bars}</ul></div>'
    )


def label(run: Run) -> str:
    """Return how the list of runs tells of it."""
    models = counted(len(run.models), "model")
    how = f"{run.state}, {run.done:,} of {run.total:,}" if run.state != "done" else "done"
    when = figures.ago(run.created_at)
    return " · ".join(part for part in (f"{run.id}: {run.suite}", models, how, when) if part)


def _facts(run: Run) -> list[str]:
    facts = [f"{run.done:,} of {counted(run.total, 'result')}"]
    facts += [f"{run.failed:,} without an answer"] if run.failed else []
    facts += [f"{run.undecided:,} undecided"] if run.undecided else []
    facts += [f"{counted(run.reused, 'answer')} of earlier runs"] if run.reused else []
    facts += [f"{run.repeats} times each case"] if run.repeats > 1 else []
    passed = figures.elapsed(run.started_at, run.finished_at)
    facts += [figures.duration(passed)] if passed is not None else []
    facts += [counted(run.tokens, "token")] if run.tokens else []
    facts += [figures.money(run.cost)] if run.cost else []
    facts += [f"judged by {run.judge}"] if run.judge else []
    facts += [f"{counted(run.repeated_calls, 'call')} made again after a worker was lost"] if run.repeated_calls else []
    facts += [f"started by {run.by}"] if run.by else []
    return facts


def _told(run: Run) -> str:
    if run.state == "done" and (run.failed or run.undecided):
        return (
            "Some cases have no answer or no verdict: they count neither as passed nor as not passed. Retry asks again."
        )
    return " ".join(
        part for part in (sentence(run.error) if run.state == "stopped" else "", _TOLD.get(run.state)) if part
    )


def _bar(model: Entrant) -> str:
    total = model.total or 1
    parts = [("done", (model.done - model.failed) / total), ("bad", model.failed / total)]
    failed = f", {model.failed:,} failed" if model.failed else ""
    return (
        f'<li><span class="mr-who">{markup.text(model.name)}</span>{charts.share_bar(parts)}'
        f'<span class="mr-number">{model.done:,} of {model.total:,}{failed}</span></li>'
    )
