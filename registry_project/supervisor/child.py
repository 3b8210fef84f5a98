"""`python -m registry_project.supervisor.child PID COMMAND...`: a child that cannot outlive the supervisor.

A module of its own, since `preexec_fn` is unsafe in a process with threads. It imports neither Django nor the
rest of the supervisor, so that it costs a few milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 1.0


def main(arguments: list[str]) -> None:
    supervisor, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        _die_with_parent()
    else:
        _watch(supervisor)
    # The supervisor may have died before the lines above took effect; nobody would tell us then.
    if os.getppid() != supervisor:
        sys.exit("The supervisor is gone.")
    os.execvp(command[0], command)


def _die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the supervisor dies; the request survives exec."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def _watch(supervisor: int) -> None:
    """Where the kernel has no such request: leave a process behind that kills the group when it is due.

    The watcher is the child and this process goes on to exec, so that the pid and its signals are those of
    the command.
    """
    leader = os.getpid()
    if os.fork() != 0:
        return
    for descriptor in (0, 1, 2):
        # Else the supervisor would wait for the end of a log that this process holds open.
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    while os.getppid() == leader:
        if not _lives(supervisor):
            os.killpg(os.getpgid(0), signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    os._exit(0)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
