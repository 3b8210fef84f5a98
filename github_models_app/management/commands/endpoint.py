"""Endpoints from the shell: listed, added, changed, tested, deleted."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from github_models_app.endpoints.endpoints import ENDPOINTS
from github_models_app.endpoints.models import Endpoint
from github_models_app.endpoints.serializers import EndpointSerializer
from unified_app.console import RegistryCommand, json_option
from unified_app.errors import InvalidInput

TITLES = ("ID", "NAME", "BASE URL", "KEY", "STATE", "KIND", "MODELS")
BY = "shell"


class Command(RegistryCommand):
    help = "Lists, adds, changes, tests and deletes OpenAI-compatible endpoints."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="Add an endpoint; the next sync reads it.")
        add.add_argument("name")
        add.add_argument("base_url", help="With or without /v1.")
        change = actions.add_parser("set", help="Change what is named, and nothing else.")
        change.add_argument("called", metavar="name", help="Its name, or its id.")
        change.add_argument("--name", help="A new name; its models are renamed.")
        change.add_argument("--base-url")
        for writing in (add, change):
            _settings(writing)
        single = [
            actions.add_parser(name, help=told) for name, told in (("test", "Ask it now."), ("delete", "Delete it."))
        ]
        for parser_of_one in single:
            parser_of_one.add_argument("called", metavar="name", help="Its name, or its id.")
        for any_action in (actions.add_parser("list", help="List all endpoints."), add, change, *single):
            json_option(any_action)

    def handle(self, *, action: str, **options: Any) -> None:
        actions: dict[str, Callable[..., None]] = {
            "list": self.list,
            "add": self.add,
            "set": self.change,
            "test": self.test,
            "delete": self.delete,
        }
        actions[action](**options)

    def list(self, *, json: bool, **_: Any) -> None:
        found = ENDPOINTS.counted()
        if json:
            self.print_json({"endpoints": EndpointSerializer(found, many=True).data})
            return
        self.print_table(TITLES, (_row(endpoint) for endpoint in found))

    def add(self, *, json: bool, **options: Any) -> None:
        self._save(Endpoint(), json, "added", **options)

    def change(self, *, called: str, json: bool, **options: Any) -> None:
        self._save(ENDPOINTS.find(called), json, "changed", **options)

    def test(self, *, called: str, json: bool, **_: Any) -> None:
        outcome = ENDPOINTS.test(ENDPOINTS.find(called))
        if json:
            self.print_json(asdict(outcome))
        elif outcome.ok:
            self.stdout.write(outcome.message)
        if not outcome.ok:
            raise CommandError(outcome.message)

    def delete(self, *, called: str, json: bool, **_: Any) -> None:
        row = ENDPOINTS.find(called)
        ENDPOINTS.delete(row, by=BY)
        if json:
            self.print_json({"deleted": row.name})
        else:
            self.stdout.write(f"Endpoint {row.name} is deleted; its models are retired.")

    def _save(self, row: Endpoint, json: bool, done: str, **options: Any) -> None:
        for name in ("name", "base_url", "timeout", "rate_limit_per_minute", "models", "enabled"):
            if options[name] is not None:
                setattr(row, ENDPOINTS.column_of(name), options[name])
        key = options["key_from"]
        ENDPOINTS.save(row, by=BY, token=None if key is None else _variable(key), headers=_headers(options["header"]))
        if json:
            self.print_json(EndpointSerializer(ENDPOINTS.counted().get(pk=row.pk)).data)
        else:
            self.stdout.write(f"Endpoint {row.name} at {row.url} is {done}.")


def _settings(parser: CommandParser) -> None:
    """Secrets come from variables: what stands on a command line can be read by everybody on the machine."""
    parser.add_argument("--key-from", metavar="VARIABLE", help="The environment variable that holds the key.")
    parser.add_argument(
        "--header",
        metavar="NAME=VARIABLE",
        action="append",
        help="An extra header whose value the variable holds; may stand several times. They replace all others.",
    )
    parser.add_argument("--timeout", type=int, metavar="SECONDS")
    parser.add_argument("--rate-limit-per-minute", type=int, metavar="N")
    parser.add_argument("--models", nargs="*", metavar="MODEL", help="Exactly these models; none: what it lists.")
    parser.add_argument("--enable", dest="enabled", action="store_true", default=None)
    parser.add_argument("--disable", dest="enabled", action="store_false", default=None)


def _headers(told: list[str] | None) -> dict[str, str] | None:
    if told is None:
        return None
    return {name: _variable(variable) for name, _, variable in (entry.partition("=") for entry in told)}


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise InvalidInput(f"The environment has no variable {name!r}.")
    return value


def _row(endpoint: Any) -> tuple[object, ...]:
    key = "set" if endpoint.has_token else ""
    state = endpoint.state if endpoint.enabled else "disabled"
    return (endpoint.pk, endpoint.name, endpoint.url, key, state, endpoint.version, endpoint.model_count)
