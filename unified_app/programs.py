"""The contract between the gateway and models that are programs. No Django, so that a program needs none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol


class CallModel(Protocol):
    """The gateway's way to a model, for programs: queue, start, quota and fallback as for any other call."""

    async def __call__(self, model: str, body: dict[str, Any], *, stream: bool = False) -> Any:
        """Return OpenAI's object of a chat; streamed, an async iterator of its chunks once the first one is there.

        Raises RegistryError when the model cannot answer.
        """


# What a program answers: OpenAI's object of a chat, or an async iterator of chunks. Beside `choices` it may tell more.
ProgramReply = dict[str, Any] | AsyncIterator[dict[str, Any]]


class Program(Protocol):
    """A model that is a program, such as an ensemble. Runs on the gateway's event loop."""

    async def __call__(self, body: dict[str, Any], call: CallModel) -> ProgramReply:
        """Answer a chat in OpenAI's words; chunks only where `body` says `stream`. Raises RegistryError."""
