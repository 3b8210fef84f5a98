"""The set-up of docker-compose.yml without Docker: PostgreSQL, Redis, two web processes, two workers, beat."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import requests

from registry_project.environment import BASE_DIR
from tests.running import ADDRESS, Process, environment, temporary_home
from tests.servers import Postgres, Redis, free_port, wait_until

pytestmark = pytest.mark.needs("postgres", "redis-server")


class ScaleOut:
    """All parts of the set-up, started; `sites` are the addresses of the two web processes."""

    def __init__(self, env: dict[str, str], database: str) -> None:
        self.env = env
        self.database = database
        self.processes: dict[str, Process] = {}
        self.sites = [f"{ADDRESS}:{free_port()}" for _ in range(2)]
        self.key = ""
        self.began = 0.0

    def start(self) -> None:
        self.manage("migrate", "--no-input")
        self.manage("createsuperuser", "--no-input", "--username", "admin", "--email", "")
        made = self.manage("apikey", "create", "test", "--user", "admin", "--scopes", "read,operate", "--json")
        self.key = json.loads(made)["key"]
        self.run("demo", "registry_project.demo", "--port", self.env["DEMO_PORT"])
        for number, site in enumerate(self.sites):
            server = ["uvicorn", "registry_project.asgi:application", "--port", site.rsplit(":", 1)[1]]
            self.run(f"web{number}", *server, "--lifespan", "on")
            self.run_celery(f"worker{number}", "worker", "--pool", "threads", "-n", f"worker{number}@%h")
        self.run_celery("beat", "beat", "--pidfile", "")
        self.began = time.monotonic()
        for site in self.sites:
            wait_until(lambda site=site: self.is_ready(site), 60, f"{site} is ready: {self.logs()}")

    def stop(self) -> None:
        for process in self.processes.values():
            if not process.has_ended:
                process.send(signal.SIGTERM)
        for process in self.processes.values():
            process.end()

    def run(self, name: str, *module: str) -> None:
        self.processes[name] = Process(sys.executable, "-m", *module, env=self.env)

    def run_celery(self, name: str, *command: str) -> None:
        self.run(name, "celery", "--quiet", "-A", "registry_project", *command, "--loglevel", "INFO")

    def manage(self, *command: str) -> str:
        result = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=BASE_DIR, env=self.env, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def is_ready(self, site: str) -> bool:
        try:
            return requests.get(f"{site}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def call(self, method: str, site: int, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = requests.request(method, f"{self.sites[site]}{path}", headers=headers, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def job(self, number: int) -> dict[str, Any]:
        return self.call("GET", 0, f"/api/jobs/{number}")

    def logs(self) -> str:
        return "\n".join(f"--- {name}\n{process.output[-1500:]}" for name, process in self.processes.items())


@pytest.fixture(scope="module")
def parts() -> Iterator[ScaleOut]:
    with temporary_home() as home, Postgres() as postgres, Redis() as redis:
        env = environment(home, DATABASE_URL=postgres.url, REDIS_URL=redis.url, WEB_PROCESSES="2", DEMO="off")
        demo = f"demo={ADDRESS}:{env['DEMO_PORT']}"
        scale_out = ScaleOut(
            {**env, "OLLAMA_HOSTS": demo, "DJANGO_SUPERUSER_PASSWORD": "correct-horse-7"}, postgres.url
        )
        try:
            scale_out.start()
            yield scale_out
        finally:
            scale_out.stop()


def ended(parts: ScaleOut, number: int) -> dict[str, Any]:
    return wait_until(
        lambda: (job := parts.job(number))["state"] not in ("queued", "running") and job,
        60,
        f"the end of job {number}: {parts.logs()}",
    )


def listed(parts: ScaleOut) -> list[Any]:
    return [parts.call("GET", site, "/api/models/unified")["models"] for site in (0, 1)]


def sync_jobs(parts: ScaleOut) -> int:
    with psycopg.connect(parts.database) as connection:
        return connection.execute("SELECT count(*) FROM jobs WHERE kind = 'sync'").fetchone()[0]


def test_a_sync_asked_of_one_site_is_seen_by_the_other(parts: ScaleOut) -> None:
    job = ended(parts, parts.call("POST", 0, "/api/ollama/sync?async=true")["job"]["id"])
    assert (job["state"], job["attempt"]) == ("done", 1)
    assert job["result"]["result"] == "success"
    # The job that reads the models' details goes on after the sync: both sites tell the same once it is done.
    lists = wait_until(lambda: (both := listed(parts))[0] == both[1] and both, 30, "both sites tell the same")
    assert len(lists[0]) == job["result"]["synced_models"] > 0


def test_syncs_asked_of_both_sites_at_once_are_one_job(parts: ScaleOut) -> None:
    # The schedule's own sync may be the one that both join.
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(parts.call, "POST", n % 2, "/api/ollama/sync?async=true") for n in range(8)]
        numbers = {answer.result()["job"]["id"] for answer in asked}
    jobs = [ended(parts, number) for number in numbers]
    assert [(job["state"], job["attempt"]) for job in jobs] == [("done", 1)] * len(jobs)
    # One that ended in between lets the next begin; eight of them would mean that nothing joins.
    assert len(numbers) <= 3


def test_work_goes_on_when_one_worker_is_killed(parts: ScaleOut) -> None:
    parts.processes["worker0"].send(signal.SIGKILL)
    parts.processes["worker0"].wait(5)
    job = ended(parts, parts.call("POST", 1, "/api/ollama/sync?async=true")["job"]["id"])
    assert job["state"] == "done"


def test_beat_wakes_the_schedule(parts: ScaleOut) -> None:
    def last_runs() -> int:
        with psycopg.connect(parts.database) as connection:
            query = "SELECT count(*) FROM django_celery_beat_periodictask WHERE total_run_count > 0"
            return connection.execute(query).fetchone()[0]

    # Beat writes these numbers when it stops, and every few minutes. The shortest schedule is 10 s.
    time.sleep(max(0.0, parts.began + 20 - time.monotonic()))
    parts.processes["beat"].send(signal.SIGTERM)
    assert parts.processes["beat"].wait(10) == 0
    assert last_runs() > 0


def test_more_than_one_web_process_on_sqlite_is_refused() -> None:
    with temporary_home() as home:
        result = subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=BASE_DIR,
            env={**environment(home), "WEB_PROCESSES": "2"},
            capture_output=True,
            text=True,
        )
    assert result.returncode == 1
    assert "DATABASE_URL" in result.stderr and "REDIS_URL" in result.stderr
