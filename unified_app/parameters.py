"""Every parameter that a call may carry: its name, type and range, and which protocol knows it. Pure.

One table for the JSON schemas, the validation of variants and the gateway. Names are OpenAI's where both protocols
have the parameter, else the name of the one that has it; `ALIASES` are other spellings of the same thing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

OPENAI, OLLAMA = "openai", "ollama"
BOTH = frozenset({OPENAI, OLLAMA})


class Parameter(NamedTuple):
    """`schema` is JSON schema; `loads` says that a change reloads the model on its host."""

    name: str
    schema: dict[str, Any]
    note: str
    protocols: frozenset[str] = BOTH
    loads: bool = False


def _number(low: float, high: float) -> dict[str, Any]:
    return {"type": "number", "minimum": low, "maximum": high}


def _integer(low: int, high: int = 2**31 - 1) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": high}


_TEXT = {"type": "string", "minLength": 1, "maxLength": 1000}
_STOP = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 16}]}
_FORMAT: dict[str, Any] = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": {"enum": ["text", "json_object", "json_schema"]}, "json_schema": {"type": "object"}},
    "additionalProperties": False,
}
_BIAS = {"type": "object", "additionalProperties": _number(-100, 100), "maxProperties": 1024}
_EFFORTS = {"enum": ["none", "minimal", "low", "medium", "high", "xhigh", "max"]}
_FLAG = {"type": "boolean"}

# Reference: https://platform.openai.com/docs/api-reference/chat/create
_SHARED = (
    Parameter("temperature", _number(0, 2), "How much chance decides; 0 takes the likeliest token."),
    Parameter("top_p", _number(0, 1), "Only the likeliest tokens that together reach this probability."),
    Parameter("seed", _integer(-(2**63), 2**63 - 1), "The same seed gives the same answer, as far as the server can."),
    Parameter("max_tokens", _integer(1), "Most tokens to make; leave it out for no limit. Ollama's num_predict."),
    Parameter("stop", _STOP, "Text that ends the answer, or a list of such texts."),
    Parameter("presence_penalty", _number(-2, 2), "Against tokens that are there already."),
    Parameter("frequency_penalty", _number(-2, 2), "Against tokens by how often they are there."),
    Parameter("logprobs", _FLAG, "Tell the log probability of each token."),
    Parameter("top_logprobs", _integer(0, 20), "How many alternatives to tell at each token; needs logprobs."),
    Parameter("reasoning_effort", _EFFORTS, "How long a thinking model thinks. Ollama's think."),
    Parameter("response_format", _FORMAT, "Plain text, JSON, or JSON of a schema. Ollama's format."),
)
_OPENAI_ONLY = (
    Parameter("logit_bias", _BIAS, "Token id -> what is added to its likelihood.", frozenset({OPENAI})),
    Parameter("n", _integer(1, 128), "How many answers to make.", frozenset({OPENAI})),
    Parameter("parallel_tool_calls", _FLAG, "Whether one answer may call several tools.", frozenset({OPENAI})),
    Parameter("verbosity", {"enum": ["low", "medium", "high"]}, "How long answers are.", frozenset({OPENAI})),
)
# Reference: https://github.com/ollama/ollama/blob/main/docs/modelfile.mdx#valid-parameters-and-values
_SAMPLING = (
    ("top_k", _integer(0), "Only this many of the likeliest tokens; 0 is all."),
    ("min_p", _number(0, 1), "Leaves out tokens less likely than this part of the likeliest one."),
    ("typical_p", _number(0, 1), "Only tokens about as surprising as expected; 1 is off."),
    ("repeat_last_n", _integer(-1), "How far back repeats are looked for; 0 is off, -1 the whole context."),
    ("repeat_penalty", _number(0, 10), "Against repeats; 1 is off."),
    ("num_keep", _integer(-1), "Tokens at the start that stay when the context is full."),
)
_LOADING = (
    ("num_ctx", _integer(4), "Size of the context in tokens."),
    ("num_batch", _integer(1), "Tokens of a prompt that are read at a time."),
    ("num_gpu", _integer(-1), "Layers on the GPU; -1 lets the server choose, 0 is the CPU alone."),
    ("main_gpu", _integer(0, 1023), "The GPU for small tensors."),
    ("use_mmap", _FLAG, "Map the model's file into memory."),
    ("num_thread", _integer(0, 4096), "Threads; 0 lets the server choose."),
    ("draft_num_predict", _integer(0), "Tokens that a draft model guesses ahead."),
)
_OLLAMA_ONLY = (
    *(Parameter(name, schema, note, frozenset({OLLAMA})) for name, schema, note in _SAMPLING),
    *(Parameter(name, schema, note, frozenset({OLLAMA}), loads=True) for name, schema, note in _LOADING),
)

PARAMETERS: dict[str, Parameter] = {p.name: p for p in (*_SHARED, *_OPENAI_ONLY, *_OLLAMA_ONLY)}
ALIASES = {"num_predict": "max_tokens", "max_completion_tokens": "max_tokens"}
# Ollama's `options`; the rest of what its protocol knows are fields of the request.
OPTIONS = frozenset(
    {"temperature", "top_p", "seed", "max_tokens", "stop", "presence_penalty", "frequency_penalty"}
    | {p.name for p in _OLLAMA_ONLY}
)
OLLAMA_ONLY = frozenset(p.name for p in _OLLAMA_ONLY)
LOADING = frozenset(p.name for p in _OLLAMA_ONLY if p.loads)
# What old Ollama servers knew and today's pass over in silence.
HISTORIC = frozenset(
    (
        *("mirostat", "mirostat_tau", "mirostat_eta", "penalize_newline", "tfs_z"),
        *("numa", "low_vram", "f16_kv", "logits_all", "vocab_only", "use_mlock"),
    )
)
# Fields of a call that people take for parameters of a model -> what to say instead.
INSTEAD = {
    "think": "Say reasoning_effort instead: none, minimal, low, medium, high, xhigh or max.",
    "format": 'Say response_format instead, such as {"type": "json_object"}.',
    "system": "A system text belongs to the experiment type prompt_engineering.",
    "template": "A template belongs to the experiment type prompt_engineering.",
    "messages": "Messages belong to the experiment type prompt_engineering.",
    "keep_alive": "How long a host keeps a model loaded is no parameter of a model. Leave it out.",
    "stream": "Whether an answer is streamed is the caller's to say. Leave it out.",
    "repetition_penalty": "Say repeat_penalty instead.",
    "options": "Give Ollama's options at top level, beside the others.",
}


def canonical(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return valid parameters under their one name: aliases resolved, whole floats as integers, `stop` as a list."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        own = ALIASES.get(name, name)
        if PARAMETERS[own].schema.get("type") == "integer":
            value = int(value)
        found[own] = [value] if own == "stop" and isinstance(value, str) else value
    return found


def contradictions(given: Mapping[str, Any]) -> dict[str, str]:
    """Return {name: what is wrong} of parameters that are each right but not together, or not numbers at all."""
    wrong: dict[str, str] = {}
    first: dict[str, str] = {}
    for name, value in given.items():
        own = ALIASES.get(name, name)
        if (other := first.setdefault(own, name)) != name:
            wrong[name if name != own else other] = f"{other} and {name} are one thing. Give one of them."
        if isinstance(value, float) and not math.isfinite(value):
            wrong[name] = "Give a finite number."
    if given.get("top_logprobs") and given.get("logprobs") is not True:
        wrong["top_logprobs"] = "Needs logprobs: true beside it."
    form = given.get("response_format")
    if isinstance(form, dict) and form.get("type") == "json_schema" and "json_schema" not in form:
        wrong["response_format"] = "json_schema needs the schema in json_schema."
    return wrong


def unobeyed(parameters: Mapping[str, Any], protocols: Collection[str]) -> dict[str, str]:
    """Return {name: why} of canonical parameters that no place of the base obeys; it speaks `protocols`."""
    speaks = set(protocols) or BOTH
    wrong = {n: _WHY[min(speaks)] for n in parameters if n in PARAMETERS and not PARAMETERS[n].protocols & speaks}
    if speaks == {OPENAI} and len(parameters.get("stop") or ()) > 4:
        wrong["stop"] = "OpenAI-compatible servers take at most 4 stop texts. Give fewer."
    return wrong


_WHY = {
    OPENAI: "The base is only at OpenAI-compatible endpoints, which do not know this Ollama option. Leave it out.",
    OLLAMA: "The base is only on Ollama hosts, which do not know this OpenAI parameter. Leave it out.",
}
