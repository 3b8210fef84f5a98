"""Numbers that may be left out. A gr.Number sends 0 for what nobody has filled in, once it has been seen."""

from __future__ import annotations

import math
from typing import Any

import gradio as gr

from registry_project.gradio_app.errors import PageError


def number_box(label: str, placeholder: str = "As the model likes") -> gr.Textbox:
    """Return a field for a number, empty to begin with."""
    attributes = gr.InputHTMLAttributes(autocomplete="off", spellcheck=False)
    return gr.Textbox(
        label=label, placeholder=placeholder, max_lines=1, max_length=20, min_width=120, html_attributes=attributes
    )


def temperature(given: Any) -> float | None:
    """Return a temperature, or None for none. Raises PageError."""
    found = _number(given)
    if found is not None and not 0 <= found <= 2:
        raise PageError("Give a temperature from 0 to 2, or leave it empty.")
    return found


def tokens(given: Any) -> int | None:
    """Return a number of tokens, or None for none. Raises PageError."""
    return count(given, "tokens")


def count(given: Any, what: str) -> int | None:
    """Return a whole number from 1 up, or None for none. Raises PageError that says what it counts."""
    found = _number(given)
    if found is not None and not (found >= 1 and found == int(found)):
        raise PageError(f"Give a whole number of {what} from 1 up, or leave it empty.")
    return None if found is None else int(found)


def money(given: Any) -> str | None:
    """Return an amount above 0 as a text that loses nothing, or None for none. Raises PageError."""
    found = _number(given)
    if found is not None and not found > 0:
        raise PageError("Give an amount of money above 0, or leave it empty.")
    return None if found is None else str(given).strip().replace(",", ".")


def _number(given: Any) -> float | None:
    if given is None or not str(given).strip():
        return None
    try:
        found = float(str(given).strip().replace(",", "."))
    except ValueError:
        found = math.nan
    # What is no number is out of every range.
    return found if math.isfinite(found) else -1.0
