"""Speaks HTTP with one Ollama server; knows nothing of Django models.

Reference: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from ollama_app.replies import LoadedModel, ShowReply, TagRow, parse_ps, parse_show, parse_tag, parse_version
from unified_app.errors import UpstreamInvalid
from unified_app.model_objects import RejectedRow
from unified_app.upstream import JsonClient


class OllamaClient:
    """One Ollama server. Errors are unified_app.errors' upstream errors; a dead server is never an empty list."""

    def __init__(self, http: JsonClient) -> None:
        self.http = http

    def version(self, *, timeout: float | None = None) -> str:
        """Return the server's version; a source build says 0.0.0."""
        return parse_version(self.http.get("/api/version", timeout=timeout))

    def tags(self) -> list[TagRow | RejectedRow]:
        """Return the installed models in the server's order, which is not stable."""
        answer = self.http.get("/api/tags")
        rows = answer.get("models") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise UpstreamInvalid("It does not answer like Ollama: /api/tags has no list of models.")
        return [parse_tag(row, index) for index, row in enumerate(rows)]

    def show(self, name: str) -> ShowReply:
        """Return one model's metadata. It only reads, so asking twice is safe."""
        answer = self.http.post("/api/show", {"model": name}, safe=True)
        if not isinstance(answer, dict):
            raise UpstreamInvalid("It does not answer like Ollama: /api/show is not an object.")
        return parse_show(answer)

    def loaded(self, *, timeout: float | None = None) -> list[LoadedModel]:
        """Return the models in memory: those that are ready, under the name that loaded each first."""
        return parse_ps(self.http.get("/api/ps", timeout=timeout))

    def load(self, name: str, *, embeds: bool, timeout: float) -> None:
        """Load a model to stay; returns when it is ready. Leaving earlier would abort the load."""
        # Embedding models refuse generate, and chat models embed. Reference: docs/api.md, "Load a model".
        path = "/api/embed" if embeds else "/api/generate"
        self.http.post(path, {"model": name, "keep_alive": -1, "stream": False}, timeout=timeout)

    def unload(self, name: str) -> None:
        """Let the server forget a model, once its running requests have ended; every kind takes generate for this."""
        self.http.post("/api/generate", {"model": name, "keep_alive": 0, "stream": False}, safe=True)

    def close(self) -> None:
        """Close the pooled connections."""
        self.http.close()
