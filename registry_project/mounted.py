"""The gateway of this process: asgi.py mounts it, /readyz asks it."""

from __future__ import annotations

from unified_app.gateway.app import Gateway

gateway = Gateway()
