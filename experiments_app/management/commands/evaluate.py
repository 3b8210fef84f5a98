"""Evaluates a .prompt.yml file, as `gh models eval` does."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from experiments_app.evaluation.command.file_evaluation import FileEvaluation
from experiments_app.evaluation.wire.openai_calls import OpenAICalls
from unified_app.console import RegistryCommand
from unified_app.service_key import service_key

# Behind people and programs that wait for an answer.
PRIORITY = {"X-Registry-Priority": "evaluation"}


class Command(RegistryCommand):
    help = (
        "Runs the tests of a .prompt.yml file against a model of the registry, or with --base-url against any server "
        "that speaks OpenAI's protocol, then without the registry and its database. Exit code 0: all tests passed, or "
        "with --gate: all rules hold."
    )
    # With --base-url there may be no database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="The .prompt.yml file.")
        parser.add_argument("--model", default="", help="The model to test, in place of the file's.")
        parser.add_argument("--judge", default="", help="The model of all judges, in place of each one's own.")
        parser.add_argument("--json", action="store_true", help="Print the result as gh does, and nothing else.")
        parser.add_argument("--strict", action="store_true", help="List what is odd in the file; do not run it then.")
        parser.add_argument("--base-url", default="", help="An address with chat/completions below it: http://host/v1.")
        parser.add_argument("--gate", default="", metavar="FILE", help="Rules that decide in place of the tests.")
        parser.add_argument("--junit", default="", metavar="FILE", help="Where to write a report for CI.")

    def handle(self, **options: Any) -> None:
        evaluation = FileEvaluation(
            file=options["file"],
            caller=partial(_caller, options["base_url"]),
            out=partial(self.stdout.write, ending=""),
            err=partial(self.stderr.write, ending=""),
            is_terminal=self.stdout.isatty(),
            **{name: options[name] for name in ("model", "judge", "json", "strict", "gate", "junit")},
        )
        if code := evaluation.exit_code():
            sys.exit(code)


def _caller(base_url: str) -> OpenAICalls:
    key = os.environ.get("EVALUATE_API_KEY", "")
    if base_url:
        return OpenAICalls(base_url, key)
    return OpenAICalls(f"{settings.REGISTRY_API_URL}/v1", key or service_key(), PRIORITY)
