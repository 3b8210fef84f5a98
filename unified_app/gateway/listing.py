"""The answers that the snapshot alone gives: which models there are, in each protocol's shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from unified_app.gateway.entries import ModelEntry
from unified_app.gateway.snapshot import Snapshot
from unified_app.parameters import OPTIONS

# The server whose shapes `/ollama` keeps to.
OLLAMA_VERSION = "0.33.0"
_WORDS = {
    "text_generation": "completion",
    "function_calling": "tools",
    "reasoning": "thinking",
    "text_embedding": "embedding",
    "image_generation": "image",
}


def callable_models(snapshot: Snapshot) -> list[ModelEntry]:
    """Return the models that a call may name, by name; one per name."""
    found = (snapshot.models[model_id] for model_id in snapshot.names.values())
    return sorted((m for m in found if m.is_callable and not m.retired and not m.hidden), key=lambda m: m.name)


def openai_models(snapshot: Snapshot) -> dict[str, Any]:
    rows = [openai_model(m) for m in callable_models(snapshot)]
    rows += [_openai_alias(snapshot, name) for name in sorted(snapshot.aliases) if _answering(snapshot, name)]
    return {"object": "list", "data": rows}


def openai_called(snapshot: Snapshot, called: str, models: list[ModelEntry]) -> dict[str, Any]:
    """Return the entry of what a caller calls `called`, which means `models`: an alias keeps its own name."""
    is_alias = called not in snapshot.models and called.lower() in snapshot.aliases
    return _openai_alias(snapshot, called.lower()) if is_alias else openai_model(models[0])


def openai_model(model: ModelEntry) -> dict[str, Any]:
    """Return OpenAI's fields and ours; `pricing` is null while nobody has told a price."""
    return {
        "id": model.name,
        "object": "model",
        "created": model.created,
        "owned_by": "registry",
        "registry_id": model.id,
        "context_length": model.context_length,
        "capabilities": list(model.capabilities),
        "state": state_of(model),
        "pricing": model.parameters.get("pricing"),
    }


def state_of(model: ModelEntry) -> str:
    """A model that takes no slot is always ready."""
    if model.state == "ready":
        return "ready"
    return model.state if any(route.takes_slot for route in model.routes) else "ready"


def ollama_tags(snapshot: Snapshot) -> dict[str, Any]:
    return {"models": [_ollama_row(m) for m in callable_models(snapshot)]}


def ollama_ps(snapshot: Snapshot) -> dict[str, Any]:
    """Return the served models; ours are kept until they are stopped, so they expire in the far future."""
    until = (datetime.now(UTC) + timedelta(days=365)).isoformat()
    # What is in memory is the base of a variant.
    served = [m for m in callable_models(snapshot) if m.state == "ready" and m.overlay is None]
    rows = []
    for model in served:
        row = _ollama_row(model)
        row.pop("capabilities")
        rows.append(row | {"expires_at": until, "size_vram": 0, "context_length": model.context_length or 0})
    return {"models": rows}


def ollama_show(model: ModelEntry) -> dict[str, Any]:
    """Return what we know of a model whose own server has no such route."""
    row = _ollama_row(model)
    family = row["details"]["family"] or "unknown"
    info = {"general.architecture": family}
    if model.context_length:
        info[f"{family}.context_length"] = model.context_length
    texts = {"license": "", "modelfile": "", "parameters": "", "template": ""}
    told = {name: row[name] for name in ("details", "capabilities", "modified_at")}
    return shown_variant(model, {**texts, **told, "model_info": info})


def shown_variant(model: ModelEntry, shown: dict[str, Any]) -> dict[str, Any]:
    """Return what `show` says of a variant: what it says of its base, with what its recipe sets."""
    recipe = (model.overlay or {}).get("ollama") or {}
    texts = {name: recipe[name] for name in ("system", "template", "messages") if recipe.get(name)}
    parameters: dict[str, Any] = recipe.get("parameters") or {}
    if not texts and not parameters:
        return shown
    own = {"num_predict" if n == "max_tokens" else n: v for n, v in parameters.items() if n in OPTIONS}
    lines = [line for line in str(shown.get("parameters") or "").splitlines() if line.split(" ")[0] not in own]
    for name, value in own.items():
        lines += [f"{name:<30} {_option(one)}" for one in (value if isinstance(value, list) else [value])]
    return {**shown, **texts, "parameters": "\n".join(lines)}


def _option(value: Any) -> str:
    """Return a value as Ollama prints it among the parameters."""
    return json.dumps(value, ensure_ascii=False)


def _openai_alias(snapshot: Snapshot, name: str) -> dict[str, Any]:
    return openai_model(_answering(snapshot, name)[0]) | {"id": name, "owned_by": "alias"}


def _answering(snapshot: Snapshot, alias: str) -> list[ModelEntry]:
    """Return the models of an alias that are not retired, those that can be called first."""
    targets = (snapshot.models[target] for target in snapshot.aliases[alias] if target in snapshot.models)
    return sorted((m for m in targets if not m.retired), key=lambda m: not m.is_callable)


def _ollama_row(model: ModelEntry) -> dict[str, Any]:
    facts = model.parameters
    return {
        "name": model.name,
        "model": model.name,
        "modified_at": model.modified_at,
        "size": model.size,
        "digest": model.digest,
        "details": {
            "parent_model": facts.get("parent_model", ""),
            "format": facts.get("format", ""),
            "family": facts.get("family", ""),
            "families": facts.get("families") or None,
            "parameter_size": facts.get("parameter_size", ""),
            "quantization_level": facts.get("quantization", ""),
        },
        "capabilities": [_WORDS.get(word, word) for word in model.capabilities],
    }
