"""The time at a line's beginning is the line's own."""

from __future__ import annotations

import logging
import time

from registry_project.log_lines import LineFormatter


def test_each_line_has_its_own_second():
    formatter = LineFormatter("%(asctime)s %(message)s", "%H:%M:%S")
    now = time.time()
    for at in (now, now + 0.1, now + 61, now, now + 3600):
        record = logging.makeLogRecord({"msg": "words", "created": at})
        assert formatter.format(record) == time.strftime("%H:%M:%S", time.localtime(at)) + " words"
