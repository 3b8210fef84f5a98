"""A well-behaved Ollama whose library a test writes down, and what tests of hosts need beside it."""

from __future__ import annotations

import threading
from hashlib import sha256
from socket import socket
from typing import Any

from ollama_app.hosts import save_host
from ollama_app.models import Host
from tests.nasty_server import NastyServer, Request, json_reply
from unified_app import jobs, syncing
from unified_app.models import Job, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager


def digest(text: str) -> str:
    return sha256(text.encode(errors="replace")).hexdigest()


def row(name: str, content: str = "", *, capabilities: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    """One row of tags; `content` decides the digest. Without `capabilities` it is an old server's."""
    told = {} if capabilities is None else {"capabilities": capabilities}
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-03-04T10:15:27.118204999+01:00",
        "size": 1000,
        "digest": digest(content or name),
        "details": {"format": "gguf", "family": "llama", "families": ["llama"], "parameter_size": "8.2B"},
        **told,
        **fields,
    }


def chat(name: str, content: str = "", **fields: Any) -> dict[str, Any]:
    """One row as servers since 0.30 tell it."""
    return row(name, content, capabilities=["completion"], **fields)


def show_of(capabilities: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    told = {} if capabilities is None else {"capabilities": capabilities}
    info = {"general.architecture": "llama", "general.parameter_count": 8_190_735_360, "llama.context_length": 4096}
    return {"license": "MIT", "template": "{{ .Prompt }}", "model_info": info, "details": {}, **told, **fields}


class OllamaServer(NastyServer):
    """Lists `rows`; shows `shows[name]`, or the usual. `asked` holds the names of the shows, in order."""

    def __init__(self, *rows: dict[str, Any], version: str = "0.33.0") -> None:
        self.rows = list(rows)
        self.shows: dict[str, Any] = {}
        self.show_began = threading.Event()
        answers = {"/api/version": self._version, "/api/tags": self._tags, "/api/show": self._show}
        super().__init__(answers)
        self.version = version

    @property
    def asked(self) -> list[str]:
        return [request.json()["model"] for request in self.paths("/api/show")]

    def _version(self, connection: socket, request: Request) -> None:
        json_reply({"version": self.version})(connection, request)

    def _tags(self, connection: socket, request: Request) -> None:
        json_reply({"models": self.rows})(connection, request)

    def _show(self, connection: socket, request: Request) -> None:
        self.show_began.set()
        answer = self.shows.get(request.json()["model"], show_of(["completion"]))
        (answer if callable(answer) else json_reply(answer))(connection, request)


def only_host(server: NastyServer, name: str = "gpu1", **fields: Any) -> Host:
    """A host for the server, and no other."""
    Host.objects.all().delete()
    return save_host(Host(name=name, url=server.url), by="ada", **fields)


def sync() -> dict[str, Any]:
    return UnifiedRegistryManager(by="ada").sync_with_sources().to_dict()


def counts(body: dict[str, Any]) -> tuple[int, int, int, int]:
    return body["created"], body["updated"], body["unchanged"], body["retired"]


def run_details(host: str = "gpu1") -> Job:
    """Run the details job that a sync has queued."""
    job = Job.objects.active().get(unique_key=f"ollama_details:{host}")
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def model(name: str) -> UnifiedModel:
    return UnifiedModel.objects.get(name=name)


def sync_host(name: str = "gpu1") -> dict[str, Any]:
    return syncing.sync_places(syncing.places_to_sync("ollama", name), by="ada").to_dict()
