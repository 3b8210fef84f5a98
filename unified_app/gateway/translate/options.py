"""Sampling and loading: OpenAI's parameters at top level, Ollama's in `options`. Pure."""

from __future__ import annotations

from unified_app.gateway.translate.fields import (
    Body,
    given,
    is_number,
    refused,
    take_flag,
    take_integer,
    take_number,
    take_object,
    take_stop,
)

_BOTH = frozenset({"temperature", "top_p", "seed", "frequency_penalty", "presence_penalty", "stop"})
_NUMBERS = ("temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "frequency_penalty", "presence_penalty")
_SAMPLING_INTEGERS = ("seed", "top_k", "repeat_last_n", "num_predict")
_LOAD = ("num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread", "draft_num_predict", "num_keep")
# Options of old Ollama versions, which its server passes over since.
_HISTORIC = (
    *("mirostat", "mirostat_tau", "mirostat_eta", "penalize_newline", "tfs_z"),
    *("numa", "low_vram", "f16_kv", "logits_all", "vocab_only", "use_mlock"),
)
OPTION_NAMES = frozenset((*_NUMBERS, *_SAMPLING_INTEGERS, *_LOAD, "stop"))
# What an OpenAI caller can only say in Ollama's words.
NATIVE_OPTIONS = OPTION_NAMES - _BOTH
# What /v1 of Ollama sets for every call that does not say otherwise, whatever the model's own parameters are.
FORCED = {"temperature": 1.0, "top_p": 1.0}


def take_options(rest: Body, own: Body | None) -> Body:
    """Take an OpenAI caller's parameters out of `rest` and return Ollama's options for them.

    The caller's `options` win over its top level, which wins over the model's `own`. Where none of them says a word,
    OpenAI's defaults hold, as they do in Ollama's /v1, so that an option more never changes another. `own` None means
    that the model's parameters are not known: then its server decides.
    """
    limit = _take_limit(rest)
    found = _checked(rest)
    if limit is not None:
        found.setdefault("num_predict", limit)
    defaults = {} if own is None else FORCED | {name: own[name] for name in FORCED if is_number(own.get(name))}
    extra = given(take_object(rest, "options") or {})
    return {**defaults, **found, **_checked(extra, "options."), **extra}


def to_openai(options: Body) -> Body:
    """Return the parameters of an OpenAI body for Ollama's options.

    What loads a model has no counterpart. Other sampling options are passed on by their name, since many servers of
    that protocol know them; so are unknown ones.
    """
    rest = given(options)
    found = _checked(rest, "options.")
    limit = found.pop("num_predict", None)
    # Below zero Ollama means "no limit", which the other protocol says by leaving it out.
    if limit is not None and limit > 0:
        found["max_tokens"] = limit
    left_out = {*_LOAD, *_HISTORIC}
    return {name: value for name, value in (rest | found).items() if name not in left_out}


def _take_limit(rest: Body) -> int | None:
    """Return the most tokens to make; max_completion_tokens is the newer name, which Ollama's /v1 does not know."""
    older, newer = take_integer(rest, "max_tokens"), take_integer(rest, "max_completion_tokens")
    name, limit = ("max_tokens", older) if newer is None else ("max_completion_tokens", newer)
    if limit == 0:
        # Ollama takes it for no limit on some paths.
        raise refused(name, "Must be at least 1.")
    return limit


def _checked(rest: Body, at: str = "") -> Body:
    """Take the options with a known name out of `rest`, checked: Ollama answers 500 to a wrong type."""
    found: Body = {name: take_number(rest, name, at) for name in _NUMBERS if name in rest}
    for name in (*_SAMPLING_INTEGERS, *_LOAD):
        if name in rest:
            found[name] = take_flag(rest, name, at) if name == "use_mmap" else take_integer(rest, name, at)
    if (stop := take_stop(rest, at)) is not None:
        found["stop"] = stop
    return found
