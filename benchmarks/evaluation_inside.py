"""What the evaluation's benchmark does inside Django, each verb in a process of its own; its last line is JSON.

python -m benchmarks.evaluation_inside prepare UPSTREAM KIND | run CASES | start CASES | wait RUN DONE | bodies CASES
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry_project.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks.evaluation import AT_ONCE, MODELS  # noqa: E402
from experiments_app.evaluation import runs, suite_rows  # noqa: E402
from experiments_app.evaluation.engine import Engine  # noqa: E402
from experiments_app.evaluation.suites import read_suite  # noqa: E402
from experiments_app.models import CaseResult, EvaluationRun  # noqa: E402
from ollama_app.models import Host  # noqa: E402
from unified_app import jobs, syncing  # noqa: E402
from unified_app.model_objects import PlacementObject, UnifiedModelObject  # noqa: E402
from unified_app.models import ModelServingConfig, ModelServingStatus, UnifiedModel  # noqa: E402


def prepare(upstream: str, kind: str) -> Any:
    """Make a registry with ten models at the upstream, started already."""
    call_command("migrate", verbosity=0)
    Host.objects.create(name="bench", url=upstream, enabled=True, state=Host.State.UP, origin=Host.Origin.DEMO)
    if kind == "wire":
        syncing.apply("ollama", "bench", syncing.Reading(models=[_model(upstream, n) for n in range(MODELS)]))
    else:
        _sync()
    for model in UnifiedModel.objects.all():
        ModelServingConfig.objects.create(model=model, max_concurrent_requests=AT_ONCE + 1)
        ModelServingStatus.objects.update_or_create(model=model, defaults={"status": "ready"})
    return _names()


def bodies(cases: str) -> Any:
    """Return what each model is asked, as it goes to the upstream."""
    suite = read_suite(_suite(int(cases)))
    asked = [Engine(suite).request_of(case) for case in suite.cases]
    return dict.fromkeys(_names(), asked)


def run(cases: str) -> Any:
    """Do a run in this process; return how long it took."""
    started = _start(int(cases))
    began, cpu = time.monotonic(), time.process_time()
    assert started.job_id and jobs.run(started.job_id) == "done"
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    latencies = CaseResult.objects.filter(run=started).values_list("latency", flat=True)
    middle = median(latency for latency in latencies if latency is not None)
    return {**_told(started), "seconds": seconds, "cpu": cpu, "latency": middle}


def start(cases: str) -> Any:
    return {"run": _start(int(cases)).pk}


def wait(run_id: str, done: str) -> Any:
    """Wait until so many results are there; what a dead worker left is taken up as the schedule would."""
    run = EvaluationRun.objects.get(pk=int(run_id))
    end = time.monotonic() + 1800
    while run.done < int(done) or (run.done == run.total and run.is_active):
        assert time.monotonic() < end, _told(run)
        time.sleep(0.5)
        jobs.reconcile()
        run.refresh_from_db()
    return _told(run)


def _start(cases: int) -> EvaluationRun:
    version = suite_rows.keep(_suite(cases), by="bench").version
    return runs.start(version, _names(), by="bench", concurrency=AT_ONCE, cache=False)


def _suite(cases: int) -> dict[str, Any]:
    return {
        "name": f"bench {cases}",
        "messages": [{"role": "user", "content": "What is {{a}} plus {{b}}? Answer with the number only."}],
        "testData": [{"a": n, "b": n * 7 % 1000, "expected": n + n * 7 % 1000} for n in range(cases)],
        "evaluators": [
            {"name": "sum", "string": {"contains": "{{expected}}"}},
            {"name": "near", "uses": "registry/numeric", "with": {"value": "{{expected}}", "absolute": 0.5}},
        ],
    }


def _names() -> list[str]:
    chats = UnifiedModel.objects.with_capability("text_generation").exclude(category="cloud").order_by("name")
    return list(chats.values_list("name", flat=True))[:MODELS]


def _told(run: EvaluationRun) -> dict[str, Any]:
    run.refresh_from_db()
    rows = CaseResult.objects.filter(run=run)
    cases = rows.values("run_model", "case_index", "repeat").distinct().count()
    told = {"rows": rows.count(), "cases": cases, "done": rows.filter(state="done").count()}
    return {**told, "state": run.state, "repeated_calls": run.repeated_calls, "failed": run.failed}


def _sync() -> None:
    """Read the host, and what follows: only details tell what a model can do."""
    syncing.request_sync(by="bench")
    while due := jobs.reconcile():
        for job_id in due:
            jobs.run(job_id)


def _model(upstream: str, number: int) -> UnifiedModelObject:
    return UnifiedModelObject(
        name=f"small{number}:1b",
        source="ollama",
        capabilities=["text_generation"],
        parameters={"family": "llama", "parameter_count": 1_000_000_000},
        endpoint=f"{upstream}/api/generate",
        placements=[PlacementObject("bench", f"small{number}:1b", upstream, "ollama", f"{number:064x}")],
    )


VERBS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (prepare, bodies, run, start, wait)}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]](*sys.argv[2:])))
