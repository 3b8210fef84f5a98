"""Log probabilities: Ollama's list, chat's object around the same list, and the four lists of completions. Pure."""

from __future__ import annotations

from typing import Any

from unified_app.gateway.translate.fields import Body


def chat_logprobs(entries: Any) -> Body | None:
    """Return OpenAI's object for Ollama's list; its clients want `top_logprobs` in each entry."""
    found = _objects(entries)
    return {"content": [{"top_logprobs": [], **entry} for entry in found]} if found else None


def completion_logprobs(entries: Any, offset: int) -> Body | None:
    """Return the lists of /v1/completions; `offset` is where in the text the first token stands."""
    told = _objects(entries)
    found: Body = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
    for entry in told:
        token = str(entry.get("token", ""))
        found["tokens"].append(token)
        found["token_logprobs"].append(entry.get("logprob"))
        tops = _objects(entry.get("top_logprobs"))
        found["top_logprobs"].append({str(top.get("token")): top.get("logprob") for top in tops})
        found["text_offset"].append(offset)
        offset += len(token)
    return found if told else None


def ollama_logprobs(told: Any) -> list[Body]:
    """Return Ollama's list for what a choice of either OpenAI route holds."""
    if not isinstance(told, dict):
        return []
    if isinstance(told.get("content"), list):
        return _objects(told["content"])
    tokens, chances = told.get("tokens"), told.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(chances, list):
        return []
    tops = told.get("top_logprobs")
    tops = tops if isinstance(tops, list) else [None] * len(tokens)
    return [_entry(*row) for row in zip(tokens, chances, tops, strict=False)]


def _objects(value: Any) -> list[Body]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _entry(token: Any, chance: Any, tops: Any) -> Body:
    entry = {"token": token, "logprob": chance, "bytes": list(str(token).encode("utf-8", "replace"))}
    if isinstance(tops, dict):
        entry["top_logprobs"] = [{"token": name, "logprob": value} for name, value in tops.items()]
    return entry
