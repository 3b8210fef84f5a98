"""When to stop: signals become facts that the loop reads."""

from __future__ import annotations

import signal
import sys
from types import FrameType


class Stop:
    """What asked us to end. Handlers only set facts: more could deadlock with the code they interrupt."""

    def __init__(self) -> None:
        self.asked_by = ""
        self.at_once = False
        self._watches_terminal = False

    @classmethod
    def on_signals(cls) -> Stop:
        stop = cls()
        signal.signal(signal.SIGINT, stop._interrupt)
        signal.signal(signal.SIGTERM, stop._end)
        # Under nohup the end of the terminal is meant to be ignored.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, stop._end)
            stop._watches_terminal = sys.stdout.isatty()
        return stop

    def __bool__(self) -> bool:
        if self._watches_terminal and not self.asked_by and not sys.stdout.isatty():
            # `ssh -t host make run`: make alone is told that the terminal has gone, and only waits for us.
            self.asked_by = signal.SIGHUP.name
        return bool(self.asked_by)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        # Only a second Ctrl-C: `make` and a service manager may both pass the same SIGTERM on.
        self.at_once = self.asked_by == signal.SIGINT.name
        self._end(number, frame)

    def _end(self, number: int, _: FrameType | None) -> None:
        self.asked_by = signal.Signals(number).name
