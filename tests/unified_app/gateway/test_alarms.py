"""Alarms ring once, in time, and not when they were dropped."""

from __future__ import annotations

import asyncio

import pytest

from unified_app.gateway.alarms import LOOK_SECONDS, Alarms
from unified_app.gateway.http import Request, TooSlow


class TestAlarms:
    def test_one_that_is_due_rings_once_and_a_dropped_one_never(self):
        async def scene() -> list[str]:
            rung: list[str] = []
            alarms = Alarms()
            due = alarms.set(0.01, lambda: rung.append("due"))
            dropped = alarms.set(0.01, lambda: rung.append("dropped"))
            later = alarms.set(60, lambda: rung.append("later"))
            alarms.drop(dropped)
            await asyncio.sleep(LOOK_SECONDS * 4)
            assert (due.rang, dropped.rang, later.rang) == (True, False, False)
            return rung

        assert asyncio.run(scene()) == ["due"]

    def test_one_set_after_all_had_rung_rings_too(self):
        async def scene() -> None:
            alarms = Alarms()
            for _ in range(2):
                rung = asyncio.Event()
                alarms.set(0.01, rung.set)
                await asyncio.wait_for(rung.wait(), 2)
                await asyncio.sleep(LOOK_SECONDS * 2)

        asyncio.run(scene())


class TestBody:
    SCOPE = {"method": "POST", "path": "/v1/chat/completions", "headers": []}

    def test_one_that_does_not_come_is_too_slow_and_leaves_its_task_whole(self):
        async def scene() -> None:
            request = Request(self.SCOPE, asyncio.Event().wait)
            with pytest.raises(TooSlow):
                await request.body(100, 0.01, Alarms())
            task = asyncio.current_task()
            assert task is not None and not task.cancelling()

        asyncio.run(scene())

    def test_a_reader_that_others_cancel_is_cancelled(self):
        async def scene() -> None:
            alarms = Alarms()
            reader = asyncio.create_task(Request(self.SCOPE, asyncio.Event().wait).body(100, 60, alarms))
            await asyncio.sleep(0)
            reader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reader
            assert not alarms._set

        asyncio.run(scene())

    def test_one_in_pieces_is_put_together(self):
        async def scene() -> bytes:
            messages = [
                {"type": "http.request", "body": b"ab", "more_body": True},
                {"type": "http.request", "body": b"c"},
            ]

            async def receive() -> dict[str, object]:
                return messages.pop(0)

            return await Request(self.SCOPE, receive).body(100, 60, Alarms())

        assert asyncio.run(scene()) == b"abc"
