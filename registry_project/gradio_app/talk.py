"""A conversation as HTML: questions, reasoning, calls, answers, what they cost, and errors below what came."""

from __future__ import annotations

from registry_project.gradio_app import markup
from registry_project.gradio_app.conversation import Answer, Conversation, ToolCall, Turn, pretty


def conversation(kept: Conversation, empty: str = "") -> str:
    """Return the log of the conversation; `empty` is said while nothing was asked."""
    if not kept.turns:
        return f'<div class="mr-talk mr-empty">{markup.note(empty)}</div>'
    turns = "".join(map(turn, kept.turns))
    return f'<div class="mr-talk" role="log" aria-label="Conversation" tabindex="0">{turns}</div>'


def turn(shown: Turn) -> str:
    picture = f'<img src="{shown.picture}" alt="The picture of this question">' if shown.picture else ""
    question = f"{picture}{markup.prose(shown.question)}"
    asked = f'<div class="mr-question"><span class="mr-who">You</span>{question}</div>' if question else ""
    return asked + answer(shown.answer)


def answer(shown: Answer) -> str:
    parts = [
        _reasoning(shown),
        markup.prose(shown.text),
        "".join(map(call, shown.calls.values())),
        _silence(shown),
        figures(shown),
        markup.note("You stopped this answer.") if shown.stopped else "",
        markup.note("The answer was cut at the token limit.") if shown.finish == "length" else "",
        markup.error(shown.error),
    ]
    who = f'<span class="mr-who">{markup.text(shown.model)}</span>'
    return f'<div class="mr-answer" aria-busy="{str(shown.ended is None).lower()}">{who}{"".join(parts)}</div>'


def call(shown: ToolCall) -> str:
    sign, kind = ("✓", "good") if shown.fits else ("✕", "bad")
    verdict = f'<p class="mr-verdict mr-{kind}">{sign} {markup.text(shown.verdict)}</p>' if shown.verdict else ""
    result = ""
    if shown.result is not None:
        result = f'<p class="mr-label">Result that you gave</p><pre><code>{markup.text(shown.result)}</code></pre>'
    arguments = f"<pre><code>{markup.text(pretty(shown.arguments))}</code></pre>"
    name = f'<p class="mr-label">Call of <code>{markup.text(shown.name)}</code></p>'
    return f'<div class="mr-call">{name}{arguments}{verdict}{result}</div>'


def figures(shown: Answer) -> str:
    """Return tokens and seconds in one line; a running answer shows its clock."""
    facts = [f"{shown.seconds:.1f} s in all" if shown.ended else f"{shown.seconds:.1f} s so far"]
    if shown.seconds_to_first is not None:
        facts.insert(0, f"{shown.seconds_to_first:.2f} s to the first token")
        facts.insert(0, _tokens(shown))
    if shown.ended and (rate := shown.tokens_per_second):
        facts.append(f"{rate:.1f} tokens/s")
    return f'<p class="mr-figures">{" · ".join(facts)}</p>'


def _tokens(shown: Answer) -> str:
    about = "about " if shown.is_estimated else ""
    count = f"{about}{shown.tokens:,}".replace(",", "\u202f")
    thinking = f" ({shown.usage.thinking} of them thinking)" if shown.usage and shown.usage.thinking else ""
    return f"{count} {'token' if shown.tokens == 1 else 'tokens'}{thinking}"


def _reasoning(shown: Answer) -> str:
    if not shown.reasoning:
        return ""
    thinks = shown.ended is None and not shown.text
    title = "Reasoning, still going on" if thinks else "Reasoning"
    # Open while it grows; an answer that follows folds it away.
    is_open = " open" if not shown.text else ""
    return f'<details class="mr-reasoning"{is_open}><summary>{title}</summary>{markup.prose(shown.reasoning)}</details>'


def _silence(shown: Answer) -> str:
    if shown.text or shown.calls:
        return ""
    if shown.reasoning:
        return markup.note("The model reasoned, but gave no answer.") if shown.is_whole else ""
    if shown.ended is None:
        return '<p class="mr-note mr-waiting">Waiting for the first token; a model that is not loaded takes longer</p>'
    return markup.note("The model answered nothing.") if shown.is_whole else ""
