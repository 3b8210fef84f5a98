"""One child process: how it is started, watched, restarted and stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from registry_project.environment import BASE_DIR
from registry_project.supervisor.terminal import Terminal

BACK_OFF_FIRST, BACK_OFF_MOST = 1.0, 30.0
# A child that lived this long starts with the first delay again.
SETTLED_SECONDS = 30.0
# Between two probes: short at first, then longer, so that a child that never answers is not flooded.
PROBE_FIRST, PROBE_MOST = 0.2, 2.0


@dataclass(frozen=True)
class ChildSpec:
    """What a child is: its name, its command after `python -m`, and how to tell that it does its work."""

    name: str
    module: list[str]
    answers: Callable[[], bool]
    url: str = ""
    # False: people need not wait for it. It starts when all others answer, so that it slows none of them.
    is_vital: bool = True
    before: Callable[[], None] = field(default=lambda: None)


class Child:
    """A child of the supervisor.

    Only `start` makes processes, and only the main thread may call it: to the kernel, the parent whose death
    ends the child is the thread that forked it.
    """

    def __init__(self, spec: ChildSpec, environment: dict[str, str], terminal: Terminal) -> None:
        self.spec = spec
        self._environment = environment
        self._terminal = terminal
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._delay = BACK_OFF_FIRST
        self._start_at = 0.0
        self._ready_pid: int | None = None

    @property
    def pid(self) -> int | None:
        """The process that answers now, or None while the child starts or is down."""
        return self._ready_pid if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and a thread that waits until it answers."""
        self.spec.before()
        wrapper = [sys.executable, "-m", "registry_project.supervisor.child", str(os.getpid())]
        process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", *self.spec.module],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=BASE_DIR,
            env=self._environment,
            # A session of its own: Ctrl-C and the end of the terminal reach the supervisor only.
            start_new_session=True,
        )
        assert process.stdout is not None
        self._process, self._started_at, self._ready_pid = process, time.monotonic(), None
        self._terminal.follow(self.spec.name, process.stdout)
        threading.Thread(target=self._wait_until_it_answers, args=(process,), daemon=True).start()

    def tend(self) -> None:
        """Restart the child when it has died and its delay is over; call it again and again."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self.start()
        elif (code := self._process.poll()) is not None:
            self._bury(code)

    def terminate(self) -> None:
        """Ask the leader only: a worker's group would lose the tasks that it may still finish."""
        if self.is_running and self._process:
            self._process.terminate()

    def kill(self) -> None:
        """End the process and whatever it started."""
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _bury(self, code: int) -> None:
        if time.monotonic() - self._started_at >= SETTLED_SECONDS:
            self._delay = BACK_OFF_FIRST
        self.kill()
        name, how = self.spec.name, _how_it_ended(code)
        self._terminal.say(f"{name} {how}; it starts again in {self._delay:.0f} s.")
        self._process, self._ready_pid = None, None
        self._start_at = time.monotonic() + self._delay
        self._delay = min(self._delay * 2, BACK_OFF_MOST)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        pause = PROBE_FIRST
        while process is self._process and process.returncode is None:
            if self.spec.answers():
                # Asked again: it may have died, and have been replaced, while it was being probed.
                if process is self._process:
                    self._ready_pid = process.pid
                return
            time.sleep(pause)
            pause = min(pause * 1.2, PROBE_MOST)


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
