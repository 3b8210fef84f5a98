"""A line for each answer: late, but with its own time, and the last ones when the gateway stops."""

from __future__ import annotations

import asyncio
import time

import pytest

from unified_app.gateway.answer_log import WRITE_AFTER_SECONDS, AnswerLog
from unified_app.gateway.http import Request


def asked(path: str) -> Request:
    scope = {"method": "GET", "path": path, "headers": [(b"x-request-id", path.strip("/").encode())]}
    return Request(scope, asyncio.Event().wait)


class TestAnswerLog:
    @pytest.fixture(autouse=True)
    def _logs(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        self.caplog = caplog

    def test_each_answer_has_a_record_with_the_time_of_the_answer(self):
        async def scene() -> float:
            log = AnswerLog()
            log.note(asked("/a"), 200, 0.0123)
            log.note(asked("/b"), 404, 1)
            noted = time.time()
            await asyncio.sleep(WRITE_AFTER_SECONDS * 3)
            log.note(asked("/c"), 200, 0)
            await asyncio.sleep(WRITE_AFTER_SECONDS * 3)
            return noted

        noted = asyncio.run(scene())
        assert self.caplog.messages == ["GET /a 200 12.3 ms a", "GET /b 404 1000.0 ms b", "GET /c 200 0.0 ms c"]
        assert all(record.created <= noted for record in self.caplog.records[:2])

    def test_writing_at_the_end_leaves_none_out_and_none_twice(self):
        async def scene() -> None:
            log = AnswerLog()
            log.note(asked("/a"), 200, 0)
            log.write()
            assert self.caplog.messages == ["GET /a 200 0.0 ms a"]
            await asyncio.sleep(WRITE_AFTER_SECONDS * 2)

        asyncio.run(scene())
        assert len(self.caplog.messages) == 1

    def test_a_quiet_log_gets_none(self):
        self.caplog.set_level("WARNING")
        asyncio.run(self._noted())
        assert not self.caplog.messages

    async def _noted(self) -> None:
        log = AnswerLog()
        log.note(asked("/a"), 200, 0)
        log.write()
