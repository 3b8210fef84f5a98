from __future__ import annotations

import threading
from unittest import TestCase, mock

import pytest

from experiments_app.evaluation.replies import CallFailed, Reply, Request
from experiments_app.evaluation.runner import patience
from experiments_app.evaluation.runner.calls import Answered, SiteRefuses
from experiments_app.evaluation.runner.lanes import Lane
from experiments_app.evaluation.runner.patience import LetGo, Patience

ASKED = Request("m", {"messages": []})
ANSWER = Answered(Reply(text="yes"))


class Stop:
    """Time that passes without anybody waiting for it."""

    def __init__(self) -> None:
        self.now, self.slept, self.is_set = 0.0, [], False

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        self.slept.append(seconds)
        return self.is_set


def busy(seconds: float | None, status: int = 429) -> CallFailed:
    return CallFailed("rate_limit_exceeded", "Slow down.", status=status, retry_after=seconds, transient=True)


class Waiting(TestCase):
    def setUp(self) -> None:
        self.stop = Stop()
        self.lane = Lane("lane", 4, is_local=False, clock=lambda: self.stop.now)

    def call(self, *answers: Answered | Exception) -> Answered:
        self.made = mock.Mock(side_effect=answers)
        return Patience(self.made, self.stop).call(ASKED, self.lane)  # type: ignore[arg-type]

    def test_it_waits_as_long_as_it_is_told_and_asks_again(self) -> None:
        assert self.call(busy(7), busy(3, status=503), ANSWER) == ANSWER
        assert self.stop.slept == [7, 3]
        assert self.lane.waited == 0.0

    def test_a_full_queue_that_names_no_time_is_given_a_second(self) -> None:
        self.call(busy(None), ANSWER)
        assert self.stop.slept == [1.0]

    def test_ten_minutes_without_an_answer_are_enough_for_the_whole_lane(self) -> None:
        with pytest.raises(CallFailed, match="Slow down"):
            self.call(*[busy(60)] * 20)
        assert self.made.call_count == 11
        with pytest.raises(CallFailed):
            self.call(*[busy(60)] * 20)
        assert self.made.call_count == 1

    def test_a_wait_that_is_too_long_is_not_begun(self) -> None:
        with pytest.raises(CallFailed):
            self.call(busy(86_400))
        assert self.stop.slept == []

    def test_what_breaks_is_made_three_times(self) -> None:
        broken = CallFailed("upstream_error", "Out of memory.", status=502, transient=True)
        with pytest.raises(CallFailed, match="Out of memory"):
            self.call(broken, broken, broken, ANSWER)
        assert self.stop.slept == list(patience.PAUSES)

    def test_what_is_wrong_is_not_tried_again(self) -> None:
        with pytest.raises(CallFailed):
            self.call(CallFailed("invalid", "No such tool.", status=400), ANSWER)
        assert self.made.call_count == 1

    def test_a_key_that_the_site_does_not_know_yet_is_given_a_moment(self) -> None:
        assert self.call(SiteRefuses("Unknown key."), ANSWER) == ANSWER
        with pytest.raises(SiteRefuses):
            self.call(*[SiteRefuses("Unknown key.")] * 3)

    def test_the_end_of_the_run_ends_all_waiting(self) -> None:
        stop = threading.Event()
        stop.set()
        self.lane.pause(60)
        with pytest.raises(LetGo):
            Patience(lambda request: ANSWER, stop).call(ASKED, self.lane)
