"""What an evaluation costs beside the time that its models take: the registry's own overhead.

    python -m benchmarks.evaluation [--quick]

Ten models are asked a suite's cases, four calls at once for each. With --quick the upstream takes a fixed time for each
call, so its own time is known: calls x time / calls at once. Without it the upstream is the demo, whose time is
measured by asking it the same without the registry; then the run is made again by a worker that is killed twice, and
every case must have one row. Overhead is the run's wall time over the upstream's, less 1. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.wire import demo_time  # noqa: E402
from tests.servers import free_port, wait_until  # noqa: E402

MODELS, AT_ONCE = 10, 4
# A fast model's whole answer; most take longer, and the slower the models, the smaller the share of the overhead.
THINK_SECONDS = 0.4
# Of the demo, as it comes: seconds for each token of a model of 5 GB.
TOKEN_SECONDS = 0.02
SERVER = ["-m", "uvicorn", "registry_project.asgi:application", "--no-access-log", "--lifespan", "on"]
WORKER = ["-m", "celery", "--quiet", "-A", "registry_project", "worker", "--pool", "threads", "--without-gossip"]


class Bench:
    """A site with an upstream, in a folder of its own."""

    def __init__(self, stack: ExitStack, upstream: str, *, is_wire: bool) -> None:
        self.stack, self.upstream = stack, upstream
        self.home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
        port = free_port()
        self.env = {"REGISTRY_HOME": str(self.home / "var"), "DATABASE_URL": "", "REDIS_URL": "", "OLLAMA_HOSTS": ""}
        self.env |= {"SITE_PORT": str(port), "LOG_LEVEL": "WARNING", "MAX_SERVING_MODELS": str(MODELS)}
        self.inside("prepare", upstream, "wire" if is_wire else "demo")
        stack.enter_context(self.process("site", [*SERVER, "--port", str(port)]))
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), 40, f"the site answers; see {self.home}")

    def inside(self, verb: str, *arguments: str) -> Any:
        """Do something in Django, in a process of its own; return what its last line says."""
        command = [sys.executable, "-m", "benchmarks.evaluation_inside", verb, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | self.env, stdout=subprocess.PIPE, text=True, check=True
        )
        return json.loads(done.stdout.splitlines()[-1])

    @contextmanager
    def process(self, name: str, command: list[str], *, kill: bool = False) -> Iterator[subprocess.Popen[bytes]]:
        with open(self.home / name, "ab") as words:
            running = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=os.environ | self.env, stdout=words, stderr=words
            )
        try:
            yield running
        finally:
            running.kill() if kill else running.terminate()
            running.wait(20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer cases; below 45 s on 2 cores")
    options = parser.parse_args()
    with ExitStack() as stack:
        result = quick(stack) if options.quick else full(stack)
    print(json.dumps(result))


def quick(stack: ExitStack, cases: int = 160) -> dict[str, Any]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.wire.upstream", str(port), str(THINK_SECONDS)]
    upstream = subprocess.Popen(command, cwd=ROOT)
    stack.callback(upstream.wait)
    stack.callback(upstream.terminate)
    bench = Bench(stack, f"http://127.0.0.1:{port}", is_wire=True)
    told = bench.inside("run", str(cases))
    ideal = cases * THINK_SECONDS / AT_ONCE
    return report(told, ideal, cases)


def full(stack: ExitStack, cases: int = 1000) -> dict[str, Any]:
    command = ["-m", "registry_project.demo", "--port", "0", "--models", str(4 * MODELS), "--load-delay", "0"]
    command += ["--token-delay", str(TOKEN_SECONDS)]
    demo = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    stack.callback(demo.wait)
    stack.callback(demo.terminate)
    assert demo.stdout is not None
    bench = Bench(stack, demo.stdout.readline().split()[-1], is_wire=False)
    alone = demo_time.measure(bench.upstream, bench.inside("bodies", str(cases)), AT_ONCE)
    print(f"the demo alone takes {alone:.1f} s for {MODELS * cases:,} calls, {MODELS * AT_ONCE} at once")
    told = report(bench.inside("run", str(cases)), alone, cases)
    return told | killed(bench, cases)


def report(told: dict[str, Any], ideal: float, cases: int) -> dict[str, Any]:
    overhead = told["seconds"] / ideal - 1
    print(
        f"{MODELS} models x {cases} cases: {told['seconds']:.2f} s, upstream {ideal:.2f} s: overhead {overhead:.1%}; "
        f"{told['cpu']:.1f} s of CPU, a call's latency is {told['latency'] * 1000:.0f} ms in the middle"
    )
    assert told["rows"] == told["done"] == MODELS * cases, told
    return {"overhead": round(overhead, 4), "calls_per_second": round(MODELS * cases / told["seconds"])}


def killed(bench: Bench, cases: int) -> dict[str, Any]:
    """Let a worker do the run, killed twice on the way, and look at the rows."""
    run = str(bench.inside("start", str(cases))["run"])
    total = MODELS * cases
    for share in (1 / 3, 2 / 3):
        with bench.process("worker", WORKER, kill=True):
            bench.inside("wait", run, str(int(total * share)))
        time.sleep(0.2)
    with bench.process("worker", WORKER):
        told: dict[str, Any] = bench.inside("wait", run, str(total))
    print(f"killed twice: {told}")
    assert told["rows"] == told["done"] == told["cases"] == total, told
    assert told["repeated_calls"] <= 2 * MODELS * AT_ONCE, told
    return {"rows": told["rows"], "repeated_calls": told["repeated_calls"]}


def answers(url: str) -> bool:
    import requests

    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


if __name__ == "__main__":
    main()
