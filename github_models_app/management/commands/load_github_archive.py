"""An archived GitHub Models catalog from the shell."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from github_models_app import archive
from unified_app.addresses import normalise_url
from unified_app.console import RegistryCommand, json_option
from unified_app.model_objects import MAX_ROWS


class Command(RegistryCommand):
    help = (
        "Loads an archived GitHub Models catalog, the JSON list that GET /catalog/models answered: its models are "
        "registered as retired, dated, and not callable. What the registry has already is not touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="A JSON file: the catalog's list of models.")
        parser.add_argument(
            "--date", help="The day of the archive, such as 2026-05-06. Default: when the file changed."
        )
        json_option(parser)

    def handle(self, *, file: str, date: str | None, json: bool, **_: Any) -> None:
        path = Path(file)
        rows = _rows(path)
        day = _day(date, path)
        found = archive.load(rows, day=day, base_url=normalise_url(settings.GITHUB_MODELS_URL), by="shell")
        rejected = [{"row": row.row, "reason": row.message} for row in found.rejected]
        if json:
            self.print_json({"loaded": found.loaded, "present": found.present, "date": str(day), "rejected": rejected})
            return
        self.stdout.write(f"{found.loaded} models loaded as retired, archive of {day}; {found.present} there already.")
        for row in rejected:
            self.stdout.write(f"rejected: {row['row']}: {row['reason']}")


def _rows(path: Path) -> list[Any]:
    """Return the list in the file. Raises CommandError that names it."""
    try:
        if path.stat().st_size > settings.UPSTREAM_MAX_MB * 2**20:
            raise CommandError(f"{path} is larger than {settings.UPSTREAM_MAX_MB} MB (UPSTREAM_MAX_MB).")
        rows = json.loads(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is not JSON.") from error
    if not isinstance(rows, list):
        raise CommandError(f"{path} holds no JSON list, which a catalog is.")
    if len(rows) > MAX_ROWS:
        raise CommandError(f"{path} has more than {MAX_ROWS:,} rows.")
    return rows


def _day(told: str | None, path: Path) -> date:
    if told is None:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    try:
        day = date.fromisoformat(told)
    except ValueError:
        raise CommandError(f"--date {told!r} is no day; write it like 2026-05-06.") from None
    if day > timezone.now().date():
        raise CommandError(f"--date {told} has not been yet.")
    return day
