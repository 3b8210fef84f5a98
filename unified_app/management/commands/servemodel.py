"""Starts a model from the shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from unified_app.console import RegistryCommand, json_option
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving_interface import ModelServingInterface


class Command(RegistryCommand):
    help = "Starts a model and waits until it is ready. It may be named by id, alias or name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model")
        json_option(parser)

    def handle(self, **options: Any) -> None:
        serving = ModelServingInterface(UnifiedRegistryManager(by="shell"))
        serving.serve_model(options["model"])
        told = serving.get_serving_status(options["model"])
        if options["json"]:
            self.print_json(told)
        else:
            self.stdout.write(f"{told['model_id']} is {told['state']} on {told['placement']}: call {told['endpoint']}")
