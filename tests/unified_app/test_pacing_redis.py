"""Pacing over processes: exact with Redis, alone without it, and the same rules as in memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import SimpleTestCase

from tests.servers import Redis, free_port
from unified_app import pacing
from unified_app.pacing import Limits, Pacer, RedisStore

ROOT = Path(__file__).resolve().parents[2]
# One process of several: ten threads that ask a hundred times in all.
ASK = """
import sys
from concurrent.futures import ThreadPoolExecutor
from unified_app.pacing import Limits, Pacer, RedisStore
pacer = Pacer(store=RedisStore(sys.argv[1]))
with ThreadPoolExecutor(10) as pool:
    print(list(pool.map(lambda _: pacer.acquire("a", Limits(per_minute=37)), range(100))).count(0.0))
"""


@pytest.mark.needs("redis-server")
class RedisTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.redis = cls.enterClassContext(Redis())

    def both(self) -> list[Pacer]:
        """A pacer in Redis and one in memory."""
        return [Pacer(store=RedisStore(self.redis.url)), Pacer()]

    def test_of_two_processes_exactly_as_many_calls_pass_as_may(self):
        command = [sys.executable, "-c", ASK, self.redis.url]
        options: dict[str, Any] = {"cwd": ROOT, "stdout": subprocess.PIPE, "text": True}
        processes = [subprocess.Popen(command, **options) for _ in range(2)]
        passed = [int(process.communicate(timeout=60)[0]) for process in processes]
        assert sum(passed) == 37

    def test_it_counts_waits_and_tells_as_memory_does(self):
        told = []
        for pacer in self.both():
            waits = [pacer.acquire("b", Limits(3, 50)) for _ in range(5)]
            left = pacer.left("b", Limits(3, 50))
            told.append(([round(wait, 1) for wait in waits], left.minute_left, left.day_left, round(left.wait, 1)))
        assert told[0] == told[1] == ([0, 0, 0, 62.0, 62.0], 0, 47, 62.0)

    def test_it_learns_as_memory_does(self):
        for minute_left, span, seconds, told in (
            (2, "minute", 60, 0),  # counted
            (7, "minute", 60, 7),  # told
            (10, "minute", 20, 0),  # not our window
            (10, "day", 86_400, 0),
            (10, "day", 50_000, 0),
        ):
            found = []
            for pacer in self.both():
                key = f"c {span} {seconds} {told}"
                for _ in range(3):
                    pacer.acquire(key, Limits(10, 50))
                pacer.refused(key, span, seconds, told)
                left = pacer.left(key, Limits(10, 50))
                found.append((left.per_minute, left.per_day, round(left.wait, 1)))
            assert found[0] == found[1] == (minute_left, 50, seconds + 2.0)

    def test_a_hold_is_everybodys(self):
        one, other = (Pacer(store=RedisStore(self.redis.url)) for _ in range(2))
        one.hold("d", 5)
        assert 4 < other.acquire("d", Limits()) <= 5


class AwayTests(SimpleTestCase):
    def test_without_redis_a_process_paces_alone_at_once_and_says_so_once(self):
        pacer = Pacer(store=RedisStore(f"redis://127.0.0.1:{free_port()}/0"))
        began = time.monotonic()
        with self.assertLogs("unified_app.pacing_redis", "WARNING") as logs:
            waits = [pacer.acquire("a", Limits(per_minute=3)) for _ in range(50)]
            pacer.hold("b", 5)
            pacer.refused("b", "minute", 20)
        assert waits.count(0.0) == 3
        assert pacer.left("b", Limits()).wait > 20
        assert time.monotonic() - began < 1
        assert len(logs.output) == 1

    def test_without_redis_url_the_shared_pacer_is_in_memory(self):
        pacing.shared.cache_clear()
        assert pacing.shared() is pacing.shared()
        assert isinstance(pacing.shared()._store, pacing.MemoryStore)
