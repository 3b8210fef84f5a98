"""The catalog of the demo's GitHub Models, true to the shape of the real one, and who speaks for each row."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from registry_project.demo.server import Body, Model
from registry_project.demo_openai.voices import voice

ROWS: list[Body] = json.loads((Path(__file__).parent / "catalog.json").read_text())
BODY = json.dumps(ROWS, separators=(",", ":")).encode()
ETAG = f'W/"{hashlib.sha256(BODY).hexdigest()[:32]}"'
WIDTHS = {"openai/text-embedding-3-small": 1536, "openai/text-embedding-3-large": 3072}
QUALITY = {"custom": 0.95, "high": 0.9, "low": 0.75, "embeddings": 0.95}
# Their thoughts stand in the answer itself; OpenAI's are counted and not shown.
THINKS_ALOUD = ("deepseek", "microsoft")


def find(name: str) -> Body | None:
    """Return the row of a catalog id or of a bare model name, whatever its case."""
    wanted = name.lower()
    return next((row for row in ROWS if wanted in (row["id"], row["id"].partition("/")[2])), None)


def deployment(row: Body) -> str:
    """Return what answers call the model: the name and date of a deployment, where there is a date."""
    slug, version = row["id"].partition("/")[2], row["version"]
    return f"{slug}-{version}" if "-" in version else slug


def embeds(row: Body) -> bool:
    return "embeddings" in row["supported_output_modalities"]


def refuses_sampling(row: Body) -> bool:
    """Whether it is one of OpenAI's reasoning models, which take no temperature and another name for max_tokens."""
    return row["publisher"] == "OpenAI" and "reasoning" in row["capabilities"]


def thoughts(row: Body) -> str:
    return "inline" if row["id"].startswith(THINKS_ALOUD) else "hidden"


def speaker(row: Body) -> Model:
    told = {
        "embedding": embeds(row),
        "completion": not embeds(row),
        "vision": "image" in row["supported_input_modalities"],
        "tools": "tool-calling" in row["capabilities"],
        "thinking": "reasoning" in row["capabilities"],
    }
    abilities = [name for name, has_it in told.items() if has_it]
    context = row["limits"]["max_input_tokens"]
    width, quality = WIDTHS.get(row["id"], 0), QUALITY[row["rate_limit_tier"]]
    return voice(row["id"], abilities, quality=quality, context=context, width=width)
