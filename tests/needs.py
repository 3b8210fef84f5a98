"""Programs that some tests need beside Python: found, or skipped with a reason that says how to install them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

# Name -> (what it may be called, folders to look in beside PATH, how to get it on Debian).
KNOWN: dict[str, tuple[tuple[str, ...], str, str]] = {
    "redis-server": (("redis-server", "valkey-server"), "/usr/sbin", "apt install redis-server"),
    "postgres": (("postgres",), "/usr/lib/postgresql/*/bin", "apt install postgresql"),
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "/snap/bin", "apt install chromium"),
    "docker": (("docker",), "", "see docs.docker.com"),
    "make": (("make",), "", "apt install make"),
    "curl": (("curl",), "", "apt install curl"),
}
MISSING = "missing program: "


def find(binary: str) -> str | None:
    """Return the path of a program, or None."""
    names, folders, _ = KNOWN.get(binary, ((binary,), "", ""))
    # The newest version of a Debian package comes last.
    beside = sorted(Path("/").glob(folders.lstrip("/"))) if folders else []
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, reversed(beside))])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def needs(binary: str) -> str:
    """Return the path of a program; skip the test without it, or fail it under REQUIRE_ALL=1."""
    if found := find(binary):
        return found
    how = KNOWN.get(binary, ((), "", ""))[2]
    reason = f"{MISSING}{binary}" + (f" ({how})" if how else "")
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def summary(reasons: Iterable[str]) -> list[str]:
    """Return one line per missing program with the number of tests that were skipped for it."""
    counts: dict[str, int] = {}
    for reason in reasons:
        if MISSING in reason:
            program = reason.split(MISSING, 1)[1]
            counts[program] = counts.get(program, 0) + 1
    return [f"{number} skipped without {program}" for program, number in sorted(counts.items())]
