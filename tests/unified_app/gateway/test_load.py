"""Places, the queue and the breakers, without a network."""

from __future__ import annotations

import asyncio

import pytest

from unified_app.gateway.load import BREAK_AFTER, BREAK_SECONDS, Breakers, Load, Overloaded


async def begun(*tasks: asyncio.Task[None]) -> list[bool]:
    """Whether each has a place, once all that can run have run."""
    for _ in range(5):
        await asyncio.sleep(0)
    return [task.done() and not task.cancelled() for task in tasks]


def entering(load: Load, count: int, limit: int = 1, max_queue: int = 9) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(load.enter("m", limit, max_queue)) for _ in range(count)]


class TestQueue:
    def test_calls_beyond_the_limit_wait_in_order(self):
        async def scene() -> None:
            load = Load()
            calls = entering(load, 5, limit=2)
            assert await begun(*calls) == [True, True, False, False, False]
            for count in (3, 4, 5):
                load.leave("m")
                assert (await begun(*calls)).count(True) == count
                assert await begun(*calls) == [n < count for n in range(5)]
            for _ in range(2):
                load.leave("m")
            assert (load.models, load._waiting) == ({}, {})

        asyncio.run(scene())

    def test_a_new_call_does_not_jump_the_line(self):
        async def scene() -> None:
            load = Load()
            calls = entering(load, 2)
            await begun(*calls)
            calls += entering(load, 1)
            load.leave("m")
            assert await begun(*calls) == [True, True, False]

        asyncio.run(scene())

    def test_a_full_line_refuses_with_whole_seconds_to_wait(self):
        async def scene() -> None:
            load = Load()
            await begun(*entering(load, 3, max_queue=2))
            with pytest.raises(Overloaded) as caught:
                await load.enter("m", 1, 2)
            assert (caught.value.status_code, caught.value.retry_after) == (429, 1.0)
            await load.enter("other", 1, 0)

        asyncio.run(scene())

    def test_who_leaves_the_line_gives_its_place_up_at_every_moment(self):
        async def scene(freed_first: bool) -> None:
            load = Load()
            first, second, third = entering(load, 3)
            await begun(first)
            # Both in one step of the loop: the place is given while, or just before, its taker leaves.
            if freed_first:
                load.leave("m")
                second.cancel()
            else:
                second.cancel()
                load.leave("m")
            assert await begun(third) == [True]
            with pytest.raises(asyncio.CancelledError):
                await second
            assert load.models == {"m": 1}
            load.leave("m")
            assert (load.models, load._waiting) == ({}, {})

        for freed_first in (True, False):
            asyncio.run(scene(freed_first))

    def test_what_other_processes_have_counts_but_one_call_is_always_allowed(self):
        async def scene() -> None:
            load = Load()
            load.hear({"m": 5})
            calls = entering(load, 3, limit=4)
            assert await begun(*calls) == [True, False, False]
            load.hear({"m": 2})
            assert await begun(*calls) == [True, True, False]
            load.hear({})
            assert await begun(*calls) == [True, True, True]

        asyncio.run(scene())


class TestBreakers:
    def setup_method(self):
        self.now = 100.0
        self.breakers = Breakers(lambda: self.now)

    def fail(self, times: int = BREAK_AFTER) -> None:
        for _ in range(times):
            self.breakers.failed(1)

    def test_it_opens_after_failures_in_a_row_and_only_then(self):
        self.fail(BREAK_AFTER - 1)
        self.breakers.succeeded(1)
        self.fail(BREAK_AFTER - 1)
        assert not self.breakers.is_open(1)
        self.fail(1)
        assert self.breakers.is_open(1) and not self.breakers.is_open(2)

    def test_after_a_while_one_call_tries_it_and_the_others_stay_away(self):
        self.fail()
        self.now += BREAK_SECONDS
        assert not self.breakers.is_open(1)
        self.breakers.trying(1)
        assert self.breakers.is_open(1)

    def test_a_try_that_succeeds_closes_it_and_one_that_fails_opens_it_again(self):
        self.fail()
        self.now += BREAK_SECONDS
        self.breakers.trying(1)
        self.breakers.failed(1)
        assert self.breakers.is_open(1)
        self.breakers.succeeded(1)
        assert not self.breakers.is_open(1)
