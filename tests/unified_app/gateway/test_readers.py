"""When a relayed answer has begun, and when it has ended properly."""

from __future__ import annotations

import json

import pytest

from tests.unified_app.gateway.upstreams import ollama_chat, ollama_lines, openai_events
from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.gateway.readers import PARSED_BYTES, EventRelay, LineRelay, TurnedLines, Whole
from unified_app.gateway.translate.errors import checked_reply
from unified_app.gateway.translate.framing import MAX_LINE_BYTES

EVENTS, LINES = openai_events("a", "b"), ollama_lines("a", "b")


def read(reader: EventRelay | LineRelay | TurnedLines | Whole, data: bytes, size: int) -> bytes:
    fed = b"".join(reader.feed(data[n : n + size]) for n in range(0, len(data), size))
    return fed + reader.end()


class TestEventRelay:
    @pytest.mark.parametrize("size", [1, 2, 7, 31, 10**6])
    def test_every_cut_passes_unchanged_and_ends_properly(self, size: int):
        data = b"".join(EVENTS)
        assert read(EventRelay(), data, size) == data

    def test_the_mark_may_lack_its_space_and_line_ends_may_be_windows(self):
        for mark in (b"data:[DONE]\n\n", b"data: [DONE]"):
            assert EventRelay().feed(EVENTS[0]) and read(EventRelay(), EVENTS[0] + mark, 5)
        assert read(EventRelay(), b"".join(EVENTS).replace(b"\n", b"\r\n"), 9)

    def test_a_finish_reason_without_a_mark_is_an_end_that_gets_one(self):
        assert read(EventRelay(), b"".join(EVENTS[:-1]), 50).endswith(b"\n\ndata: [DONE]\n\n")

    @pytest.mark.parametrize("size", [1, 3, 1000])
    def test_text_that_speaks_of_an_end_is_none(self, size: int):
        event = openai_events('data: [DONE]\n\ndata: [DONE] "finish_reason": "stop" data: {"error"')[0]
        with pytest.raises(UpstreamInvalid):
            read(EventRelay(), event, size)

    def test_an_empty_stream_is_none(self):
        with pytest.raises(UpstreamInvalid):
            EventRelay().end()

    @pytest.mark.parametrize("data", [b"<html>", b'{"id": 1}', b"\n\n <", b"[1]"])
    def test_what_is_no_stream_of_events_is_refused_at_its_first_byte(self, data: bytes):
        with pytest.raises(UpstreamInvalid):
            EventRelay().feed(data)

    def test_comments_and_named_events_may_come_first(self):
        for start in (b": ping\n\n", b"event: x\n", b"id: 1\n", b"retry: 5\n", b"\xef\xbb\xbfdata: x\n", b"\r\n\r\n"):
            assert EventRelay().feed(start) == start

    def test_half_an_event_never_reaches_the_caller(self):
        reader = EventRelay()
        whole = EVENTS[0]
        assert reader.feed(whole + b'data: {"choices": [{"del') == whole
        with pytest.raises(UpstreamInvalid):
            reader.end()
        sent = (whole + reader.failure("upstream_invalid", "It broke off.")).decode()
        events = [event.removeprefix("data: ") for event in sent.split("\n\n") if event.strip()]
        assert [list(json.loads(event)) for event in events][-1] == ["error"]


class TestLineRelay:
    def test_half_a_line_never_reaches_the_caller(self):
        reader = LineRelay()
        assert reader.feed(LINES[0] + b'{"model": "m", "mess') == LINES[0]
        with pytest.raises(UpstreamInvalid):
            reader.end()
        sent = LINES[0] + reader.failure("upstream_invalid", "It broke off.")
        assert [json.loads(line) for line in sent.splitlines()][-1] == {"error": "It broke off."}

    @pytest.mark.parametrize("size", [1, 2, 7, 31, 10**6])
    def test_every_cut_passes_unchanged_and_ends_properly(self, size: int):
        data = b"".join(LINES)
        assert read(LineRelay(), data, size) == data
        assert read(LineRelay(), data.rstrip(), size) == data.rstrip()
        assert read(LineRelay(), data + b"\n\n", size) == data + b"\n\n"

    @pytest.mark.parametrize("size", [1, 3, 1000])
    def test_only_the_last_line_itself_can_say_done(self, size: int):
        call = {"function": {"name": "finish", "arguments": {"done": True}}}
        line = {**ollama_chat('"done":true'), "done": False}
        line["message"]["tool_calls"] = [call]
        with pytest.raises(UpstreamInvalid):
            read(LineRelay(), json.dumps(line).encode() + b"\n", size)

    def test_an_error_line_is_an_end_too(self):
        reader = LineRelay()
        read(reader, LINES[0] + b'{"error":"boom"}\n', 4)
        assert reader.told_error

    def test_an_error_as_the_first_line_is_raised_with_its_words(self):
        with pytest.raises(UpstreamError, match="boom"):
            LineRelay().feed(b'{"error":"boom"}\n')

    def test_half_a_line_and_a_page_are_refused(self):
        for data in (LINES[0][:-5], LINES[-1][:-5], b"<html>"):
            with pytest.raises(UpstreamInvalid):
                read(LineRelay(), data, 10)

    def test_a_line_without_an_end_is_not_kept_for_ever(self):
        reader = LineRelay()
        with pytest.raises(UpstreamInvalid):
            for _ in range(MAX_LINE_BYTES // 2**20 + 1):
                reader.feed(b"{" + b" x" * 2**19)


class TestWhole:
    @pytest.mark.parametrize("size", [1, 100])
    def test_an_object_passes_as_it_came(self, size: int):
        raw = b' {"a": 1,\n "b": "\xc3\xbc"}\n'
        assert read(Whole(1000), raw, size) == raw

    @pytest.mark.parametrize("raw", [b"", b"[]", b"<html>", b'{"a": ', b"null", b'{"a": NaN}', b"\xff{}"])
    def test_anything_else_is_refused(self, raw: bytes):
        with pytest.raises(UpstreamInvalid):
            read(Whole(1000), raw, 10)

    def test_a_long_one_is_judged_by_its_ends(self):
        long = b'{"a": "' + b"x" * PARSED_BYTES + b'"}'
        assert read(Whole(10**6), long, 10**6) == long
        with pytest.raises(UpstreamInvalid):
            read(Whole(10**6), long[:-1], 10**6)

    def test_one_that_is_too_large_is_not_kept(self):
        with pytest.raises(UpstreamInvalid):
            Whole(10).feed(b"x" * 11)


class TestTurnedLines:
    def reader(self) -> TurnedLines:
        return TurnedLines(lambda told: {"text": checked_reply(told)["message"]["content"]})

    @pytest.mark.parametrize("size", [1, 7, 10**6])
    def test_every_cut_is_turned_line_by_line(self, size: int):
        assert read(self.reader(), b"".join(LINES), size) == b'{"text":"a"}\n{"text":"b"}\n{"text":""}\n'
        assert read(self.reader(), b"".join(LINES).rstrip(), size).count(b"\n") == 3

    def test_one_that_breaks_off_is_none(self):
        reader = self.reader()
        assert reader.feed(LINES[0])
        with pytest.raises(UpstreamInvalid):
            reader.end()
        assert json.loads(reader.failure("upstream_invalid", "It broke off.")) == {"error": "It broke off."}

    def test_an_error_is_raised_before_the_first_line_and_passed_on_after_it(self):
        error = b'{"error": "no memory"}\n'
        with pytest.raises(UpstreamError):
            self.reader().feed(error)
        reader = self.reader()
        assert read(reader, LINES[0] + error, 9).endswith(b'{"error":"no memory"}\n') and reader.told_error
