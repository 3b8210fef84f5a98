"""The state of one demo server: which models are installed, and which are loaded."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
Body = dict[str, Any]
Lines = AsyncGenerator[Body, None]


class ApiError(Exception):
    """ApiError(status, text) becomes Ollama's error answer, or the last line of a stream that has begun."""


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def moment(seconds: float | None = None) -> str:
    return datetime.fromtimestamp(time.time() if seconds is None else seconds).astimezone().isoformat()


def full_name(name: str) -> str:
    """In small letters and with a tag, as names are compared."""
    if not re.fullmatch(r"\w[\w.:/-]*", name, re.ASCII):
        raise ApiError(400, "invalid model name")
    return name.lower() if ":" in name.rsplit("/", 1)[-1] else f"{name.lower()}:latest"


@dataclass(frozen=True)
class Model:
    """What tags and show of a new server tell of it; names of the same blob share a runner."""

    tag: Body
    show: Body
    quality: float
    blob: str
    installed: bool = True  # the others can be pulled

    def can(self, ability: str) -> bool:
        return ability in self.tag.get("capabilities", ["completion"])

    def renamed(self, name: str, digest: str = "", **show: str) -> Model:
        told = {"name": name, "model": name, "digest": digest or self.tag["digest"], "modified_at": moment()}
        return replace(self, tag=self.tag | told, show=self.show | show)

    def row(self, is_new: bool) -> Body:
        """Its row of tags; old servers tell neither lengths nor capabilities."""
        details = {key: value for key, value in self.tag["details"].items() if is_new or not key.endswith("_length")}
        return {key: value for key, value in self.tag.items() if is_new or key != "capabilities"} | {"details": details}

    def described(self, is_new: bool) -> Body:
        told = {key: self.tag[key] for key in ("modified_at", "capabilities")[: 1 + is_new] if key in self.tag}
        return self.show | {"details": self.row(False)["details"], **told}


LIBRARY = [Model(**row) for row in json.loads((DATA / "models.json").read_text())]


def installed(count: int | None) -> list[Model]:
    """The library, or exactly so many models, the same ones each time."""
    made = [model for model in LIBRARY if model.installed]
    for number in range(len(made), count or 0):
        kind = LIBRARY[number % 12]  # after the twelfth come the cloud's and people's own
        name = f"team{number % 7}/{kind.tag['name'].replace(':', f'-{number:04d}:')}"
        made.append(replace(kind, tag=kind.tag | {"name": name, "model": name, "digest": sha(name)}, blob=sha(name)))
    return made[:count]


@dataclass
class Runner:
    model: Model
    context: int
    keep: float = 300.0
    busy: int = 0
    expires: float = 0.0

    def touch(self, keep: float | None) -> None:
        self.keep = self.keep if keep is None else min(keep, 292 * 365 * 86_400)  # for ever, to Go
        self.expires = time.time() + self.keep

    def row(self, tells_context: bool) -> Body:
        row, size = self.model.row(False), int(self.model.tag["size"] * 1.1) + self.context * 24_000
        row = {key: row[key] for key in ("name", "model", "digest", "details")} | {"size": size}
        row |= {"size_vram": min(size, 2**33), "expires_at": moment(self.expires)}
        return row | ({"context_length": self.context} if tells_context else {})


class Server:
    def __init__(self, version: str, models: int | None, mode: str, load_delay: float, token_delay: float) -> None:
        self.version, self.load_delay, self.token_delay = version, load_delay, token_delay
        numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
        self.at_least = numbers.__ge__ if any(numbers) else lambda _: True  # 0.0.0 is a source build
        self.models = {full_name(model.tag["name"]): model for model in installed(models)}
        self.loaded: dict[str, Runner] = {}
        self.fault: Body = {"mode": mode}

    def find(self, name: str, missing: str = "model '{}' not found") -> Model:
        if not name:
            raise ApiError(400, "model is required")
        if model := self.models.get(full_name(name)):
            return model
        raise ApiError(404, missing.format(name))

    def live(self) -> list[Runner]:
        """Latest expiry first, as ps lists them."""
        self.loaded = {blob: each for blob, each in self.loaded.items() if each.busy or each.expires > time.time()}
        return sorted(self.loaded.values(), key=lambda runner: -runner.expires)

    @asynccontextmanager
    async def use(self, model: Model, options: Body, keep: float | None) -> AsyncGenerator[int, None]:
        """Gives the nanoseconds it took until the model was ready; one that runs elsewhere is never loaded."""
        started = time.perf_counter_ns()
        runner = Runner(model, min(options.get("num_ctx", 4096), model.tag["details"]["context_length"]))
        if "remote_host" not in model.tag:
            self.live()
            if model.blob not in self.loaded:
                await asyncio.sleep(self.load_delay)
            runner = self.loaded.setdefault(model.blob, runner)
        runner.busy += 1
        try:
            runner.touch(keep)
            yield time.perf_counter_ns() - started
        finally:
            runner.busy -= 1
            runner.touch(None)
