"""Real servers' recorded listings, replayed over a socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

FOLDER = Path(__file__).resolve().parent.parent / "data" / "ollama" / "recorded"
OLD, NEW = "v0.24.0", "v0.33.0-rc2"


def recording(version: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{version}.json").read_text())


def shown(version: str, name: str) -> dict[str, Any]:
    """The body of one recorded show."""
    return json.loads(recording(version)["shows"][name]["body"])


class Replay:
    """`with Replay(OLD) as server:` answers as that server did; `shows` holds the names it was asked for."""

    def __init__(self, version: str) -> None:
        self.recording = recording(version)
        self.tags = self.recording["tags"]
        self.shows: list[str] = []
        self.server = HTTPServer(host="127.0.0.1", threaded=True)
        self.server.expect_request("/api/version").respond_with_handler(lambda _: _json(self.recording["version"]))
        self.server.expect_request("/api/tags").respond_with_handler(lambda _: _json(self.tags))
        self.server.expect_request("/api/show", method="POST").respond_with_handler(self._show)

    @property
    def url(self) -> str:
        return self.server.url_for("")

    def __enter__(self) -> Replay:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.clear()
        self.server.stop()

    def _show(self, request: Request) -> Response:
        name = json.loads(request.data)["model"]
        self.shows.append(name)
        answer = self.recording["shows"].get(name) or self.recording["shows"]["nope"]
        return _json(answer["body"], answer["status"])


def _json(body: str, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json; charset=utf-8")
