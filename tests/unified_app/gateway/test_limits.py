"""The token bucket of a key."""

from __future__ import annotations

import pytest

from unified_app.gateway.limits import RequestLimiter


class TestRequestLimiter:
    def setup_method(self):
        self.now = 0.0
        self.limiter = RequestLimiter(60, lambda: self.now)

    def test_a_minutes_worth_may_come_at_once_and_then_one_a_second(self):
        assert all(not self.limiter.ask(1).retry_after for _ in range(60))
        assert self.limiter.ask(1).retry_after == pytest.approx(1)
        self.now += 1
        assert not self.limiter.ask(1).retry_after
        assert self.limiter.ask(1).retry_after == pytest.approx(1)

    def test_a_refusal_costs_nothing(self):
        for _ in range(60):
            self.limiter.ask(1)
        for _ in range(100):
            self.limiter.ask(1)
        self.now += 1
        assert not self.limiter.ask(1).retry_after

    def test_a_quiet_key_gathers_no_more_than_a_minutes_worth(self):
        self.limiter.ask(1)
        self.now += 10_000
        assert self.limiter.ask(1).remaining == 59

    def test_keys_do_not_share(self):
        for _ in range(60):
            self.limiter.ask(1)
        assert self.limiter.ask(2).remaining == 59

    def test_the_headers_are_whole_numbers(self):
        for _ in range(10):
            verdict = self.limiter.ask(1)
        told = dict(verdict.headers())
        assert told == {
            b"x-ratelimit-limit-requests": b"60",
            b"x-ratelimit-remaining-requests": b"50",
            b"x-ratelimit-reset-requests": b"10",
        }

    def test_a_limit_of_none_lets_nothing_through(self):
        verdict = RequestLimiter(0, lambda: self.now).ask(1)
        assert verdict.retry_after == 60 and verdict.remaining == 0
