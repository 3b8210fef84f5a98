from __future__ import annotations

import pytest

from tests.unified_app.gateway.recorded import NEW, OLD, chunks_of, lines_of
from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.gateway.translate.ollama_reply import OpenAIToOllama

versions = pytest.mark.parametrize("version", [OLD, NEW])
START, SECOND = 1_700_000_000_000_000_000, 10**9


def streamed(chunks, shape="chat", marked=True):
    """The lines of a stream whose first chunk comes after a second and whose end comes after three."""
    translator = OpenAIToOllama("asked", START, shape=shape)
    lines = [line for chunk in chunks for line in translator.feed(chunk, START + SECOND)]
    return lines + translator.finish(START + 3 * SECOND, marked=marked), translator


def delta(finish=None, **fields):
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def piece(index=0, arguments="", **fields):
    return {"index": index, **fields, "function": {"arguments": arguments, **fields.get("function", {})}}


@versions
def test_a_streamed_tool_call_is_one_whole_line(version):
    lines, _ = streamed(chunks_of(version, "h013"))
    native = lines_of(version, "e002")
    for line in (lines[0], native[0]):
        line["message"]["tool_calls"][0].pop("id")
    assert [line["message"] for line in lines] == [line["message"] for line in native]
    assert [line["done"] for line in lines] == [False, True]


@versions
def test_a_stream_adds_up_and_ends_with_counts_and_times(version):
    chunks = chunks_of(version, "h004")
    lines, translator = streamed(chunks)
    text = "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])
    assert "".join(line["message"]["content"] for line in lines) == text
    assert lines[-1]["eval_count"] == chunks[-1]["usage"]["completion_tokens"]
    assert lines[-1]["prompt_eval_duration"] == SECOND
    assert lines[-1]["eval_duration"] == 2 * SECOND
    assert lines[-1]["total_duration"] == 3 * SECOND
    assert translator.usage == chunks[-1]["usage"]


def test_a_call_in_pieces_is_put_together_and_two_stay_apart():
    lines, _ = streamed(
        [
            delta(tool_calls=[piece(0, id="a", function={"name": "look"})]),
            delta(tool_calls=[piece(0, '{"city":')]),
            delta(tool_calls=[piece(1, id="b", function={"name": "wait"}), piece(0, '"Graz"}')]),
            delta("tool_calls"),
        ]
    )
    assert lines[0]["message"]["tool_calls"] == [
        {"id": "a", "function": {"index": 0, "name": "look", "arguments": {"city": "Graz"}}},
        {"id": "b", "function": {"index": 1, "name": "wait", "arguments": {}}},
    ]


def test_whole_calls_that_all_have_the_index_0_or_none_stay_apart():
    for index in ({"index": 0}, {"index": None}):
        calls = [{"id": i, **index, "function": {"name": i, "arguments": '{"n":1}'}} for i in ("a", "b")]
        lines, _ = streamed([delta(tool_calls=calls[:1]), delta(tool_calls=calls[1:]), delta("tool_calls")])
        assert [call["id"] for call in lines[0]["message"]["tool_calls"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("chunks", "marked", "finished"),
    [
        ([delta(content="x"), delta("stop")], True, True),
        ([delta(content="x"), delta("stop")], False, True),
        ([delta(content="x")], True, True),
        ([delta(content="x")], False, False),
        ([], False, False),
    ],
)
def test_a_stream_is_finished_by_its_mark_or_a_finish_reason(chunks, marked, finished):
    lines, translator = streamed(chunks, marked=marked)
    assert translator.finished is finished
    assert bool(lines and lines[-1]["done"]) is finished
    assert translator.finish(START, marked=True) == [] or not finished


def test_ollamas_v1_that_just_stops_is_not_finished():
    lines, translator = streamed(chunks_of(OLD, "o007"), marked=False)
    assert lines
    assert not translator.finished
    assert all(not line["done"] for line in lines)


def test_an_error_in_mid_stream_has_the_upstreams_words():
    with pytest.raises(UpstreamError, match="^It broke.$"):
        streamed([delta(content="x"), {"error": {"message": "It broke."}}])


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_is_thinking_under_either_name(name):
    lines, _ = streamed([delta(**{name: "2"}), delta(content="4"), delta("stop")])
    assert lines[0]["message"] == {"role": "assistant", "content": "", "thinking": "2"}


@versions
def test_a_stream_of_a_completion_is_one_of_generate(version):
    lines, _ = streamed(chunks_of(version, "h027"), "generate")
    said = [choice["text"] for chunk in chunks_of(version, "h027") for choice in chunk["choices"]]
    assert "".join(line["response"] for line in lines) == "".join(said)
    assert lines[-1]["eval_count"] == 6


def test_calls_that_never_end_are_an_error():
    endless = delta(tool_calls=[piece(0, "x" * 1_000_000, id="a")])
    with pytest.raises(UpstreamInvalid, match="too long"):
        streamed([endless] * 20)
