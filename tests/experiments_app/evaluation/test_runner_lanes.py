from __future__ import annotations

from unittest import TestCase

from experiments_app.evaluation.runner.lanes import Lane, Queue, Schedule, Task


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def queue(model: int, cases: int) -> Queue:
    return Queue((Task(model, case, 0) for case in range(cases)), cases)


def models_of(tasks: list[Task]) -> list[int]:
    return [task.model for task in tasks]


class Limits(TestCase):
    def setUp(self) -> None:
        self.clock = Clock()

    def lane(self, limit: int, *, is_local: bool = False) -> Lane:
        return Lane("lane", limit, is_local=is_local, clock=self.clock)

    def test_each_model_has_as_many_calls_under_way_as_its_lane_allows(self) -> None:
        schedule = Schedule([queue(0, 9), queue(1, 9)], [self.lane(2), self.lane(3)], local_at_once=1)
        begun = schedule.take()
        assert (models_of(begun).count(0), models_of(begun).count(1), schedule.in_flight) == (2, 3, 5)
        assert schedule.take() == []
        schedule.ended(begun[0])
        assert models_of(schedule.take()) == [begun[0].model]

    def test_models_that_share_their_places_share_the_limit_and_take_turns(self) -> None:
        shared = self.lane(4)
        schedule = Schedule([queue(0, 9), queue(1, 9)], [shared, shared], local_at_once=1)
        assert sorted(models_of(schedule.take())) == [0, 0, 1, 1]

    def test_no_more_models_that_take_memory_run_at_once_than_may(self) -> None:
        lanes = [self.lane(2, is_local=True) for _ in range(3)] + [self.lane(2)]
        schedule = Schedule([queue(model, 2) for model in range(4)], lanes, local_at_once=2)
        begun = schedule.take()
        assert sorted(models_of(begun)) == [0, 0, 1, 1, 3, 3]
        for task in begun:
            if task.model == 0:
                schedule.ended(task)
        assert models_of(schedule.take()) == [2, 2]

    def test_the_whole_run_has_a_limit(self) -> None:
        schedule = Schedule([queue(0, 9), queue(1, 9)], [self.lane(5), self.lane(5)], local_at_once=1, most=7)
        assert len(schedule.take()) == 7

    def test_a_paused_model_waits_alone_and_its_calls_hold_nobodys_place(self) -> None:
        lanes = [self.lane(4), self.lane(4)]
        schedule = Schedule([queue(0, 9), queue(1, 9)], lanes, local_at_once=1, most=4)
        assert len(schedule.take()) == 4
        lanes[0].pause(30)
        assert set(models_of(schedule.take())) == {1}
        assert schedule.next_look == 30.0
        self.clock.now += 31
        lanes[0].answered()
        assert lanes[0].pause_left == 0.0

    def test_it_is_told_how_long_a_lane_had_no_answer(self) -> None:
        lane = self.lane(1)
        lane.pause(5)
        self.clock.now += 4
        lane.pause(5)
        assert lane.waited == 4.0
        lane.answered()
        assert lane.waited == 0.0

    def test_it_is_over_when_all_has_ended(self) -> None:
        schedule = Schedule([queue(0, 2)], [self.lane(1)], local_at_once=1)
        (first,) = schedule.take()
        schedule.ended(first)
        assert not schedule.is_over
        (second,) = schedule.take()
        assert not schedule.is_over
        schedule.ended(second)
        assert schedule.is_over

    def test_what_is_put_back_is_done_again_after_a_pause(self) -> None:
        schedule = Schedule([queue(0, 1)], [self.lane(1)], local_at_once=1)
        (task,) = schedule.take()
        schedule.ended(task)
        schedule.put_back(task, pause=1.0)
        assert schedule.take() == []
        self.clock.now += 1.0
        assert schedule.take() == [task]

    def test_nothing_of_a_closed_model_begins(self) -> None:
        schedule = Schedule([queue(0, 5), queue(1, 5)], [self.lane(1), self.lane(1)], local_at_once=1)
        schedule.close(0)
        assert models_of(schedule.take()) == [1]
        schedule.close_all()
        assert not schedule.is_over
        schedule.ended(Task(1, 0, 0))
        assert schedule.is_over
