"""Who is served next when calls of several classes wait, and who is sent away when the line is full."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from unified_app.errors import InvalidInput
from unified_app.gateway.line import Priority, priority_of
from unified_app.gateway.load import Load, Overloaded

PERSON, BATCH, EVALUATION = Priority


class Scene:
    """One process and its calls of one model."""

    def __init__(self, limit: int = 1, max_queue: int = 9) -> None:
        self.load = Load()
        self.limit, self.max_queue = limit, max_queue
        self.calls: list[asyncio.Task[int]] = []

    async def come(self, *classes: Priority) -> list[asyncio.Task[int]]:
        new = [asyncio.create_task(self.load.enter("m", self.limit, self.max_queue, one)) for one in classes]
        self.calls += new
        await self.settle()
        return new

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def leave(self) -> None:
        self.load.leave("m")
        await self.settle()

    def let_in(self) -> list[bool]:
        return [call.done() and not call.cancelled() and call.exception() is None for call in self.calls]


def played(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scene())  # type: ignore[arg-type]


class TestOrder:
    def test_a_higher_class_is_served_first_and_within_one_who_came_first(self):
        async def play() -> None:
            scene = Scene()
            await scene.come(PERSON)
            calls = await scene.come(EVALUATION, EVALUATION, BATCH, BATCH, PERSON, PERSON)
            order = []
            for _ in calls:
                await scene.leave()
                order += [n for n, call in enumerate(calls) if call.done() and n not in order]
            assert order == [4, 5, 2, 3, 0, 1]
            await scene.leave()
            assert (scene.load.models, scene.load._waiting) == ({}, {})

        played(play)

    def test_each_is_told_its_place_when_it_came(self):
        async def play() -> None:
            scene = Scene()
            calls = await scene.come(PERSON, EVALUATION, EVALUATION, BATCH, PERSON)
            for _ in calls:
                await scene.leave()
            assert [call.result() for call in calls] == [0, 1, 2, 1, 1]

        played(play)


class TestTheLastPlace:
    def test_evaluations_leave_it_to_whoever_else_comes(self):
        async def play() -> None:
            for other in (PERSON, BATCH):
                scene = Scene(limit=3)
                await scene.come(*[EVALUATION] * 30)
                assert scene.let_in().count(True) == 2
                call = (await scene.come(other))[0]
                assert call.result() == 0
                await scene.leave()  # one of three has ended, and the next evaluation would take the last place again
                assert scene.let_in().count(True) == 3

        played(play)

    def test_where_there_is_one_place_only_an_evaluation_may_have_it(self):
        async def play() -> None:
            scene = Scene(limit=1)
            await scene.come(EVALUATION, EVALUATION)
            assert scene.let_in() == [True, False]

        played(play)

    def test_what_other_processes_have_counts(self):
        async def play() -> None:
            scene = Scene(limit=2)
            scene.load.hear({"m": 1})
            await scene.come(EVALUATION)
            assert scene.let_in() == [False]
            assert (await scene.come(PERSON))[0].result() == 0
            await scene.leave()
            scene.load.hear({})
            await scene.settle()
            assert scene.let_in() == [True, True]

        played(play)

    def test_a_call_that_leaves_while_nobody_is_served_here_leaves_no_line(self):
        async def play() -> None:
            scene = Scene(limit=1)
            scene.load.hear({"m": 1})
            call = (await scene.come(EVALUATION))[0]
            call.cancel()
            await scene.settle()
            assert (scene.load.models, scene.load._waiting) == ({}, {})

        played(play)


class TestAFullLine:
    def test_a_higher_class_takes_the_place_of_the_last_of_the_lowest(self):
        async def play() -> None:
            scene = Scene(max_queue=3)
            await scene.come(PERSON)
            calls = await scene.come(BATCH, EVALUATION, EVALUATION, PERSON)
            with pytest.raises(Overloaded) as caught:
                calls[2].result()
            assert (caught.value.status_code, caught.value.retry_after) == (429, 1.0)
            assert [call.done() for call in calls] == [False, False, True, False]
            await scene.come(PERSON, PERSON)
            assert [isinstance(call.done() and call.exception(), Overloaded) for call in calls] == [
                True,
                True,
                True,
                False,
            ]
            assert scene.load.queued("m") == 3

        played(play)

    def test_nobody_is_sent_away_for_an_equal_or_a_lower_class(self):
        async def play() -> None:
            scene = Scene(max_queue=2)
            await scene.come(PERSON)
            waiting = await scene.come(BATCH, BATCH)
            refused = await scene.come(BATCH, EVALUATION)
            assert all(isinstance(call.exception(), Overloaded) for call in refused)
            assert not any(call.done() for call in waiting)

        played(play)

    def test_who_leaves_as_it_is_sent_away_leaves_no_trace(self):
        async def play() -> None:
            for leaves_first in (True, False):
                scene = Scene(max_queue=1)
                await scene.come(PERSON)
                evaluation = (await scene.come(EVALUATION))[0]
                if leaves_first:
                    evaluation.cancel()
                person = asyncio.create_task(scene.load.enter("m", 1, 1, PERSON))
                await asyncio.sleep(0)
                evaluation.cancel()
                await scene.settle()
                assert evaluation.cancelled() and scene.load.models == {"m": 1}
                await scene.leave()
                assert person.result() == 1
                await scene.leave()
                assert (scene.load.models, scene.load._waiting) == ({}, {})

        played(play)


class TestHeader:
    def test_the_three_classes_are_read_in_any_case(self):
        assert priority_of({}) is PERSON
        for sent, read in ((b"interactive", PERSON), (b" Batch ", BATCH), (b"EVALUATION", EVALUATION)):
            assert priority_of({b"x-registry-priority": sent}) is read

    def test_any_other_is_refused_with_the_names(self):
        for sent in (b"", b"urgent", b"0", b"\xff"):
            with pytest.raises(InvalidInput, match="X-Registry-Priority is one of interactive, batch, evaluation"):
                priority_of({b"x-registry-priority": sent})
