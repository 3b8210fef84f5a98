"""Calls that work as pasted: right address, right name, and a placeholder that says where to get a key. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from unified_app.models import Placement


@dataclass(frozen=True)
class Call:
    """One call to copy."""

    title: str
    note: str
    code: str


def list_models(base: str, *, needs_key: bool) -> Call:
    code = _curl(f"{base}/api/models/unified?page_size=20", base if needs_key else None)
    return Call("List the models", "", code)


def with_key(base: str, key: str) -> Call:
    """The first call of somebody who has just made a key."""
    return Call(
        "Try it", "", f"curl -H 'Authorization: Bearer {key}' \\\n  {shlex.quote(base + '/api/models/unified')}"
    )


def add_endpoint(base: str) -> Call:
    """Register an OpenAI-compatible server; the name and the address are the reader's to change."""
    body = json.dumps({"name": "vllm", "base_url": "http://gpu1.example:8000/v1"})
    lines = [
        f"{key_line(base)}curl -X POST {shlex.quote(base + '/api/endpoints')}",
        '  -H "Authorization: Bearer $REGISTRY_KEY"',
        "  -H 'Content-Type: application/json'",
        f"  -d {shlex.quote(body)}",
    ]
    note = (
        "The key needs the scope “operate”. A server that wants a key gets it as “key” beside the other two; it is "
        "kept encrypted and never shown."
    )
    return Call("Add an endpoint over the API", note, " \\\n".join(lines))


def one_model(base: str, model_id: str, *, needs_key: bool) -> Call:
    code = _curl(f"{base}/api/models/{model_id}", base if needs_key else None)
    return Call("All the registry knows of this model", "", code)


def on_host(placement: Placement, capabilities: Collection[str], endpoint: str | None = None) -> Call:
    """Ask the model on its host, past the registry; `endpoint` is the address that a source gave for its calls."""
    note = (
        f"This goes straight to {placement.place}, past the registry, so the host must be reachable from your machine."
    )
    if placement.credential:
        note += " The host wants a bearer token of its own."
    path, body = _question(placement, "text_embedding" in capabilities and "text_generation" not in capabilities)
    is_ollama = placement.protocol == Placement.Protocol.OLLAMA
    address = placement.base_url + path if is_ollama or not endpoint else endpoint
    lines = [f"curl {shlex.quote(address)}"]
    if placement.credential:
        lines.append('  -H "Authorization: Bearer $HOST_TOKEN"')
    lines.append("  -H 'Content-Type: application/json'")
    lines.append(f"  -d {shlex.quote(json.dumps(body, ensure_ascii=False))}")
    return Call(f"Directly on the host {placement.place}", note, " \\\n".join(lines))


def _question(placement: Placement, is_embedding: bool) -> tuple[str, dict[str, Any]]:
    name = placement.upstream_name
    if placement.protocol == Placement.Protocol.OLLAMA:
        if is_embedding:
            return "/api/embed", {"model": name, "input": "Hello"}
        return "/api/chat", {"model": name, "messages": GREETING, "stream": False}
    if is_embedding:
        return "/embeddings", {"model": name, "input": "Hello"}
    return "/chat/completions", {"model": name, "messages": GREETING}


GREETING = [{"role": "user", "content": "Hello"}]


def key_line(base: str) -> str:
    """Return the line that gives a shell its key; programs that it starts find it too."""
    return f"export REGISTRY_KEY='paste a key from {base}/account'\n"


def _curl(url: str, base: str | None) -> str:
    """`base` is where keys are made; None when reading is open."""
    if base is None:
        return f"curl {shlex.quote(url)}"
    return f'{key_line(base)}curl -H "Authorization: Bearer $REGISTRY_KEY" \\\n  {shlex.quote(url)}'
