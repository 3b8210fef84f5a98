"""Ensembles without a gateway: `Members` answers for the models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from experiments_app.ensembles import program
from unified_app.errors import NotFound, RegistryError

ASK = [{"role": "user", "content": "What is the capital of France?"}]


def chat(text: str = "", **more: Any) -> dict[str, Any]:
    logprobs = more.pop("logprobs", None)
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **more}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}
    told = [{"token": "t", "logprob": value} for value in logprobs or ()]
    return {"choices": [choice | ({"logprobs": {"content": told}} if told else {})], "usage": usage}


def calling(name: str, arguments: str) -> dict[str, Any]:
    return chat(tool_calls=[{"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}])


class Members:
    """`answers` maps a model to what it says in turn (the last one again and again): text, an object or an error."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = {name: list(v) if isinstance(v, (list, tuple)) else [v] for name, v in answers.items()}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, model: str, body: dict[str, Any], *, stream: bool = False) -> Any:
        self.asked.append((model, body))
        if model not in self.answers:
            raise NotFound(f"There is no model {model!r}.")
        said = self.answers[model]
        answer = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(answer, RegistryError):
            raise answer
        answer = chat(answer) if isinstance(answer, str) else answer
        return self._chunks(answer) if stream else answer

    async def _chunks(self, answer: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        for letter in answer["choices"][0]["message"]["content"]:
            yield {"choices": [{"index": 0, "delta": {"content": letter}, "finish_reason": None}]}
        yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        yield {"choices": [], "usage": answer["usage"]}


def run(strategy: str, members: dict[str, float], call: Members, body: Any = None, **more: Any) -> Any:
    """Return the object, or the list of chunks."""
    recipe = {"kind": "ensemble", "strategy": strategy, **more}
    recipe["members"] = [{"model": name, "weight": weight} for name, weight in members.items()]
    return asyncio.run(_run(recipe, {"messages": ASK, **(body or {})}, call))


async def _run(recipe: dict[str, Any], body: dict[str, Any], call: Members) -> Any:
    found = program.build(recipe)
    assert found is not None
    reply = await found(body, call)
    return reply if isinstance(reply, dict) else [chunk async for chunk in reply]


def text_of(reply: dict[str, Any]) -> str:
    return reply["choices"][0]["message"]["content"]
