from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unified_app.gateway.translate.framing import (
    SSE_DONE,
    EventSplitter,
    LineSplitter,
    compact,
    ndjson,
    parse_object,
    sse,
)

# The machine may be busy; how long one example takes proves nothing.
unhurried = settings(deadline=None)
SERVER_SENT = (
    b": a comment\r\n\r\nid: 7\nevent: x\ndata: one\ndata: two\n\nretry: 5\rdata:three\r\rdata\n\n"
    b'data: {"a":"\xc3\xa4\xf0\x9f\x98\x80"}\r\n\r\ndata: \n\ndata:  kept space\n\ndatum: no\n\ndata: [DONE]\n\n'
)
EVENTS = [b"one\ntwo", b"three", '{"a":"ä😀"}'.encode(), b" kept space", b"[DONE]"]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


places = st.lists(st.integers(min_value=0, max_value=10_000))


@unhurried
@given(places)
def test_events_are_the_same_wherever_the_stream_is_cut(places):
    splitter = EventSplitter()
    assert [event for chunk in cut(SERVER_SENT, places) for event in splitter.feed(chunk)] == EVENTS
    assert splitter.flush() == []


def test_events_are_the_same_byte_by_byte():
    splitter = EventSplitter()
    assert [event for byte in SERVER_SENT for event in splitter.feed(bytes([byte]))] == EVENTS


@unhurried
@given(st.lists(st.text().filter(lambda text: text not in ("", "\n")), max_size=5), places)
def test_events_that_we_print_are_read_again(texts, places):
    splitter, stream = EventSplitter(), b"".join(sse(text) for text in texts) + SSE_DONE
    events = [event for chunk in cut(stream, places) for event in splitter.feed(chunk)]
    assert [json.loads(event) for event in events[:-1]] == texts
    assert events[-1] == b"[DONE]"


@unhurried
@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers()), max_size=5), places)
def test_lines_that_we_print_are_read_again(objects, places):
    splitter, stream = LineSplitter(), b"".join(ndjson(obj) for obj in objects)
    lines = [line for chunk in cut(stream, places) for line in splitter.feed(chunk)]
    assert [parse_object(line) for line in lines] == objects
    assert splitter.flush() == []


def test_blank_lines_are_passed_over_and_the_last_needs_no_end():
    splitter = LineSplitter()
    assert splitter.feed(b'\n\r\n{"a":1}\r\n{"b"') == [b'{"a":1}']
    assert splitter.feed(b":2}") == []
    assert splitter.flush() == [b'{"b":2}']
    assert splitter.flush() == []


def test_an_event_is_whole_at_the_end_of_the_stream_without_its_blank_line():
    splitter = EventSplitter()
    assert splitter.feed(b"data: a\n\ndata: [DONE]") == [b"a"]
    assert splitter.flush() == [b"[DONE]"]


def test_an_event_that_ends_in_returns_does_not_wait_for_more():
    splitter = EventSplitter()
    assert splitter.feed(b"data: a\r\n\r") == [b"a"]
    assert splitter.feed(b"\ndata: b\r\r") == [b"b"]


def test_a_byte_order_mark_is_no_part_of_the_first_field():
    splitter = EventSplitter()
    assert splitter.feed(b"\xef\xbb") == []
    assert splitter.feed(b"\xbfdata: a\n\n") == [b"a"]


@pytest.mark.parametrize("splitter", [LineSplitter(limit=10), EventSplitter(limit=10)])
@pytest.mark.parametrize("chunks", [[b"x" * 6, b"x" * 6], [b"x" * 11 + b"\n"], [b"a\n" + b"x" * 11]])
def test_a_line_that_is_too_long_is_an_error_before_it_ends(splitter, chunks):
    with pytest.raises(ValueError, match="longer than 10"):
        for chunk in chunks:
            splitter.feed(chunk)


def test_an_event_of_many_lines_is_bounded_too():
    splitter = EventSplitter(limit=10)
    with pytest.raises(ValueError, match="event is longer"):
        splitter.feed(b"data: 1234\n" * 3)


def test_json_is_printed_short_and_in_utf8():
    assert compact({"a": [1, "ä"]}) == '{"a":[1,"ä"]}'.encode()
    assert compact("\ud800") == b'"\\ud800"'
    with pytest.raises(ValueError, match="JSON"):
        compact(float("inf"))


@pytest.mark.parametrize(
    "raw", [b'{"a":1} \r\n', b'\n{"a":1}', b'{ "a":1}', '{"a":1}'.encode("utf-16"), b'\xef\xbb\xbf{"a":1}']
)
def test_an_object_is_read_whatever_surrounds_it_and_in_each_of_jsons_encodings(raw):
    assert parse_object(raw) == {"a": 1}


@pytest.mark.parametrize("raw", [b'{"a":1} x', b'{"a":1}{"a":1}', '{"a":1}\u00a0'.encode()])
def test_nothing_may_follow_the_object(raw):
    with pytest.raises(ValueError):
        parse_object(raw)


@pytest.mark.parametrize("raw", [b"", b"[1]", b"{", b'{"a":NaN}', b'{"a":"\xff"}', b'{"a":' + b"[" * 100_000])
def test_what_is_no_object_in_strict_json_is_refused(raw):
    with pytest.raises(ValueError):
        parse_object(raw)
