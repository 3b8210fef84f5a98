"""One run of an ensemble: its members are asked, and who said what at which cost is written down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from unified_app.errors import RecipeCycle, RegistryError
from unified_app.programs import CallModel

Body = dict[str, Any]

# What is the ensemble's, not its members'.
_OURS = ("stream", "stream_options", "n")


_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens")


@dataclass(frozen=True)
class Member:
    model: str
    weight: float = 1.0


@dataclass
class Given:
    """An answer of a member."""

    member: Member
    answer: Body


@dataclass
class Run:
    """One call of an ensemble. `asked` is the caller's body, `note` what a strategy wants to be told."""

    strategy: str
    body: Body
    call: CallModel
    members: list[Body] = field(default_factory=list)
    note: Body = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TOKENS, 0))

    @property
    def is_stream(self) -> bool:
        return self.body.get("stream") is True

    @property
    def asked(self) -> Body:
        return {name: value for name, value in self.body.items() if name not in _OURS}

    async def ask(self, model: str, body: Body) -> Body:
        """Return a member's answer. Raises RegistryError."""
        line, began = self._line(model), time.perf_counter()
        try:
            answer: Body = await self.call(model, body)
        except RegistryError as error:
            line["error"] = error.message
            raise
        finally:
            line["seconds"] = round(time.perf_counter() - began, 3)
        self._count(line, answer.get("usage"))
        return answer

    async def ask_all(self, asked: Sequence[tuple[Member, Body]]) -> list[Given]:
        """Ask all at once and return the answers that came, in order. Raises the first error when none came."""
        results = await asyncio.gather(*(self.ask(m.model, body) for m, body in asked), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not _survivable(result):
                raise result
        given = [
            Given(member, result)
            for (member, _), result in zip(asked, results, strict=True)
            if not isinstance(result, BaseException)
        ]
        if not given:
            raise next(result for result in results if isinstance(result, BaseException))
        return given

    async def stream(self, model: str, body: Body) -> AsyncIterator[Body]:
        """Return a member's chunks, once the first is there, with the whole run's usage at their end.

        Raises RegistryError while nothing has come.
        """
        line, began = self._line(model), time.perf_counter()
        try:
            chunks: AsyncIterator[Body] = await self.call(model, body, stream=True)
        except RegistryError as error:
            line |= {"error": error.message, "seconds": round(time.perf_counter() - began, 3)}
            raise
        return self._followed(chunks, line, began, model)

    async def _followed(self, chunks: AsyncIterator[Body], line: Body, began: float, model: str) -> AsyncIterator[Body]:
        last: Body | None = None
        try:
            async with aclosing(chunks) as told:  # type: ignore[type-var]
                async for chunk in told:
                    if chunk.get("usage"):
                        self._count(line, chunk["usage"])
                    chunk = {name: value for name, value in chunk.items() if name != "usage"}
                    # What ends it waits for what is known only then.
                    if any(choice.get("finish_reason") for choice in chunk.get("choices") or ()):
                        last = chunk
                    elif chunk.get("choices"):
                        yield chunk
        except RegistryError as error:
            line["error"] = error.message
            raise
        finally:
            line["seconds"] = round(time.perf_counter() - began, 3)
        yield {**(last or _END), "registry": self.told(model)}
        yield {"choices": [], "usage": dict(self.usage)}

    def answered(self, given: Given) -> Body:
        """Return a member's answer as the ensemble's."""
        return {**given.answer, "usage": dict(self.usage), "registry": self.told(given.member.model)}

    def told(self, chosen: str) -> Body:
        return {"strategy": self.strategy, "members": self.members, "chosen": chosen, **self.note}

    def _line(self, model: str) -> Body:
        line: Body = {"model": model, "tokens": 0}
        self.members.append(line)
        return line

    def _count(self, line: Body, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        counts = {n: v for n, v in usage.items() if isinstance(v, int) and not isinstance(v, bool)}
        line["tokens"] = counts.get("total_tokens", 0)
        for name, value in counts.items():
            self.usage[name] = self.usage.get(name, 0) + value


_END: Mapping[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def best_of(given: Sequence[Given]) -> Given:
    """Return the answer of the member with the most weight, the first of equals."""
    return max(given, key=lambda one: one.member.weight)


def _survivable(error: BaseException) -> bool:
    """Whether the others may do without this one: a circle is a mistake in the recipe, not one member's failure."""
    return isinstance(error, RegistryError) and not isinstance(error, RecipeCycle)
