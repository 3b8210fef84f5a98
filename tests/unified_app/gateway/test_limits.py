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


class TestAKeysOwnLimit:
    def setup_method(self):
        self.now = 0.0
        self.limiter = RequestLimiter(60, lambda: self.now)

    def through(self, own: int | None, most: int = 500) -> int:
        return sum(not self.limiter.ask(1, own).retry_after for _ in range(most))

    def test_it_holds_instead_of_the_common_one(self):
        assert self.through(120) == 120
        self.now += 1
        assert self.through(120) == 2
        assert (self.limiter.ask(1, 120).limit, self.limiter.ask(2).limit) == (120, 60)

    def test_what_was_used_counts_when_it_changes(self):
        assert self.through(100, 50) == 50
        assert self.through(60) == 10
        assert self.through(None) == 0
        assert self.through(100) == 40
        assert self.limiter.ask(1, 10).retry_after == 66  # it owes one minute's worth, not ten
        self.now += 66
        assert not self.limiter.ask(1, 10).retry_after

    def test_what_others_let_through_counts_before_it_has_called_here_too(self):
        self.limiter.hear({1: 90})
        assert self.through(100) == 10
        self.limiter.hear({1: 1000})
        assert self.limiter.ask(1, 100).retry_after == pytest.approx(60.6)
