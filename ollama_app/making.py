"""Models made on a host: files pushed as blobs, `create` followed to its end. Knows nothing of Django models.

Reference: https://github.com/ollama/ollama/blob/main/docs/api.md#create-a-model
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, BinaryIO

from ollama_app.replies import parse_version
from ollama_app.versions import takes_safetensors
from unified_app.errors import Conflict, InvalidInput, NotFound, UpstreamInvalid
from unified_app.naming import name_key
from unified_app.upstream_streams import StreamingClient

Progress = Callable[[Mapping[str, Any]], None]
# Weights are only linked, so this is long enough; an adapter may have to be sent through a slow net.
SECONDS = 1800.0
_PARTS = ("system", "template", "messages")
_NATIVE = {"max_tokens": "num_predict"}
# The bases for which servers convert safetensors. Reference:
# https://github.com/ollama/ollama/blob/main/convert/convert.go
_CONVERTED = ("gemma2", "llama")
_CONVERT = "Convert the adapter with llama.cpp's convert_lora_to_gguf.py and upload the GGUF file."


def push(client: StreamingClient, sha256: str, file: BinaryIO, size: int) -> None:
    """Put a file on the host under its digest, unless it is there."""
    path = f"/api/blobs/sha256:{sha256}"
    if not client.is_there(path):
        client.send_file(path, file, size, seconds=SECONDS)


def adapter_problem(format: str, architectures: Collection[str], version: str) -> str:
    """Return why a server of this version takes no such adapter for such a base; empty when it may."""
    if format != "safetensors":
        return ""
    if not takes_safetensors(version):
        return f"Ollama {version} takes no adapters as safetensors, nor does any from 0.34.1. {_CONVERT}"
    if architectures and not set(architectures) & set(_CONVERTED):
        told = ", ".join(sorted(architectures))
        return f"Ollama takes safetensors only for bases of {' and '.join(_CONVERTED)}, and this is {told}. {_CONVERT}"
    return ""


def make(client: StreamingClient, name: str, recipe: Mapping[str, Any], *, replace: bool, progress: Progress) -> None:
    """Make `name` of the recipe's `from`, an adapter whose files were pushed, and the rest.

    Raises InvalidInput for an adapter that this version does not take, Conflict when the name is taken and not to be
    replaced, NotFound when the base is not there: the server would pull it from the internet.
    """
    there = _names(client)
    if name_key(recipe["from"]) not in there:
        raise NotFound(f"The host does not have {recipe['from']} any more. Sync it, or put the model back.")
    if not replace and name_key(name) in there:
        raise Conflict(f"The host has a model {name} that was not made here, and it is left alone. Delete it there.")
    _check_format(client, recipe.get("adapters") or {})
    # Told before anything is made: who is killed after this knows that what stands there is theirs.
    progress({"status": f"creating {name}"})
    last: Mapping[str, Any] = {}
    for last in client.lines("/api/create", _body(name, recipe), seconds=SECONDS):
        progress(last)
    if last.get("status") != "success":
        raise UpstreamInvalid("The host ended its work without saying that it succeeded.")
    if recipe.get("adapters"):
        _check_adapter(client, name)


def unmake(client: StreamingClient, name: str) -> None:
    """Delete a model. Raises NotFound when the host does not have it."""
    if name_key(name) not in _names(client):
        raise NotFound(f"The host has no model {name}.")
    client.delete("/api/delete", {"model": name})


def _body(name: str, recipe: Mapping[str, Any]) -> dict[str, Any]:
    parts = {part: recipe[part] for part in _PARTS if recipe.get(part)}
    # The server checks neither names nor types of parameters: who calls has done so.
    parameters = {_NATIVE.get(key, key): value for key, value in (recipe.get("parameters") or {}).items()}
    adapters = {name: f"sha256:{sha256}" for name, sha256 in (recipe.get("adapters") or {}).items()}
    body = {"model": name, "from": recipe["from"], **parts, "parameters": parameters, "adapters": adapters}
    return {key: value for key, value in body.items() if value} | {"stream": True}


def _names(client: StreamingClient) -> set[str]:
    answer = client.get("/api/tags")
    rows = answer.get("models") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise UpstreamInvalid("It does not answer like Ollama: /api/tags has no list of models.")
    return {name_key(row["name"]) for row in rows if isinstance(row, dict) and isinstance(row.get("name"), str)}


def _check_format(client: StreamingClient, adapters: Collection[str]) -> None:
    """The server may be another one than when the variant was made."""
    if not any(name.endswith(".safetensors") for name in adapters):
        return
    if problem := adapter_problem("safetensors", (), parse_version(client.get("/api/version"))):
        raise InvalidInput(f"adapter: {problem}", details={"adapter": [problem]})


def _check_adapter(client: StreamingClient, name: str) -> None:
    """Some servers say `success` and leave out what they do not know; then show has no such line."""
    shown = client.post("/api/show", {"model": name}, safe=True)
    text = shown.get("modelfile") if isinstance(shown, dict) else None
    if not isinstance(text, str) or not any(line.startswith("ADAPTER ") for line in text.splitlines()):
        raise UpstreamInvalid(f"The host made {name} without its adapter.")
