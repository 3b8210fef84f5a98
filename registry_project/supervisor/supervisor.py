"""Runs the product: gets it ready, starts the children, keeps them alive, stops them."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from registry_project.supervisor import demo as demo_upstream
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
        self._example = ""
        self._has_greeted = False
        self._remind_at = 0.0

    def prepare(self) -> firstrun.Access:
        """Bring the database up to date and make sure that somebody can log in."""
        report.remove(self._home)
        self._terminal.say(
            f"Data folder: {self._home}. Bringing the database up to date (some seconds the first time)..."
        )
        call_command("migrate", interactive=False, verbosity=0)
        table.tidy_broker()
        self._example = demo_upstream.example_model()
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
                self._tick(access)
                time.sleep(TICK_SECONDS)
        finally:
            self._stop_all()
            report.remove(self._home)

    def _tick(self, access: firstrun.Access) -> None:
        for child in self._children:
            if child.spec.is_vital or self._has_greeted:
                child.tend()
        pids = [child.pid for child in self._children]
        if not self._has_greeted and all(child.pid for child in self._children if child.spec.is_vital):
            self._greet(access)
        if None in pids:
            self._remind(pids)
            return
        self._remind_at = time.monotonic() + REMIND_SECONDS
        if pids != self._told:
            report.write(self._home, self._children)
            self._terminal.say(f"All parts answer{' again' if self._told else ''}.")
            self._told = pids

    def _greet(self, access: firstrun.Access) -> None:
        """All that people need at once answers: say so, and have the sources read once."""
        self._has_greeted = True
        urls = {child.spec.name: child.spec.url for child in self._children}
        seconds = time.monotonic() - self._began
        self._terminal.say(report.banner(urls, access, example=self._example, seconds=seconds))
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
