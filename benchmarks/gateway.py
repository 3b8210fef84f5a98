"""What the gateway costs beside a bare relay of the same make: requests a second, and time to the first byte; and
what a variant that is laid over a model costs beside that model.

    python -m benchmarks.gateway [--quick]

Both run in uvicorn (uvloop, httptools, one process) on a core of their own and have the same upstream, which shares
the other core with the load. Rounds take turns, since other work on the machine would favour one; medians count. The
last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.wire import load  # noqa: E402
from tests.servers import free_port, wait_until  # noqa: E402

CALLS_AT_ONCE = 32
STREAMS_AT_ONCE = 4
# A variant of the model, laid over it by the gateway.
OVERLAY = "small:1b+terse"
RECIPE = {"parameters": {"top_p": 0.9, "seed": 7, "max_tokens": 200, "stop": ["###"]}, "system": "Be brief."}
SERVER = ["-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log"]


@dataclass
class Tested:
    """One server under test, and what its rounds showed."""

    name: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    model: str = "small:1b"
    calls: list[load.Round] = field(default_factory=list)
    streams: list[load.Round] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def rps(self) -> float:
        return median(r.rate for r in self.calls)

    def first_byte(self, share: float) -> float:
        return median(r.wait(share) for r in self.streams)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds; below 45 s on 2 cores")
    parser.add_argument("--inside", metavar="UPSTREAM", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(prepare(options.inside))
        return
    # Short turns: what else the machine does then burdens both alike.
    rounds, seconds = (16, 0.3) if options.quick else (60, 0.5)
    with ExitStack() as stack:
        measure(stack, rounds, seconds)


def measure(stack: ExitStack, rounds: int, seconds: float) -> None:
    server_core, other_core = (sorted(os.sched_getaffinity(0)) * 2)[:2]
    os.sched_setaffinity(0, {other_core})
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
    upstream = free_port()
    stack.enter_context(process(home / "upstream", other_core, ["-m", "benchmarks.wire.upstream", str(upstream)], {}))
    url = f"http://127.0.0.1:{upstream}"
    env = {"REGISTRY_HOME": str(home / "var"), "DATABASE_URL": "", "OLLAMA_HOSTS": ""}
    env |= {"RATE_LIMIT_PER_MINUTE": "100000000", "LOG_LEVEL": "INFO"}
    inside = [sys.executable, "-m", "benchmarks.gateway", "--inside", url]
    done = subprocess.run(inside, cwd=ROOT, env=os.environ | env, stdout=subprocess.PIPE, text=True, check=True)
    key = done.stdout.split()[-1]

    def serve(name: str, application: str, more: dict[str, str]) -> Tested:
        tested = Tested(name, free_port())
        command = [*SERVER, application, "--port", str(tested.port)]
        tested.process = stack.enter_context(process(home / name, server_core, command, more))
        wait_until(lambda: answers(tested.port, key), 30, f"{name} answers; see {home / name}")
        return tested

    bare = serve("bare relay", "benchmarks.wire.bare_relay:application", {"UPSTREAM": url})
    ours = serve("gateway", "registry_project.asgi:application", env)
    alone = load.run(upstream, load.chat(key, stream=False), connections=CALLS_AT_ONCE, seconds=seconds)
    overlaid = Tested("overlay", ours.port, ours.process, OVERLAY)
    take_turns([bare, ours, overlaid], key, rounds, seconds)
    report(alone.rate, bare, ours, overlaid)


def take_turns(servers: list[Tested], key: str, rounds: int, seconds: float) -> None:
    for _ in range(rounds):
        for tested in servers:
            before = cpu_seconds(tested)
            call = load.chat(key, stream=False, model=tested.model)
            seen = load.run(tested.port, call, connections=CALLS_AT_ONCE, seconds=seconds)
            tested.calls.append(seen)
            tested.cpu.append((cpu_seconds(tested) - before) / seen.answers * 1e6)
        for tested in servers[:2]:
            streamed = load.chat(key, stream=True)
            tested.streams.append(load.run(tested.port, streamed, connections=STREAMS_AT_ONCE, seconds=seconds))


def report(alone: float, bare: Tested, ours: Tested, overlaid: Tested) -> None:
    print(
        f"{CALLS_AT_ONCE} calls at once (upstream without a relay: {alone:,.0f}/s), {STREAMS_AT_ONCE} streams at once"
    )
    print(f"{'':12}{'calls/s':>9}{'CPU us':>8}{'first byte p50':>16}{'p99 ms':>8}{'RSS MB':>8}")
    for t in (bare, ours):
        first = f"{t.first_byte(0.5):16.2f}{t.first_byte(0.99):8.2f}"
        print(f"{t.name:12}{t.rps:9,.0f}{median(t.cpu):8.0f}{first}{rss_mb(t):8.0f}")
    ratio = ours.rps / bare.rps
    pairs = sorted(a.rate / b.rate for a, b in zip(ours.calls, bare.calls, strict=True))
    print(
        f"ratio {ratio:.2f} of the bare relay's calls/s; in single rounds {pairs[0]:.2f} to {pairs[-1]:.2f}, middle",
        end=" ",
    )
    print(f"{median(pairs):.2f}; by CPU time {median(bare.cpu) / median(ours.cpu):.2f}")
    overlay = median(over.rate / base.rate for over, base in zip(overlaid.calls, ours.calls, strict=True))
    print(
        f"an overlay: {overlaid.rps:,.0f} calls/s, {median(overlaid.cpu):.0f} us; {overlay:.3f} of its base's calls/s"
    )
    result = {
        "rps": round(ours.rps),
        "bare_rps": round(bare.rps),
        "ratio": round(ratio, 3),
        "added_ttft_p99_ms": round(ours.first_byte(0.99) - bare.first_byte(0.99), 2),
        "rss_mb": round(rss_mb(ours)),
        "cpu_ratio": round(median(bare.cpu) / median(ours.cpu), 3),
        "overlay_ratio": round(overlay, 3),
    }
    print(json.dumps(result))


@contextmanager
def process(log: Path, core: int, command: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python with these arguments on one core, its words in `log`."""
    with open(log, "wb") as words:
        running = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=os.environ | env, stdout=words, stderr=words
        )
    os.sched_setaffinity(running.pid, {core})
    try:
        yield running
    finally:
        running.terminate()
        running.wait(15)


def answers(port: int, key: str) -> bool:
    """Whether one call is answered."""
    try:
        return load.run(port, load.chat(key, stream=False), connections=1, seconds=0.05).answers > 0
    except OSError:
        return False


def cpu_seconds(tested: Tested) -> float:
    fields = _proc(tested, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(tested: Tested) -> float:
    line = next(line for line in _proc(tested, "status").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _proc(tested: Tested, name: str) -> str:
    assert tested.process is not None
    return Path(f"/proc/{tested.process.pid}/{name}").read_text()


def prepare(upstream: str) -> str:
    """Make a registry with one served model at the upstream, and return a key for it. Runs inside Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry_project.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from ollama_app.models import Host
    from unified_app import syncing
    from unified_app.keys import create_key
    from unified_app.models import ModelServingConfig, ModelServingStatus, UnifiedModel, User

    call_command("migrate", verbosity=0)
    Host.objects.create(name="stub", url=upstream, enabled=True, state=Host.State.UP)
    syncing.apply("ollama", "stub", syncing.Reading(models=[_model(upstream)]))
    model = UnifiedModel.objects.get()
    ModelServingConfig.objects.create(model=model, max_concurrent_requests=10_000)
    ModelServingStatus.objects.create(model=model, status="ready")
    columns = {"version": "1", "source": "mlflow", "category": model.category, "model_type": "experimental"}
    recipe = {"kind": "overlay", "base": model.pk, **RECIPE}
    UnifiedModel.objects.create(id="exp_small_1b_1", name=OVERLAY, name_key=OVERLAY, recipe=recipe, **columns)
    return create_key(user=User.objects.create_superuser("bench"), name="bench", scopes=["call"])[1]


def _model(upstream: str) -> Any:
    from unified_app.model_objects import PlacementObject, UnifiedModelObject

    return UnifiedModelObject(
        name="small:1b",
        source="ollama",
        capabilities=["text_generation"],
        parameters={"family": "llama", "parameter_count": 1_000_000_000, "default_parameters": {"temperature": 0.7}},
        endpoint=f"{upstream}/api/generate",
        placements=[PlacementObject("stub", "small:1b", upstream, "ollama", f"{7:064x}")],
    )


if __name__ == "__main__":
    main()
