"""The ASGI entry point: /v1 and /ollama go to the gateway, everything else to Django."""

from __future__ import annotations

import logging
import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry_project.settings")
django = get_asgi_application()

from registry_project.bounded import BoundedBody  # noqa: E402 - needs the settings
from registry_project.mounted import gateway  # noqa: E402
from registry_project.uploads import BoundedUpload  # noqa: E402
from unified_app.gateway.http import Receive, Scope, Send  # noqa: E402

# No format of ours tells thread, process, task or source line; looking them up for each line costs the gateway more
# than writing it. https://docs.python.org/3/howto/logging.html#optimization
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging._srcfile = None

site = BoundedBody(django, max_bytes=settings.MAX_BODY_MB * 2**20, seconds=settings.BODY_TIMEOUT)
uploads = BoundedUpload(django, max_bytes=settings.ADAPTER_MAX_MB * 2**20, seconds=settings.BODY_TIMEOUT)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Send each connection where it belongs; the lifespan starts and stops the gateway."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and _is_gateways(scope["path"]):
        await gateway(scope, receive, send)
    elif scope["type"] == "http" and _is_upload(scope):
        await uploads(scope, receive, send)
    else:
        await site(scope, receive, send)


def _is_upload(scope: Scope) -> bool:
    return (scope["method"], scope["path"].rstrip("/")) == ("POST", "/api/adapters")


def _is_gateways(path: str) -> bool:
    return path.startswith(("/v1/", "/ollama/")) or path in ("/v1", "/ollama")


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await gateway.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await gateway.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
