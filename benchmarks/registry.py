"""How long a sync of a large host and a page of a large registry take, beside what they cannot be faster than.

    python -m benchmarks.registry [--quick] [--database sqlite|postgres|both]

The references of the same run: for a sync, one listing of the host read, parsed and written as bare rows; for a
page, the same rows read with `values()` and printed as JSON. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PAGE = "/api/models/unified?source=ollama&category=tools&capability=function_calling&page_size=100&page=2"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, SQLite only; below 45 s on 2 cores")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default=None)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(measure(repeats=3 if options.quick else 9)))
        return
    chosen = options.database or ("sqlite" if options.quick else "both")
    results = {name: run(name, quick=options.quick) for name in ("sqlite", "postgres") if chosen in (name, "both")}
    for name, result in results.items():
        report(name, result)
    print(json.dumps(next(iter(results.values())) | ({"postgres": results["postgres"]} if len(results) > 1 else {})))


def run(database: str, *, quick: bool) -> dict[str, Any]:
    """Measure in a process and a data folder of their own; return its JSON."""
    from tests.demo_server import demo_server
    from tests.servers import Postgres

    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-"))
        env = os.environ | {"REGISTRY_HOME": home, "LOG_LEVEL": "WARNING", "OLLAMA_HOSTS": ""}
        env |= {"OLLAMA_HOSTS": "big=" + stack.enter_context(demo_server(models=1000))}
        env["DATABASE_URL"] = stack.enter_context(Postgres()).url if database == "postgres" else ""
        command = [sys.executable, "-m", "benchmarks.registry", "--inside", *(["--quick"] if quick else [])]
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True)
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


def measure(*, repeats: int) -> dict[str, Any]:
    """Run inside Django: sync 1,000 models, repeat, fill up to 10,000 rows, read pages."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry_project.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    first, body = timed(sync)
    repeat, again = timed(sync)
    assert (body["created"], again["unchanged"], again["updated"]) == (1000, 1000, 0), (body, again)
    bare, _ = timed(bare_sync)
    fill(9_000)
    pages, queries = read_pages(repeats)
    reference = min(timed(bare_page)[0] for _ in range(repeats))
    return {
        "sync_s": round(first, 2),
        "repeat_s": round(repeat, 2),
        "page_ms": round(1000 * sorted(pages)[len(pages) // 2], 1),
        "queries": queries,
        "sync_ratio": round(first / bare, 1),
        "repeat_ratio": round(repeat / bare, 1),
        "page_ratio": round(min(pages) / reference, 1),
    }


def timed(function: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    value = function()
    return time.perf_counter() - began, value


def sync() -> dict[str, Any]:
    from unified_app.registry_manager import UnifiedRegistryManager

    return UnifiedRegistryManager(by="benchmark").sync_with_sources().to_dict()


def bare_sync() -> None:
    """Read the listing once and write one bare row a model: what no sync can be faster than."""
    import requests
    from django.db import connection, transaction

    from ollama_app.models import Host

    rows = requests.get(f"{Host.objects.get(name='big').url}/api/tags", timeout=30).json()["models"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (name TEXT PRIMARY KEY, body TEXT)")
        cursor.executemany("INSERT INTO bare VALUES (%s, %s)", [(r["name"], json.dumps(r)) for r in rows])


def fill(count: int) -> None:
    """Register more models, a thousand at a time, from as many made-up hosts."""
    from unified_app import syncing
    from unified_app.model_objects import PlacementObject, UnifiedModelObject

    for start in range(0, count, 1000):
        place = f"made-{start // 1000}"
        models = [
            UnifiedModelObject(
                name=f"made-up-{number}:7b",
                source="ollama",
                capabilities=["text_generation", "function_calling"] if number % 2 else ["text_embedding"],
                parameters={"family": "llama", "quantization": "Q4_K_M", "context_length": 8192},
                description="A made-up model.",
                endpoint="http://127.0.0.1:9/api/generate",
                placements=[
                    PlacementObject(place, f"made-up-{number}:7b", "http://127.0.0.1:9", "ollama", f"{number:064x}")
                ],
            )
            for number in range(start, start + 1000)
        ]
        syncing.apply("ollama", place, syncing.Reading(models=models))


def read_pages(repeats: int) -> tuple[list[float], int]:
    """Return seconds of each reading of one page of 100 with filters, and how many queries one takes."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from unified_app.keys import create_key
    from unified_app.models import User

    user = User.objects.create_superuser("bench")
    _, secret = create_key(user=user, name="bench", scopes=["read"])
    client = Client(headers={"Authorization": f"Bearer {secret}"}, SERVER_NAME="localhost")
    answer = client.get(PAGE)
    assert answer.status_code == 200 and len(answer.json()["models"]) == 100, answer.content[:300]
    with CaptureQueriesContext(connection) as captured:
        client.get(PAGE)
    queries = len(captured)  # before the next request empties the log
    return [timed(lambda: client.get(PAGE))[0] for _ in range(repeats)], queries


def bare_page() -> str:
    from unified_app.models import UnifiedModel

    rows = UnifiedModel.objects.in_category("tools").order_by("name").values()[100:200]
    return json.dumps(list(rows), default=str)


def report(name: str, result: dict[str, Any]) -> None:
    print(f"{name}: 1,000 models on one host, then 10,000 rows")
    print(f"  full sync    {result['sync_s']:6.2f} s   {result['sync_ratio']:6.1f} x a bare listing and insert")
    print(f"  repeat sync  {result['repeat_s']:6.2f} s   {result['repeat_ratio']:6.1f} x the same")
    print(f"  page of 100  {result['page_ms']:6.1f} ms  {result['page_ratio']:6.1f} x bare rows as JSON,", end=" ")
    print(f"{result['queries']} queries")


if __name__ == "__main__":
    main()
