"""What can go wrong between the page and the registry, each as a sentence for the person at the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class PageError(Exception):
    """The text is a sentence that can be shown as it is."""


class LogInEnded(PageError):
    """The key is unknown, expired or revoked: back to the log-in."""


class Refused(PageError):
    """The registry does not take what was sent; `details` has the sentences by field."""

    def __init__(self, sentence: str, details: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(sentence)
        self.details = details


class Forbidden(PageError):
    """The account may not do this."""


class Unreachable(PageError):
    """Nothing answers at the registry's address, or not in time."""


class Busy(PageError):
    """Too many calls; `retry_after` seconds say when to come back."""

    def __init__(self, sentence: str, retry_after: int | None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class BadAnswer(PageError):
    """The registry answered with something that its contract does not know."""


class Interrupted(PageError):
    """The answer broke off before it was complete."""


def from_reply(status: int, body: Any, *, doing: str, what: str = "model", retry_after: str | None = None) -> PageError:
    """Return the error that a reply of this status means.

    `doing` completes "Your account may not ...", and `what` is the thing that the call is about.
    """
    told = message_of(body)
    if status == 401:
        return LogInEnded("Your log-in has ended. Log in again.")
    if status == 403:
        return Forbidden(_joined(f"Your account may not {doing}.", told))
    if status == 404:
        return PageError(_joined(f"The registry does not know this {what} any more. Choose another one.", told))
    if status == 429:
        return _busy(retry_after)
    if status == 503:
        return PageError(_joined("The model cannot be reached at the moment.", told))
    if status == 504:
        return PageError(_joined("The model did not answer in time.", told))
    if told:
        return Refused(sentence(told), details) if (details := details_of(body)) else PageError(sentence(told))
    return BadAnswer(f"The registry could not do that and did not say why (HTTP status {status}).")


def message_of(body: Any) -> str:
    """Return the words of an error answer in the API's, OpenAI's or Ollama's shape; "" when there are none."""
    error = body.get("error") if isinstance(body, dict) else None
    told = error.get("message") if isinstance(error, dict) else error
    return told.strip() if isinstance(told, str) else ""


def details_of(body: Any) -> dict[str, tuple[str, ...]]:
    """Return what an error answer of the API says by field."""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    if not isinstance(details, dict):
        return {}
    by_field = {str(field): told for field, told in details.items() if isinstance(told, list)}
    return {field: tuple(map(str, told)) for field, told in by_field.items()}


def sentence(text: str) -> str:
    """Return the text as a sentence: a capital first, a full stop last."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…" else f"{text}."


def _joined(first: str, told: str) -> str:
    return f"{first} {sentence(told)}".strip()


def _busy(retry_after: str | None) -> Busy:
    try:
        seconds = math.ceil(float(retry_after or ""))
    except ValueError:
        return Busy("There are too many calls at the moment. Try again in a little while.", None)
    unit = "second" if seconds == 1 else "seconds"
    return Busy(f"There are too many calls at the moment. Try again in {seconds} {unit}.", seconds)
