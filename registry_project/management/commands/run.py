"""`manage.py run`: the whole product in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry_project.supervisor import demo, lock, ports, report, table
from registry_project.supervisor.stopping import Stop
from registry_project.supervisor.supervisor import Supervisor
from registry_project.supervisor.terminal import Terminal


class Command(BaseCommand):
    help = "Run site, worker, beat and, where it is needed, the demo, until Ctrl-C or SIGTERM."
    # Asked for below: a taken port is to be one line, at once, and nothing else.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        stop = Stop.on_signals()
        if str(settings.DEMO) not in demo.CHOICES:
            raise CommandError(f"DEMO={settings.DEMO} is unknown. Set DEMO to {', '.join(demo.CHOICES)}.")
        try:
            held = lock.take(settings.REGISTRY_HOME)
        except lock.HomeIsTaken as error:
            raise CommandError(str(error)) from error
        with held:
            _refuse_taken(table.ports(demo=settings.DEMO == "on"))
            self.check()
            self._run(stop, began)

    def _run(self, stop: Stop, began: float) -> None:
        terminal = Terminal(sys.stdout)
        try:
            supervisor = Supervisor(terminal, stop, began=began)
            access = supervisor.prepare()
            with_demo = not stop and demo.decide()
            if with_demo:  # only now is it known that it runs
                _refuse_taken(table.ports(demo=True))
            if with_demo and settings.DEMO == "auto":
                terminal.say(report.DEMO_NOTICE)
            if not stop:
                supervisor.run(access, demo=with_demo)
        finally:
            terminal.close()


def _refuse_taken(wanted: list[ports.Port]) -> None:
    if problem := ports.complaint(wanted):
        raise CommandError(problem)
