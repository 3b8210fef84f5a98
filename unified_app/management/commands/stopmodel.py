"""Stops a model from the shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from unified_app.console import RegistryCommand, json_option
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving_interface import ModelServingInterface


class Command(RegistryCommand):
    help = "Stops a model; open calls may finish. It may be named by id, alias or name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model")
        json_option(parser)

    def handle(self, **options: Any) -> None:
        serving = ModelServingInterface(UnifiedRegistryManager(by="shell"))
        changed = serving.stop_serving(options["model"])
        told = serving.get_serving_status(options["model"])
        if options["json"]:
            self.print_json(told)
        else:
            reason = f": {told['reason']}" if told["reason"] else ""
            self.stdout.write(f"{told['model_id']} {'is' if changed else 'was'} {told['state']}{reason}")
