"""The JSON schema of each experiment type, made from the table of parameters. Pure.

They are what the API validates bodies by, what `GET /api/experimental/schemas` shows and what OpenAPI documents.
"""

from __future__ import annotations

from typing import Any

from unified_app.parameters import ALIASES, PARAMETERS, Parameter

Schema = dict[str, Any]

TYPES = ("parameter_tuning", "prompt_engineering", "fine_tuning", "ensemble")
STRATEGIES = ("majority_vote", "best_of_n", "cascade", "fan_out")
MAX_POINTS = 1000
MAX_MEMBERS = 16
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:+/@-]*$"

_MODEL: Schema = {"type": "string", "minLength": 1, "maxLength": 500, "description": "Id, alias or name of a model."}
_TEMPLATE = (
    "Text with {{ .System }} and {{ .Prompt }}. On Ollama hosts it takes the place of the model's own template; where "
    "a server speaks only OpenAI's protocol the model's own stays, and the last user message is put through this one."
)
_LONG: Schema = {"type": "string", "minLength": 1, "maxLength": 100_000}


def _closed(properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    return found | {"required": list(required)} if required else found


def _described(parameter: Parameter) -> Schema:
    knows = "" if len(parameter.protocols) > 1 else f" Only {' '.join(parameter.protocols)} knows it."
    return {**parameter.schema, "description": parameter.note + knows}


def _parameters() -> Schema:
    found = {name: _described(parameter) for name, parameter in PARAMETERS.items()}
    return found | {alias: {**found[own], "description": f"Another name of {own}."} for alias, own in ALIASES.items()}


def _space() -> Schema:
    each = _parameters().items()
    lists = {
        name: {"type": "array", "items": schema, "minItems": 1, "maxItems": MAX_POINTS, "uniqueItems": True}
        for name, schema in each
    }
    return _closed(lists, minProperties=1, description="Parameter -> the values to try.")


def _search() -> Schema:
    count = {"type": "integer", "minimum": 1, "maximum": MAX_POINTS, "description": "How many points at most."}
    seed = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1, "description": "The same seed, the same points."}
    properties: Schema = {"method": {"enum": ["grid", "random"]}, "space": _space(), "count": count, "seed": seed}
    text = f"A family of variants: every point of the grid, or `count` random ones; at most {MAX_POINTS}."
    return _closed(properties, ("method", "space"), description=text)


def _prompt() -> Schema:
    message = _closed({"role": {"enum": ["user", "assistant"]}, "content": _LONG}, ("role", "content"))
    stop = _described(PARAMETERS["stop"])
    examples = {"type": "array", "items": message, "minItems": 1, "maxItems": 100}
    return _closed(
        {
            "system": {**_LONG, "description": "Holds where the caller sends no system text."},
            "template": {**_LONG, "description": _TEMPLATE},
            "messages": {**examples, "description": "Examples that stand before the caller's messages."},
            "stop": stop,
        },
        minProperties=1,
    )


def _fine_tuning() -> Schema:
    adapter = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "The sha256 that POST /api/adapters told."}
    return _closed({"adapter": adapter}, ("adapter",))


def _ensemble() -> Schema:
    weight = {"type": "number", "minimum": 0.001, "maximum": 1000, "description": "1 unless told."}
    member = _closed({"model": _MODEL, "weight": weight}, ("model",))
    return _closed(
        {
            "members": {"type": "array", "items": member, "minItems": 1, "maxItems": MAX_MEMBERS},
            "strategy": {"enum": list(STRATEGIES)},
            "judge": {**_MODEL, "description": "The model that chooses, compares or sums up."},
            "n": {"type": "integer", "minimum": 1, "maximum": 16, "description": "Answers of each member (best_of_n)."},
            "threshold": {"type": "number", "minimum": 0, "maximum": 1, "description": "Least confidence (cascade)."},
        },
        ("members", "strategy"),
    )


PARAMETER_SCHEMAS: dict[str, Schema] = {
    "parameter_tuning": _closed({**_parameters(), "search": _search()}, minProperties=1),
    "prompt_engineering": _prompt(),
    "fine_tuning": _fine_tuning(),
    "ensemble": _ensemble(),
}


def body_schema(experiment_type: str) -> Schema:
    """Return the schema of the whole body of POST /api/experimental/create."""
    realise = _closed(
        {"host": {"type": "string", "minLength": 1, "maxLength": 60, "description": "Name of an Ollama host."}},
        ("host",),
        description="Make it a model of its own on this host, where it otherwise is laid over its base by the gateway.",
    )
    name = {"type": "string", "pattern": NAME_PATTERN, "maxLength": 120, "description": "What callers call it."}
    return _closed(
        {
            "base_model": _MODEL,
            "experiment_type": {"enum": [experiment_type]},
            "parameters": PARAMETER_SCHEMAS[experiment_type],
            "name": name,
            "description": {"type": "string", "maxLength": 20_000},
            "realise": realise,
        },
        ("base_model", "experiment_type", "parameters"),
    )


BODY_SCHEMAS: dict[str, Schema] = {name: body_schema(name) for name in TYPES}
EXAMPLES: dict[str, Schema] = {
    "parameter_tuning": {"temperature": 0.2, "num_ctx": 8192},
    "prompt_engineering": {"system": "Answer in one sentence.", "stop": ["\n\n"]},
    "fine_tuning": {"adapter": "0" * 64},
    "ensemble": {"members": [{"model": "llama3.1:8b"}, {"model": "qwen3:8b"}], "strategy": "majority_vote"},
}
