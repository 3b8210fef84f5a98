"""Where the page listens and whom it asks, from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Configuration:
    api_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 7860

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Configuration:
        """Read REGISTRY_API_URL, SITE_HOST and GRADIO_PORT; an empty one counts as unset."""
        return cls(
            api_url=(environment.get("REGISTRY_API_URL") or cls.api_url).rstrip("/"),
            host=environment.get("SITE_HOST") or cls.host,
            port=_port(environment.get("GRADIO_PORT") or str(cls.port)),
        )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SystemExit(f"GRADIO_PORT={text} is no port. Set GRADIO_PORT to a number from 1 to 65535.")
    return int(text)
