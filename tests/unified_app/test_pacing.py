"""Pacing: windows that begin with their first call, holds, limits that refusals teach; also under threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import SimpleTestCase

from unified_app import pacing
from unified_app.pacing import Limits, MemoryStore, Pacer

TEN = Limits(per_minute=10)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class PacingCase(SimpleTestCase):
    def setUp(self):
        self.clock = Clock()
        self.pacer = Pacer(clock=self.clock)

    def passes(self, limits: Limits = TEN, key: str = "a", tries: int = 30) -> int:
        return sum(self.pacer.acquire(key, limits) == 0.0 for _ in range(tries))

    def later(self, seconds: float) -> None:
        self.clock.now += seconds


class WindowTests(PacingCase):
    def test_a_window_begins_with_its_first_call_and_is_held_open_two_seconds_longer(self):
        self.later(30)  # no minute of any wall clock
        assert self.passes() == 10
        self.later(14)
        assert self.pacer.acquire("a", TEN) == 48.0
        self.later(47.9)
        assert self.passes() == 0
        self.later(0.2)
        assert self.passes() == 10

    def test_calls_that_did_not_go_are_not_counted(self):
        self.passes(tries=100)
        self.later(62)
        assert self.passes() == 10

    def test_keys_have_windows_of_their_own(self):
        assert (self.passes(key="a"), self.passes(key="b")) == (10, 10)

    def test_without_limits_everything_goes(self):
        assert self.passes(Limits(), tries=1000) == 1000

    def test_a_limit_of_nothing_is_refused(self):
        with pytest.raises(ValueError, match="at least 1"):
            Limits(per_minute=0)

    def test_what_is_left_is_told_without_counting(self):
        self.passes(tries=4)
        for _ in range(3):
            left = self.pacer.left("a", Limits(10, 50))
        assert (left.minute_left, left.day_left, left.wait) == (6, 46, 0.0)

    def test_old_keys_are_forgotten(self):
        store = MemoryStore(self.clock)
        for number in range(pacing.MAX_KEYS):
            store.take(f"key {number}", TEN)
        self.later(86_500)
        store.take("another", TEN)
        assert len(store._states) == 1


class HoldTests(PacingCase):
    def test_nothing_goes_while_it_is_held(self):
        self.pacer.hold("a", 7)
        self.pacer.hold("a", 3)
        assert self.pacer.acquire("a", Limits()) == 7.0
        self.later(7)
        assert self.pacer.acquire("a", Limits()) == 0.0


class LearningTests(PacingCase):
    def test_a_refusal_holds_until_the_upstreams_window_ends_and_a_margin(self):
        self.passes(tries=3)
        self.pacer.refused("a", "minute", 44)
        assert self.pacer.acquire("a", TEN) == 46.0
        self.later(46)
        assert self.passes() == 10, "the upstream began its window before ours, so what passed is not its limit"

    def test_what_passed_in_the_same_window_is_the_limit_from_then_on(self):
        self.passes(tries=8)
        self.later(1)
        for _ in range(3):  # five passed, and three that were on their way too did not
            self.pacer.refused("a", "minute", 59)
        self.later(61)
        assert [self.passes(), self.later(62), self.passes()] == [5, None, 5]

    def test_a_limit_found_by_counting_is_tried_again_after_an_hour(self):
        self.passes(tries=6)
        self.pacer.refused("a", "minute", 60)
        self.later(3600)
        assert self.passes() == 10

    def test_a_limit_that_is_told_counts_whatever_is_published(self):
        self.pacer.acquire("a", TEN)
        self.pacer.refused("a", "minute", 10, told=15)
        self.later(12)
        assert self.passes() == 15

    def test_a_first_call_that_is_refused_tells_no_limit(self):
        self.pacer.acquire("a", TEN)
        self.pacer.refused("a", "minute", 60)
        self.later(62)
        assert self.passes() == 10

    def test_a_days_limit_is_kept_to_once_a_refusal_has_shown_it(self):
        limits = Limits(per_day=50)
        assert self.passes(limits, tries=51) == 51
        self.pacer.refused("a", "day", 86_300)
        assert self.pacer.acquire("a", limits) == 86_302.0
        self.later(86_302)
        assert self.passes(limits, tries=80) == 50
        assert self.pacer.acquire("a", limits) > 86_000

    def test_a_day_that_others_used_up_does_not_make_the_next_one_smaller(self):
        limits = Limits(per_day=50)
        self.passes(limits, tries=5)
        self.pacer.refused("a", "day", 86_400)
        self.later(86_402)
        assert self.passes(limits, tries=80) == 50


class ThreadTests(SimpleTestCase):
    def test_of_fifty_threads_exactly_as_many_pass_as_may(self):
        pacer = Pacer()
        with ThreadPoolExecutor(50) as pool:
            waits = list(pool.map(lambda _: pacer.acquire("a", Limits(per_minute=37)), range(500)))
        assert waits.count(0.0) == 37
