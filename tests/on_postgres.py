"""Runs the tests of the apps on a PostgreSQL of their own: python -m tests.on_postgres [arguments of pytest]."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.servers import Postgres

FOLDERS = ["tests/unified_app", "tests/ollama_app", "tests/experiments_app"]


def main() -> int:
    with Postgres() as server:
        env = os.environ | {"DATABASE_URL": server.url}
        command = [sys.executable, "-m", "pytest", *(sys.argv[1:] or FOLDERS)]
        return subprocess.run(command, env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
