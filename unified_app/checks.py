"""Settings that would fail later, refused at start-up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.utils.module_loading import import_string

from unified_app.sources import Source


@register()
def every_source_imports(**_: Any) -> list[Error]:
    """Every entry of MODEL_SOURCES is a Source of that name."""
    errors = []
    for name, path in settings.MODEL_SOURCES.items():
        found, problem = _import(path)
        if problem is None and not (isinstance(found, type) and issubclass(found, Source) and found.name == name):
            problem = f"is not a Source named {name!r}"
        if problem:
            errors.append(Error(f"MODEL_SOURCES[{name!r}] = {path!r} {problem}.", id="registry.E001"))
    return errors


@register()
def every_job_kind_imports(**_: Any) -> list[Error]:
    """Every entry of the tables of functions is one."""
    errors = []
    tables = ("JOB_KINDS", "JOB_ENDINGS", "RETENTION")
    for table, kind, path in [(name, *entry) for name in tables for entry in getattr(settings, name).items()]:
        found, problem = _import(path)
        if problem or not callable(found):
            reason = problem or "is not callable"
            errors.append(Error(f"{table}[{kind!r}] = {path!r} {reason}.", id="registry.E002"))
    return errors


@register(deploy=False)
def scale_out_has_its_parts(**_: Any) -> list[Error]:
    """Redis means several processes, and several processes need a database that they can share."""
    sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if settings.WEB_PROCESSES > 1 and (sqlite or not settings.REDIS_URL):
        return [
            Error(
                f"WEB_PROCESSES={settings.WEB_PROCESSES} needs DATABASE_URL (PostgreSQL) and REDIS_URL.",
                hint="Set both, or run one web process.",
                id="registry.E003",
            )
        ]
    return []


def _import(path: str) -> tuple[Any, str | None]:
    try:
        return import_string(path), None
    except ImportError as error:
        return None, f"does not import ({error})"
