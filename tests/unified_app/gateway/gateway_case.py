"""A gateway on a socket in this process: its counters and its database can be looked at beside its answers."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import requests
import uvicorn
from django.db import connections
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from tests.nasty_server import Answer, NastyServer
from tests.servers import wait_until
from tests.unified_app.gateway.wire_source import NAME, REMOTE
from unified_app.gateway.app import Gateway
from unified_app.keys import create_key
from unified_app.models import Placement, RegistryEpoch, UnifiedModel, User
from unified_app.naming import name_key

HELLO = [{"role": "user", "content": "hello"}]


class Served:
    """`with Served(gateway) as url`: uvicorn in a thread, as in production but for its process."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        options = {
            "lifespan": "on",
            "interface": "asgi3",
            "log_config": None,
            "access_log": False,
            "timeout_graceful_shutdown": 1,
        }
        self._server = uvicorn.Server(uvicorn.Config(self._application, port=0, **options))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self.loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> str:
        self._thread.start()
        wait_until(lambda: self._server.started or not self._thread.is_alive(), 20, "the gateway starts")
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(15)
        assert not self._thread.is_alive()

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            return await self.gateway(scope, receive, send)
        self.loop = asyncio.get_running_loop()
        await receive()
        await self.gateway.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.gateway.stop()
        await send({"type": "lifespan.shutdown.complete"})


@override_settings(MODEL_SOURCES=REMOTE)
class GatewayCase(TransactionTestCase):
    """`upstream(...)` makes a server, `model(...)` a model on servers; `post` calls as a caller with a key does."""

    def setUp(self):
        self.user = User.objects.create_superuser("root", password="right horse")
        self.row, self.key = create_key(user=self.user, name="tests", scopes=["call", "read"])
        self.gateway = Gateway()
        self.served = Served(self.gateway)
        self.url = self.served.start()
        self.addCleanup(connections.close_all)
        self.addCleanup(self.served.stop)
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.key}"

    def upstream(self, answers: dict[str, Answer]) -> NastyServer:
        server = NastyServer(answers)
        server.__enter__()
        self.addCleanup(server.__exit__)
        return server

    def model(self, name: str, *servers: NastyServer | str, protocol: str = "openai", **columns: Any) -> UnifiedModel:
        """Put a model with a placement on each server into the registry, as the gateway knows it at once."""
        defaults = {"version": "1", "category": "thinking", "model_type": "base", "capabilities": ["text_generation"]}
        pk = f"{name}_base".replace(":", "_").replace("/", "_")
        row = UnifiedModel.objects.create(
            id=pk, name=name, name_key=name_key(name), source=NAME, **{**defaults, **columns}
        )
        now = timezone.now()
        for number, server in enumerate(servers, 1):
            Placement.objects.create(
                model=row,
                source=NAME,
                place=f"host{number}",
                upstream_name=f"up-{name}",
                base_url=server if isinstance(server, str) else server.url,
                protocol=protocol,
                version=f"v{number}",
                first_seen=now,
                last_seen=now,
            )
        self.told()
        return row

    def told(self) -> None:
        """Let the gateway know at once what has changed."""
        RegistryEpoch.bump()
        self.gateway.holder.refresh()

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        return self.session.post(self.url + path, data=data, headers=headers, timeout=30, **options)

    def chat(self, model: str, **more: Any) -> requests.Response:
        """Call /v1/chat/completions."""
        options = {name: more.pop(name) for name in ("headers",) if name in more}
        body = {"model": model, "messages": HELLO, **more}
        return self.post("/v1/chat/completions", body, stream=bool(more.get("stream")), **options)

    def ollama(self, model: str, **more: Any) -> requests.Response:
        """Call /ollama/api/chat."""
        is_stream = more.get("stream") is not False
        return self.post("/ollama/api/chat", {"model": model, "messages": HELLO, **more}, stream=is_stream)

    def idle(self, seconds: float = 5) -> None:
        """Wait until no call is counted any more; fails when a counter has leaked."""
        load = self.gateway.load
        counters = lambda: sum(load.models.values()) + sum(load.placements.values())  # noqa: E731
        wait_until(lambda: not counters() and not load._waiting, seconds, "all counters are 0 again")
