"""Whether the process lives, and whether it can do its work. Neither needs a key."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse


def live(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, its migrations are in and the gateway knows the models; else 503."""
    checks = {name: _outcome(check) for name, check in CHECKS.items()}
    is_ready = set(checks.values()) == {"ok"}
    return JsonResponse({"status": "ok" if is_ready else "error", "checks": checks}, status=200 if is_ready else 503)


def _outcome(check: Callable[[], str]) -> str:
    try:
        return check()
    except DatabaseError as error:
        return f"error: {type(error).__name__}"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} not applied; run `manage.py migrate`" if missing else "ok"


def _snapshot() -> str:
    from registry_project.mounted import gateway

    return "ok" if gateway.holder.ready.is_set() else "not loaded yet"


CHECKS: dict[str, Callable[[], str]] = {"database": _database, "migrations": _migrations, "snapshot": _snapshot}
