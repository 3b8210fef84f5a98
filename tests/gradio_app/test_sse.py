from __future__ import annotations

from unittest import TestCase

import pytest

from registry_project.gradio_app import sse
from registry_project.gradio_app.errors import BadAnswer, Interrupted, PageError


class TestEvents(TestCase):
    def test_events_come_out_whole_however_the_bytes_are_cut(self) -> None:
        raw = 'data: {"a": "é"}\r\n\r\n: comment\n\ndata:{"b":\ndata: 2}\n\ndata: [DONE]\n\n'.encode()
        for size in (1, 2, 7, len(raw)):
            blocks = [raw[start : start + size] for start in range(0, len(raw), size)]
            assert list(sse.objects(blocks)) == [{"a": "é"}, {"b": 2}]

    def test_what_follows_done_is_not_read(self) -> None:
        assert list(sse.objects([b"data: [DONE]\n\ndata: nonsense\n\n"])) == []

    def test_an_end_without_done_is_an_interruption_after_what_came(self) -> None:
        events = sse.objects([b'data: {"a": 1}\n\n'])
        assert next(events) == {"a": 1}
        with pytest.raises(Interrupted):
            next(events)

    def test_an_error_event_is_raised_in_its_own_words(self) -> None:
        for error in ('{"message": "the host went away"}', '"the host went away"'):
            with pytest.raises(PageError, match=r"^The host went away\.$"):
                list(sse.objects([f'data: {{"error": {error}}}\n\n'.encode()]))

    def test_garbage_is_an_error_and_not_silence(self) -> None:
        for data in (b"data: {\n\n", b"data: 3\n\n"):
            with pytest.raises(BadAnswer):
                list(sse.objects([data]))
