"""The state of one demo server, and how it finds a model by name."""

from __future__ import annotations

import re

from aiohttp import web

from registry_project.demo.faults import Faults
from registry_project.demo.library import Model, installed
from registry_project.demo.runners import Runners
from registry_project.demo.wire import ApiError

DEFAULT = "registry.ollama.ai/library/"
PART = r"(\w[\w.-]{0,79})"
NAME = re.compile(rf"(?:(?:(\w[\w.:-]*)/)?(\w[\w-]{{0,79}})/)?{PART}(?::{PART})?", re.ASCII)


def qualify(name: str) -> str | None:
    """host/namespace/model:tag; None for what is no name. The tag "local" only says where."""
    if re.search(":local[:-]cloud", name):
        raise ApiError(400, f'use either :local or :cloud, not both: "{name}"')
    parts = NAME.fullmatch(re.sub("^https?://", "", name).removesuffix(":local"))
    if parts is None:
        return None
    host, space, model, tag = parts.groups()
    return f"{host or 'registry.ollama.ai'}/{space or 'library'}/{model}:{tag or 'latest'}"


def display(qualified: str) -> str:
    return qualified.removeprefix(DEFAULT).removeprefix("registry.ollama.ai/")


class Server:
    def __init__(
        self,
        version: str = "0.33.0",
        models: int | None = None,
        mode: str = "ok",
        load_delay: float = 0.0,
        token_delay: float = 0.0,
        parallel: int = 4,
        max_loaded: int = 10,
    ) -> None:
        self.version = version
        numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
        self.at_least = numbers.__ge__ if any(numbers) else lambda _: True  # 0.0.0 is a source build
        self.load_delay, self.token_delay = load_delay, token_delay
        self.runners = Runners(load_delay, parallel, max_loaded)
        self.faults = Faults(mode)
        self.models: dict[str, Model] = {}
        self.blobs: dict[str, bytes] = {}  # digest: the first four bytes
        for model in installed(models):
            self.put(model)

    def put(self, model: Model) -> None:
        self.models[(qualify(model.name) or "").lower()] = model
        self.blobs[f"sha256:{model.blob}"] = b"GGUF"

    def find(self, name: str, missing: str = "model '{}' not found") -> Model:
        qualified = qualify(name) if name else ""
        if qualified is None:
            raise ApiError(400, "invalid model name")
        if model := self.models.get(qualified.lower()):
            return model
        raise ApiError(404, missing.format(name) if name else "model '' not found")


SERVER = web.AppKey("server", Server)
