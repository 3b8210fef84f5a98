"""HTML that the page writes itself, so that nothing which a model says can become a tag, a picture or a request."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:\n```|```|\Z)", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*")
# Gradio renders an HTML component's value through templates, in which these signs would be its own.
_TEMPLATE_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "${}`"}


def text(value: object) -> str:
    """Return the value as text in HTML, whatever it holds."""
    return html.escape(str(value), quote=True).translate(_TEMPLATE_SIGNS)


def prose(value: str) -> str:
    """Return a model's words: line breaks kept; fenced and inline code and bold shown; all else as it was said."""
    shown, position = "", 0
    for fence in _FENCE.finditer(value):
        shown += _inline(value[position : fence.start()]) + f"<pre><code>{text(fence[1])}</code></pre>"
        position = fence.end()
    return shown + _inline(value[position:])


def error(message: str) -> str:
    return f'<p class="mr-error" role="alert"><span aria-hidden="true">✕</span> {text(message)}</p>' if message else ""


def note(message: str) -> str:
    return f'<p class="mr-note">{text(message)}</p>' if message else ""


def chips(values: Iterable[str], kind: str = "") -> str:
    return "".join(f'<span class="mr-chip {kind}">{text(value)}</span>' for value in values)


def _inline(value: str) -> str:
    value = value.strip("\n")
    if not value:
        return ""
    shown, position = "", 0
    for code in _CODE.finditer(value):
        shown += _bold(value[position : code.start()]) + f"<code>{text(code[1])}</code>"
        position = code.end()
    return f'<div class="mr-words">{shown}{_bold(value[position:])}</div>'


def _bold(value: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", text(value))
