"""Native streams for an OpenAI caller, beside what the same servers' own /v1 streamed."""

from __future__ import annotations

import pytest

from tests.unified_app.gateway.recorded import NEW, OLD, chunks_of, lines_of, summed
from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.gateway.translate.openai_reply import OllamaChatToOpenAI, OllamaGenerateToOpenAI

versions = pytest.mark.parametrize("version", [OLD, NEW])


def stream(*, usage: bool = True) -> OllamaChatToOpenAI:
    return OllamaChatToOpenAI("asked", "r1", 1700000000, usage)


def fed(translator, lines):
    return [chunk for line in lines for chunk in translator.feed(line)]


def line(done=False, **message):
    return {"model": "up", "message": {"role": "assistant", "content": "", **message}, "done": done}


@versions
def test_a_stream_adds_up_to_what_was_said(version):
    lines, translator = lines_of(version, "d016"), stream()
    said = summed(fed(translator, lines))
    assert said["content"] == "".join(line["message"]["content"] for line in lines)
    assert said["finish"] == lines[-1]["done_reason"]
    assert said["usage"] == translator.usage
    assert translator.usage["completion_tokens"] == lines[-1]["eval_count"]
    assert translator.finished


@versions
def test_the_chunks_have_the_fields_of_the_servers_own_v1(version):
    own, ours = chunks_of(version, "h004"), fed(stream(), lines_of(version, "d016"))
    assert ours[0].keys() == own[0].keys() - {"system_fingerprint"}
    assert ours[0]["object"] == own[0]["object"] == "chat.completion.chunk"
    assert ours[0]["choices"][0].keys() == own[0]["choices"][0].keys()
    assert ours[0]["choices"][0]["delta"]["role"] == "assistant"
    assert ours[-1]["choices"] == own[-1]["choices"] == []
    assert ours[-1]["usage"].keys() == own[-1]["usage"].keys()


@versions
def test_a_tool_call_is_what_the_servers_own_v1_streams(version):
    translator = stream()
    own, ours = summed(chunks_of(version, "h013")), summed(fed(translator, lines_of(version, "e002")))
    assert ours == own
    assert ours["finish"] == "tool_calls"


@versions
def test_thinking_comes_as_reasoning_before_the_content(version):
    chunks = fed(stream(), lines_of(version, "e011"))
    said = summed(chunks)
    assert said["reasoning"] == "Spain has Madrid as its capital."
    assert said["content"] == "Madrid"
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "reasoning": "Spain"}


def test_only_the_first_delta_tells_the_role_and_empty_lines_say_nothing():
    translator = stream(usage=False)
    assert fed(translator, [line()])[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert fed(translator, [line(), line()]) == []
    assert fed(translator, [line(content="x")])[0]["choices"][0]["delta"] == {"content": "x"}


def test_usage_is_told_only_to_those_who_asked_but_is_known():
    translator = stream(usage=False)
    chunks = fed(translator, [line(content="x"), {**line(done=True), "prompt_eval_count": 3, "eval_count": 1}])
    assert all("usage" not in chunk for chunk in chunks)
    assert translator.usage == {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}


def test_content_and_calls_in_the_last_line_come_before_the_end():
    last = line(done=True, content="x", tool_calls=[{"function": {"name": "b", "arguments": {}}}])
    first = line(tool_calls=[{"id": "call_a", "function": {"index": 0, "name": "a", "arguments": {"n": 1}}}])
    chunks = fed(stream(usage=False), [first, {**last, "total_duration": 5}])
    assert summed(chunks)["calls"] == [
        (0, {"name": "a", "arguments": '{"n":1}'}),
        (1, {"name": "b", "arguments": "{}"}),
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "tool_calls"]
    assert chunks[-1]["total_duration"] == 5


def test_logprobs_stand_beside_their_text():
    chunk = stream().feed({**line(content="1"), "logprobs": [{"token": "1", "logprob": -1.0, "bytes": [49]}]})[0]
    assert chunk["choices"][0]["logprobs"]["content"] == [
        {"token": "1", "logprob": -1.0, "bytes": [49], "top_logprobs": []}
    ]


@versions
def test_a_runner_that_dies_in_mid_stream_is_an_error_with_its_words(version):
    translator, lines = stream(), lines_of(version, "o001")
    assert fed(translator, lines[:-1])
    with pytest.raises(UpstreamError, match="error was encountered while running the model"):
        translator.feed(lines[-1])
    assert not translator.finished


def test_garbage_in_a_stream_is_a_typed_error():
    for obj in ([], {"message": "x"}, None):
        with pytest.raises(UpstreamInvalid):
            stream().feed(obj)


@versions
def test_a_generate_stream_is_one_of_completions(version):
    lines, own = lines_of(version, "f001"), chunks_of(version, "h027")
    chunks = fed(OllamaGenerateToOpenAI("asked", "r1", 1700000000, True), lines)
    texts = [chunk["choices"][0]["text"] for chunk in chunks[:-1]]
    assert "".join(texts) == "".join(line["response"] for line in lines)
    assert chunks[0]["object"] == own[0]["object"] == "text_completion"
    assert chunks[-2]["choices"][0]["finish_reason"] == lines[-1]["done_reason"]
    assert chunks[-1]["usage"]["completion_tokens"] == lines[-1]["eval_count"]


@versions
def test_thinking_in_a_generate_stream_has_a_field_of_its_own(version):
    chunks = fed(OllamaGenerateToOpenAI("asked", "r1", 1, False), lines_of(version, "e020"))
    choices = [chunk["choices"][0] for chunk in chunks]
    assert "".join(choice.get("reasoning", "") for choice in choices) == "Spain has Madrid as its capital."
    assert "".join(choice["text"] for choice in choices) == "Madrid"


def test_the_offsets_of_a_completions_tokens_go_on_over_its_chunks():
    translator = OllamaGenerateToOpenAI("asked", "r1", 1, False)
    lines = [{"response": t, "logprobs": [{"token": t, "logprob": -1.0}], "done": False} for t in ("ab", "c")]
    assert [c["choices"][0]["logprobs"]["text_offset"] for c in fed(translator, lines)] == [[0], [2]]
