"""OpenAI-compatible servers for tests, and what tests of endpoints need beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from github_models_app.endpoints.endpoints import save_endpoint
from github_models_app.endpoints.models import Endpoint
from tests.nasty_server import NastyServer, json_reply
from unified_app import syncing
from unified_app.models import UnifiedModel

RECORDED = Path(__file__).parents[2] / "data" / "endpoints"
MARK = "k3y-that-nobody-may-see"


def listing(*ids: str, owned_by: str = "someone") -> dict[str, Any]:
    rows = [{"id": name, "object": "model", "created": 1795518528, "owned_by": owned_by} for name in ids]
    return {"object": "list", "data": rows}


class EndpointServer(NastyServer):
    """Lists these models below /v1; `answers` may be changed while it runs."""

    def __init__(self, *ids: str) -> None:
        super().__init__({"/v1/models": json_reply(listing(*ids))})


class RecordedServer(NastyServer):
    """Answers as one kind of server does, by a file in tests/data/endpoints that maps paths to bodies."""

    def __init__(self, kind: str) -> None:
        bodies: dict[str, Any] = json.loads((RECORDED / f"{kind}.json").read_text())
        super().__init__({path: json_reply(body) for path, body in bodies.items()})
        self.base = self.url + next(path for path in bodies if path.endswith("/models")).removesuffix("/models")


def endpoint(url: str, name: str = "far", **fields: Any) -> Endpoint:
    secrets = {word: fields.pop(word) for word in ("token", "headers") if word in fields}
    return save_endpoint(Endpoint(name=name, url=url, **fields), by="ada", **secrets)


def sync(name: str = "far") -> dict[str, Any]:
    return syncing.sync_places(syncing.places_to_sync("external", name), by="ada").to_dict()


def model(name: str) -> UnifiedModel:
    return UnifiedModel.objects.get(name=name)


def models() -> dict[str, UnifiedModel]:
    """All models of endpoints, by their name without the endpoint's."""
    return {row.name.partition("/")[2]: row for row in UnifiedModel.objects.filter(source="external")}
