"""Templates of Ollama (Go's) that are so simple that the gateway can fill them in itself. Pure.

Literal text with `{{ .System }}` and `{{ .Prompt }}`, in any spacing and with Go's trim marks. Any other needs a
server that has the whole language.
"""

from __future__ import annotations

import re

_FIELD = re.compile(r"\{\{(-\s)?\s*\.(System|Prompt)\s*(\s-)?\}\}")


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
    return any(match[2] == "System" for match in _FIELD.finditer(template))


def render(template: str, *, system: str, prompt: str) -> Filled:
    """Return the simple `template` filled in."""
    values = {"System": system, "Prompt": prompt}
    pieces, at, trims = [], 0, False
    for match in _FIELD.finditer(template):
        literal = template[at : match.start()]
        literal = literal.lstrip() if trims else literal
        pieces += [literal.rstrip() if match[1] else literal, values[match[2]]]
        at, trims = match.end(), bool(match[3])
    rest = template[at:]
    text = Filled("".join([*pieces, rest.lstrip() if trims else rest]))
    text.template = template
    return text


def is_filled(text: str, template: str) -> bool:
    return isinstance(text, Filled) and text.template == template
