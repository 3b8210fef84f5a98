"""A source whose recipes are run: only the wire behind the members is faked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments_app.ensembles import program
from tests.nasty_server import json_reply
from tests.unified_app.gateway.gateway_case import GatewayCase
from tests.unified_app.gateway.upstreams import CHAT, openai_chat, openai_events, streamed
from tests.unified_app.gateway.wire_source import NAME, WireSource
from unified_app.models import UnifiedModel

PROGRAMS = {NAME: "tests.unified_app.gateway.program_source.ProgramSource"}


class ProgramSource(WireSource):
    @classmethod
    def program(cls, recipe: Mapping[str, Any]) -> Any:
        return program.build(recipe)


def says(text: str, **more: Any) -> Any:
    """Answer whole or streamed, as it is asked."""
    whole, stream = json_reply(openai_chat(text, **more)), streamed(openai_events(*text))

    def answer(connection: Any, request: Any) -> None:
        (stream if request.json().get("stream") else whole)(connection, request)

    return answer


class ProgramCase(GatewayCase):
    def member(self, name: str, text: str = "", **more: Any) -> Any:
        """Put a model into the registry that says this; without text one that cannot be reached."""
        if not text:
            return self.model(name, "http://127.0.0.1:9")
        server = self.upstream({CHAT: says(text, **more)})
        self.model(name, server)
        return server

    def ensemble(self, name: str, strategy: str, *members: str, **more: Any) -> UnifiedModel:
        recipe = {"kind": "ensemble", "strategy": strategy, "members": [{"model": m, "weight": 1.0} for m in members]}
        return self.model(name, recipe=recipe | more)
