"""Settings of remote models that would fail later, refused at start-up."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ValidationError

from github_models_app.endpoints.addresses import key_variable, parse_endpoints


@register()
def endpoints_can_be_read(**_: Any) -> list[CheckMessage]:
    """OPENAI_ENDPOINTS holds addresses that endpoints can be made of, and each one's key can stand in a header."""
    try:
        names = list(parse_endpoints(settings.OPENAI_ENDPOINTS))
    except ValidationError as error:
        hint = "Comma-separated, each `name=url`, such as vllm=http://10.0.0.5:8000/v1."
        return [Error(f"OPENAI_ENDPOINTS, {' '.join(error.messages)}", hint=hint, id="endpoints.E001")]
    return [*_shared_variables(names), *_wrong_keys(), *_keys_of_nobody(names)]


def _shared_variables(names: list[str]) -> list[CheckMessage]:
    by_variable: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_variable[key_variable(name)].append(name)
    return [
        Error(
            f"OPENAI_ENDPOINTS: {' and '.join(shared)} would share the key {variable}.",
            hint="Give them names that differ in letters or digits.",
            id="endpoints.E002",
        )
        for variable, shared in by_variable.items()
        if len(shared) > 1
    ]


def _wrong_keys() -> list[CheckMessage]:
    """The keys are told by their variables alone."""
    return [
        Error(f"{variable} has other characters than printable ASCII, or spaces.", id="endpoints.E003")
        for variable, key in settings.OPENAI_ENDPOINT_KEYS.items()
        if not (key.strip().isascii() and key.strip().isprintable()) or " " in key.strip()
    ]


def _keys_of_nobody(names: list[str]) -> list[CheckMessage]:
    known = {key_variable(name) for name in names}
    return [
        Warning(f"{variable} is the key of no endpoint that OPENAI_ENDPOINTS names.", id="endpoints.W001")
        for variable in sorted(set(settings.OPENAI_ENDPOINT_KEYS) - known)
    ]
