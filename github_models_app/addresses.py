"""Where the routes of the GitHub Models contract lie under a base URL. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_INFERENCE = "/inference"
_ORGANISATION = re.compile(r"/orgs/[^/]+$")


@dataclass(frozen=True)
class Routes:
    """The addresses of one service; `inference` is what an OpenAI client takes as its base URL."""

    catalog: str
    chat: str
    embeddings: str
    inference: str


def routes(base: str) -> Routes:
    """Return the routes under `base`: a trailing slash, then a trailing /inference, are not part of it.

    The documented server is https://models.github.ai, and clients are often given its /inference as base. An
    organisation's base (/orgs/NAME) has inference of its own, but there is one catalog.
    """
    root = base.strip().rstrip("/").removesuffix(_INFERENCE).rstrip("/")
    inference = root + _INFERENCE
    catalog = _ORGANISATION.sub("", root) + "/catalog/models"
    return Routes(catalog, f"{inference}/chat/completions", f"{inference}/embeddings", inference)
