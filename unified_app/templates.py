"""Templates of Ollama (Go's) that are so simple that the gateway can fill them in itself. Pure.

Literal text with `{{ .System }}` and `{{ .Prompt }}`, in any spacing and with Go's trim marks. Any other needs a
server that has the whole language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

# What Go takes for space, in an action and beside a trim mark.
_SPACE = " \t\r\n"
_FIELD = re.compile(rf"\{{\{{(-[{_SPACE}])?[{_SPACE}]*\.(System|Prompt)[{_SPACE}]*([{_SPACE}]-)?\}}\}}")

# What a model can do only where its template has a place for it, which no simple one has; in Ollama's words and ours.
NEEDS_A_PLACE = frozenset(("tools", "thinking", "insert", "function_calling", "reasoning"))


class Filled(str):
    """A text that has been put through `template`, so that no second time is taken for the first."""

    __slots__ = ("template",)
    template: str


def problem_of(template: str) -> str:
    """Return why the gateway cannot fill in this template and how to mend it; empty when it can."""
    if "{{" in _FIELD.sub("", template):
        return (
            "Only plain text with {{ .System }} and {{ .Prompt }} can be filled in on the way to any model. "
            'For this template give realise: {"host": ...}, which makes a model of its own on an Ollama host.'
        )
    if not any(match[2] == "Prompt" for match in _FIELD.finditer(template)):
        return "It leaves out what the caller says. Write {{ .Prompt }} where that belongs."
    return ""


def uses_system(template: str) -> bool:
    return "System" in _pieces(template)[1::2]


def render(template: str, *, system: str, prompt: str) -> Filled:
    """Return the simple `template` filled in."""
    text = Filled(_filled(template, system, prompt))
    text.template = template
    return text


def is_filled(text: str, template: str) -> bool:
    return isinstance(text, Filled) and text.template == template


def render_conversation(template: str, messages: Iterable[tuple[str, str]]) -> str:
    """Return what Ollama makes of a conversation, (role, text) each, for a model whose own template this is.

    The template is filled in once a turn, with the answer after it; a turn lasts until something comes that cannot
    be a part of it. A turn that has no system text of its own has none. Other roles than Ollama's three say nothing.
    """
    turn, told = _Turn(), []
    for role, text in _merged(messages):
        if turn.ends_before(role):
            told.append(turn.filled(template))
            turn = _Turn()
        if role in _SAYS:
            setattr(turn, _SAYS[role], text)
    return "".join([*told, turn.filled(template)])


_SAYS = {"system": "system", "user": "prompt", "assistant": "answer"}


@dataclass(slots=True)
class _Turn:
    """What one filling of the template says, and the answer that follows it."""

    system: str = ""
    prompt: str = ""
    answer: str = ""

    def ends_before(self, role: str) -> bool:
        if role == "system":
            return bool(self.prompt or self.answer)
        return role == "user" and bool(self.answer)

    def filled(self, template: str) -> str:
        return _filled(template, self.system, self.prompt) + self.answer


def _merged(messages: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the messages, neighbours of one role as one; results of tools stay apart."""
    last = ""
    texts: list[str] = []
    for role, text in messages:
        if texts and (role != last or role == "tool"):
            yield last, "\n\n".join(texts)
            texts = []
        last = role
        texts.append(text)
    if texts:
        yield last, "\n\n".join(texts)


def _filled(template: str, system: str, prompt: str) -> str:
    values = {"System": system, "Prompt": prompt}
    return "".join(values[piece] if at % 2 else piece for at, piece in enumerate(_pieces(template)))


@lru_cache(maxsize=256)
def _pieces(template: str) -> tuple[str, ...]:
    """Return literal text and names of fields in turn; text comes first and last."""
    pieces, at, trims = [], 0, False
    for match in _FIELD.finditer(template):
        literal = template[at : match.start()]
        literal = literal.lstrip(_SPACE) if trims else literal
        pieces += [literal.rstrip(_SPACE) if match[1] else literal, match[2]]
        at, trims = match.end(), bool(match[3])
    rest = template[at:]
    return (*pieces, rest.lstrip(_SPACE) if trims else rest)
