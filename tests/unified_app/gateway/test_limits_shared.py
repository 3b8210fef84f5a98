"""One rate limit over several processes, through a real Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
import requests
from django.test import override_settings

from tests.servers import Redis, free_port
from tests.unified_app.gateway.gateway_case import GatewayCase, Served
from unified_app.gateway.app import Gateway
from unified_app.gateway.limits import RequestLimiter
from unified_app.gateway.sharing import TABLE, SharedLimits

pytestmark = pytest.mark.needs("redis-server")


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    with Redis() as found:
        yield found


class Process:
    def __init__(self, url: str, clock: list[float]) -> None:
        self.limiter = RequestLimiter(60, lambda: clock[0])
        self.shared = SharedLimits(self.limiter, url)
        self.shared.share()

    def take(self, count: int) -> int:
        """Ask so often; return how many were let through."""
        return sum(not self.limiter.ask(7).retry_after for _ in range(count))

    def exchange(self) -> None:
        self.limiter.hear(self.shared.share())


class TestSharing:
    @pytest.fixture(autouse=True)
    def _processes(self, server: Redis) -> None:
        self.clock = [0.0]
        redis.Redis.from_url(server.url).delete(TABLE)
        self.all = [Process(server.url, self.clock) for _ in range(3)]

    def exchange(self) -> None:
        for process in [*self.all, *self.all]:
            process.exchange()

    def test_what_one_lets_through_the_others_lack(self):
        assert self.all[0].take(40) == 40
        self.exchange()
        assert [process.take(100) for process in self.all[1:]] == [20, 20]

    def test_own_calls_count_once(self):
        for _ in range(10):
            assert self.all[0].take(1) == 1
            self.exchange()
        assert self.all[0].limiter.ask(7).remaining == 49

    def test_together_they_let_one_limit_through(self):
        through = 0
        for _ in range(600):  # five minutes in steps of half a second
            through += sum(process.take(5) for process in self.all)
            self.exchange()
            self.clock[0] += 0.5
        assert 300 <= through < 400

    def test_a_table_that_was_forgotten_breaks_nothing(self, server: Redis):
        self.all[0].take(5)
        self.exchange()
        redis.Redis.from_url(server.url).delete(TABLE)
        self.all[0].take(3)
        self.exchange()
        assert self.all[1].take(100) >= 52


class TwoProcessesTests(GatewayCase):
    @pytest.fixture(autouse=True)
    def _redis(self, server: Redis) -> None:
        self.redis_url = server.url

    def test_a_second_gateway_knows_what_the_first_let_through(self):
        with override_settings(REDIS_URL=self.redis_url, RATE_LIMIT_PER_MINUTE=20):
            pair = [Served(Gateway()), Served(Gateway())]
            urls = [one.start() for one in pair]
            try:
                self.wait(0.7)
                first = [self.status(urls[0]) for _ in range(15)]
                self.wait(1.2)
                second = [self.status(urls[1]) for _ in range(15)]
            finally:
                for one in pair:
                    one.stop()
        assert first == [200] * 15
        assert 5 <= second.count(200) <= 8 and second.count(429) >= 7

    def test_without_a_redis_that_answers_calls_go_on(self):
        with override_settings(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0"):
            one = Served(Gateway())
            url = one.start()
            try:
                self.wait(0.7)
                assert self.status(url) == 200
            finally:
                one.stop()

    def status(self, url: str) -> int:
        headers = {"Authorization": f"Bearer {self.key}"}
        return requests.get(f"{url}/v1/models", headers=headers, timeout=10).status_code

    def wait(self, seconds: float) -> None:
        self.gateway.holder._stop.wait(seconds)
