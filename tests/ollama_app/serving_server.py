"""An Ollama that loads and forgets models, one runner for each GGUF file, and counts what it is asked."""

from __future__ import annotations

import time
from socket import socket
from typing import Any

from tests.nasty_server import Request, json_reply
from tests.ollama_app.ollama_server import OllamaServer, digest, show_of


class ServingServer(OllamaServer):
    """`files` maps a model to the text that decides its GGUF file; others have one of their own."""

    def __init__(self, *rows: dict[str, Any], files: dict[str, str] | None = None, load_seconds: float = 0.0) -> None:
        super().__init__(*rows)
        self.files = {row["name"]: digest(f"file of {row['name']}") for row in rows}
        self.files |= {name: digest(text) for name, text in (files or {}).items()}
        for row in rows:
            told = f"FROM /models/blobs/sha256-{self.files[row['name']]}\n"
            self.shows[row["name"]] = show_of(row.get("capabilities"), modelfile=told)
        self.load_seconds = load_seconds
        # File -> the row of tags under whose name it was loaded.
        self.loaded: dict[str, dict[str, Any]] = {}
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self.answers |= {"/api/generate": self._generate, "/api/embed": self._generate, "/api/ps": self._ps}

    @property
    def names(self) -> list[str]:
        return [row["name"] for row in self.loaded.values()]

    def sent(self, path: str = "/api/generate") -> list[tuple[str, Any]]:
        """(model, keep_alive) of every request for a path."""
        return [(body["model"], body["keep_alive"]) for asked, body in self.bodies if asked == path]

    def _generate(self, connection: socket, request: Request) -> None:
        body = request.json()
        self.bodies.append((request.path, body))
        row = next((row for row in self.rows if row["name"] == body["model"]), None)
        if row is None:
            return json_reply({"error": f"model '{body['model']}' not found"}, 404)(connection, request)
        embeds = "embedding" in row.get("capabilities", ())
        unloads = body["keep_alive"] == 0
        if embeds and not unloads and request.path == "/api/generate":
            return json_reply({"error": f'"{row["name"]}" does not support generate'}, 400)(connection, request)
        if unloads:
            self.loaded.pop(self.files[row["name"]], None)
        elif self.files[row["name"]] not in self.loaded:
            time.sleep(self.load_seconds)
            self.loaded[self.files[row["name"]]] = row
        json_reply({"model": row["name"], "response": "", "done": True, "done_reason": "load"})(connection, request)

    def _ps(self, connection: socket, request: Request) -> None:
        json_reply({"models": list(self.loaded.values())})(connection, request)
