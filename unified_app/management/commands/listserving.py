"""What is served, in the shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from unified_app.console import RegistryCommand, json_option
from unified_app.serving import status

TITLES = ("MODEL", "STATE", "PLACEMENT", "CALLS", "TOTAL", "ERRORS", "REASON")


class Command(RegistryCommand):
    help = "Lists the models that are served, starting, stopping or failed."

    def add_arguments(self, parser: CommandParser) -> None:
        json_option(parser)

    def handle(self, **options: Any) -> None:
        told = status.of_all()
        if options["json"]:
            self.print_json(told)
            return
        self.print_table(TITLES, (_row(row) for row in told["serving"]))
        slots = told["slots"]
        self.stdout.write(f"{len(told['serving'])} models, {slots['used']} of {slots['total']} slots taken")


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    calls = (row["concurrent_requests"], row["total_requests"], row["errors"])
    return (row["model_id"], row["state"], row["placement"], *calls, row["reason"])
