"""kill -9 in the middle: on the embedded broker and on Redis, a job is done once and nothing is lost."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from registry_project.environment import BASE_DIR
from tests.demo_server import demo_mode, demo_server
from tests.running import Process, environment, temporary_home
from tests.servers import Postgres, Redis, wait_until

REQUEST = "from unified_app import syncing; print('job', syncing.request_sync(by='test').pk)"


class Setup:
    """A database, a broker and a demo host; workers are started and killed by the tests."""

    def __init__(self, env: dict[str, str], url: str, redis: Redis | None) -> None:
        self.env, self.url, self.redis = env, url, redis
        self.processes: list[Process] = []
        self.manage("migrate", "--no-input", "-v", "0")

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=BASE_DIR, env=self.env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def request_sync(self) -> int:
        return int(self.manage("shell", "-c", REQUEST).split("job ")[-1])

    def celery(self, *command: str) -> Process:
        options = ["--loglevel", "INFO"]
        process = Process(
            sys.executable, "-m", "celery", "--quiet", "-A", "registry_project", *command, *options, env=self.env
        )
        self.processes.append(process)
        return process

    def worker(self) -> Process:
        return self.celery("worker", "--pool", "threads", "-n", "worker@%h")

    def beat(self) -> Process:
        return self.celery("beat", "--pidfile", "")

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        if self.url:
            with psycopg.connect(self.url) as connection:
                cursor = connection.execute(statement.replace("?", "%s"), values)
                return cursor.fetchall() if cursor.description else []
        with sqlite3.connect(f"{self.env['REGISTRY_HOME']}/registry.sqlite3", timeout=20) as connection:
            return connection.execute(statement, values).fetchall()

    def state(self, job: int) -> str:
        return self.sql("SELECT state FROM jobs WHERE id = ?", job)[0][0]

    def wait_for(self, job: int, state: str, seconds: float) -> None:
        try:
            wait_until(lambda: self.state(job) == state, seconds, f"job {job} to be {state}")
        except AssertionError as error:
            row = self.sql("SELECT state, attempt, error, run_after FROM jobs WHERE id = ?", job)
            raise AssertionError(f"{error}: {row}\n" + "\n".join(p.output[-2000:] for p in self.processes)) from None

    def job_without_message(self, key: str) -> int:
        """A sync whose wake-up was lost: only the reconciler, which beat wakes, can find it."""
        columns = "kind, arguments, unique_key, state, attempt, max_attempts, cancel_requested, progress, created_by"
        times = "run_after, created_at"
        values = "'sync', '{}', ?, 'queued', 0, 5, ?, '{}', 'test', '2026-01-01 00:00+00:00', '2026-01-01 00:00+00:00'"
        self.sql(f"INSERT INTO jobs ({columns}, {times}) VALUES ({values})", key, False)
        return int(self.sql("SELECT id FROM jobs WHERE unique_key = ?", key)[0][0])

    def let_the_worker_look_dead(self, job: int) -> None:
        """Half a minute passes: the heartbeat of the killed worker is as old as it would be then."""
        self.sql("UPDATE jobs SET heartbeat_at = '2026-01-01 00:00:00+00:00' WHERE id = ?", job)

    def models_created(self) -> list[int]:
        """How often each model was created, as the history tells."""
        rows = self.sql("SELECT count(*) FROM history WHERE field = 'created' AND kind = 'model' GROUP BY object_id")
        return sorted({count for (count,) in rows})

    def end(self) -> None:
        for process in self.processes:
            process.end()


@pytest.fixture(scope="module", params=["embedded", "redis"])
def setup(request: pytest.FixtureRequest) -> Iterator[tuple[Setup, str]]:
    with ExitStack() as stack:
        home = stack.enter_context(temporary_home())
        demo = stack.enter_context(demo_server())
        more, url, redis = {}, "", None
        if request.param == "redis":
            url, redis = stack.enter_context(Postgres()).url, stack.enter_context(Redis())
            more = {"DATABASE_URL": url, "REDIS_URL": redis.url}
        made = Setup(environment(home, OLLAMA_HOSTS=f"demo={demo}", DEMO="off", **more), url, redis)
        stack.callback(made.end)
        yield made, demo


@pytest.mark.needs("postgres", "redis-server")
def test_a_worker_killed_in_mid_sync_loses_nothing_and_the_sync_is_done_once(setup: tuple[Setup, str]) -> None:
    parts, demo = setup
    with demo_mode(demo, "slow", delay=4):
        first = parts.worker()
        job = parts.request_sync()
        begun = "SELECT count(*) FROM sync_runs WHERE job_id = ?"
        wait_until(lambda: parts.sql(begun, job) == [(1,)], 30, "the sync to begin")
        first.send(signal.SIGKILL)
        first.wait(5)
    parts.let_the_worker_look_dead(job)
    parts.worker()
    parts.wait_for(job, "done", 60)
    assert parts.sql("SELECT attempt FROM jobs WHERE id = ?", job) == [(2,)]
    runs = parts.sql("SELECT state FROM sync_runs WHERE job_id = ? ORDER BY id", job)
    assert runs == [("failed",), ("success",)]
    assert parts.models_created() == [1]


@pytest.mark.needs("postgres", "redis-server")
def test_beat_killed_and_started_again_goes_on_waking_jobs(setup: tuple[Setup, str]) -> None:
    parts, _ = setup
    beat = parts.beat()
    parts.wait_for(parts.job_without_message("first"), "done", 60)
    beat.send(signal.SIGKILL)
    beat.wait(5)
    second = parts.job_without_message("second")
    parts.beat()
    parts.wait_for(second, "done", 60)


@pytest.mark.needs("postgres", "redis-server")
def test_redis_killed_in_mid_sync_and_started_again_loses_no_job(setup: tuple[Setup, str]) -> None:
    parts, demo = setup
    if parts.redis is None:
        pytest.skip("the embedded broker is files; there is nothing to kill")
    with demo_mode(demo, "slow", delay=3):
        running = parts.request_sync()
        parts.wait_for(running, "running", 60)
        parts.redis.kill()
        parts.wait_for(running, "done", 60)
    queued = parts.request_sync()  # the wake-up finds no broker
    assert parts.state(queued) == "queued"
    parts.redis.start()
    parts.wait_for(queued, "done", 90)
    attempts = parts.sql("SELECT attempt FROM jobs WHERE id = ? OR id = ?", running, queued)
    assert attempts == [(1,), (1,)]
