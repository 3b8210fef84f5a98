"""Settings of the GitHub Models source that would fail later, refused at start-up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ValidationError

from github_models_app.tiers import PAID, PLANS
from unified_app.addresses import validate_url


@register()
def github_can_be_asked(**_: Any) -> list[CheckMessage]:
    """GITHUB_MODELS_URL, GITHUB_MODELS_PLAN and GITHUB_TOKEN are what they are for; no message repeats a value."""
    return [*_address(), *_plan(), *_token()]


def _address() -> list[CheckMessage]:
    try:
        validate_url(settings.GITHUB_MODELS_URL)
    except ValidationError as error:
        hint = "Such as https://models.github.ai, or a gateway's address with or without /inference."
        return [Error(f"GITHUB_MODELS_URL: {' '.join(error.messages)}", hint=hint, id="github.E001")]
    return []


def _plan() -> list[CheckMessage]:
    if settings.GITHUB_MODELS_PLAN in (*PLANS, PAID):
        return []
    hint = f"Set it to {', '.join((*PLANS, PAID))}."
    return [Error("GITHUB_MODELS_PLAN is no plan that is known.", hint=hint, id="github.E002")]


def _token() -> list[CheckMessage]:
    token = str(settings.GITHUB_TOKEN)
    if token.isascii() and token.isprintable() and " " not in token:
        return []
    return [Error("GITHUB_TOKEN has other characters than printable ASCII, or spaces.", id="github.E003")]
