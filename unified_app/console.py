"""What the registry's shell commands have in common: errors in one line, JSON alone on stdout, narrow tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError

from unified_app.errors import RegistryError

WIDTH = 100
# What a shell says of a program that Ctrl-C ended.
INTERRUPTED = 130
_GAP = "  "


class RegistryCommand(BaseCommand):
    """A command whose errors are one line on stderr and exit code 1, never a traceback."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except RegistryError as error:
            raise CommandError(error.message) from error
        except DatabaseError as error:
            first = str(error).partition("\n")[0]
            raise CommandError(f"The database cannot be used ({first}). Has `manage.py migrate` been run?") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=INTERRUPTED) from None

    def print_json(self, data: Any) -> None:
        self.stdout.write(json.dumps(data, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False))

    def print_table(self, titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        for line in table(titles, rows):
            self.stdout.write(line)


def json_option(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")


def table(titles: Sequence[str], rows: Iterable[Sequence[object]], width: int = WIDTH) -> list[str]:
    """Return aligned lines of at most `width` characters; the widest columns are cut until they fit."""
    cells = [list(titles), *(["" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(titles))]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        widths[widths.index(max(widths))] -= 1
    return [_GAP.join(_fit(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in cells]


def size(count: int | None) -> str:
    """Return bytes as people read them: `4.7 GB`."""
    if count is None:
        return ""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def _fit(text: str, width: int) -> str:
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)
