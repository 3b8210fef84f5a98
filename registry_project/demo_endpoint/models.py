"""The models of the demo's endpoint: listed as vLLM lists them, all but one with what OpenRouter adds.

The one that tells nothing of its abilities is there to show what the registry makes of that.
"""

from __future__ import annotations

import json
from pathlib import Path

from registry_project.demo.server import Body, Model
from registry_project.demo_openai.voices import voice

ROWS: dict[str, Body] = {row["id"]: row for row in json.loads((Path(__file__).parent / "models.json").read_text())}
CREATED = 1_760_000_000


def listing() -> Body:
    return {"object": "list", "data": [listed(name) for name in ROWS]}


def listed(name: str) -> Body:
    row = ROWS[name]
    base = {
        "id": row["id"],
        "object": "model",
        "created": CREATED,
        "owned_by": "demo",
        "root": row["id"],
        "parent": None,
    }
    return {**base, **row["told"]}


def speaker(row: Body) -> Model:
    context = row["told"]["max_model_len"]
    return voice(row["id"], row["speaks"], quality=row["quality"], context=context, width=row.get("width", 0))


def context_of(name: str) -> int:
    return int(ROWS[name]["told"]["max_model_len"])
