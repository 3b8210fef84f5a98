"""Runs the product: gets it ready, starts the children, keeps them alive, stops them."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from registry_project.supervisor import firstrun, report, table
from registry_project.supervisor.children import Child
from registry_project.supervisor.stopping import Stop
from registry_project.supervisor.terminal import Terminal
from unified_app.syncing import request_sync

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
# Everything is gone within 10 s of the signal: the rest is for KILL and for our own end.
GRACE_SECONDS = 8.0
REMIND_SECONDS = 30.0


class Supervisor:
    """One run. `demo` says whether the demo upstream runs; all else comes from the settings."""

    def __init__(self, terminal: Terminal, stop: Stop, *, began: float) -> None:
        self._terminal = terminal
        self._stop = stop
        self._began = began
        self._home: Path = settings.REGISTRY_HOME
        self._children: list[Child] = []
        self._told: list[int | None] = []
        self._remind_at = 0.0

    def prepare(self) -> firstrun.Access:
        """Bring the database up to date and make sure that somebody can log in."""
        report.remove(self._home)
        self._terminal.say(
            f"Data folder: {self._home}. Bringing the database up to date (some seconds the first time)..."
        )
        call_command("migrate", interactive=False, verbosity=0)
        table.tidy_broker()
        return firstrun.ensure_access(self._home)

    def run(self, access: firstrun.Access, *, demo: bool) -> None:
        """Start the children and stay until a signal ends the run."""
        environment = table.environment()
        self._children = [Child(spec, environment, self._terminal) for spec in table.children(demo=demo)]
        names = ", ".join(child.spec.name for child in self._children)
        self._terminal.say(f"Starting {names}...")
        connections.close_all()
        self._remind_at = time.monotonic() + REMIND_SECONDS
        try:
            while not self._stop:
                self._tick(access, demo)
                time.sleep(TICK_SECONDS)
        finally:
            self._stop_all()
            report.remove(self._home)

    def _tick(self, access: firstrun.Access, demo: bool) -> None:
        for child in self._children:
            child.tend()
        pids = [child.pid for child in self._children]
        if None in pids:
            self._remind(pids)
        elif pids != self._told:
            self._tell(access, demo, first=not self._told)
            self._told = pids

    def _tell(self, access: firstrun.Access, demo: bool, *, first: bool) -> None:
        """All answer: say so, and have the sources read once."""
        report.write(self._home, self._children)
        if not first:
            self._terminal.say("All parts answer again.")
            return
        seconds = time.monotonic() - self._began
        demo_url = table.demo_url() if demo else ""
        self._terminal.say(report.banner(table.site_url(), access, demo=demo_url, seconds=seconds))
        threading.Thread(target=self._first_sync, daemon=True, name="first-sync").start()

    def _first_sync(self) -> None:
        try:
            request_sync(by="start")
        except Exception:  # the schedule asks again in a few minutes; the run goes on
            logger.exception("The first sync could not be queued.")
        finally:
            connections.close_all()

    def _remind(self, pids: list[int | None]) -> None:
        if time.monotonic() >= self._remind_at:
            late = [child.spec.name for child, pid in zip(self._children, pids, strict=True) if pid is None]
            self._terminal.say(f"Still waiting for: {', '.join(late)}.")
            self._remind_at = time.monotonic() + REMIND_SECONDS

    def _stop_all(self) -> None:
        self._terminal.say(f"{self._stop.asked_by or 'Error'}: stopping. A second Ctrl-C kills at once.")
        for child in reversed(self._children):
            child.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        while self._alive() and time.monotonic() < deadline and not self._stop.at_once:
            time.sleep(TICK_SECONDS / 2)
        if late := self._alive():
            self._terminal.say(f"Killing {', '.join(late)}.")
        for child in self._children:
            child.kill()
        self._terminal.say("Stopped.")

    def _alive(self) -> list[str]:
        return [child.spec.name for child in self._children if child.is_running]
