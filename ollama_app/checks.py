"""Settings of the Ollama source that would fail later, refused at start-up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.core.exceptions import ValidationError

from ollama_app.addresses import parse_hosts


@register()
def hosts_can_be_read(**_: Any) -> list[Error]:
    """OLLAMA_HOSTS holds addresses that hosts can be made of."""
    try:
        parse_hosts(settings.OLLAMA_HOSTS)
    except ValidationError as error:
        return [
            Error(
                f"OLLAMA_HOSTS, {' '.join(error.messages)}",
                hint="Comma-separated, each `url` or `name=url`, such as gpu1=http://10.0.0.5:11434.",
                id="ollama.E001",
            )
        ]
    return []
