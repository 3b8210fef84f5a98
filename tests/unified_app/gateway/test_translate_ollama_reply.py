from __future__ import annotations

import pytest

from tests.unified_app.gateway.recorded import NEW, OLD, answered
from unified_app.errors import UpstreamInvalid
from unified_app.gateway.translate.ollama_reply import load_reply, openai_to_ollama, rfc3339

versions = pytest.mark.parametrize("version", [OLD, NEW])
START, SECOND = 1_700_000_000_000_000_000, 10**9


def whole(reply, shape="chat"):
    return openai_to_ollama(reply, shape=shape, model="asked", started=START, now=START + SECOND)


def said(finish="stop", **message):
    return {"choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}]}


@versions
def test_a_reply_has_the_fields_of_the_native_route(version):
    ours, native = whole(answered(version, "h001")), answered(version, "d008")
    assert native.keys() - ours.keys() == {"load_duration", "prompt_eval_duration"}
    assert ours["message"].keys() == native["message"].keys()
    assert (ours["done"], ours["done_reason"], ours["model"]) == (
        True,
        answered(version, "h001")["choices"][0]["finish_reason"],
        "asked",
    )
    assert (ours["prompt_eval_count"], ours["eval_count"]) == (13, 12)
    assert ours["total_duration"] == SECOND
    assert ours["created_at"] == "2023-11-14T22:13:21Z"


@versions
def test_tool_calls_are_as_the_native_route_has_them(version):
    ours, native = whole(answered(version, "h012")), answered(version, "e001")
    for reply in (ours, native):
        assert reply["message"]["tool_calls"][0].pop("id").startswith("call_")
    assert ours["message"] == native["message"]
    assert ours["done_reason"] == native["done_reason"] == "stop"


def test_parts_of_text_and_thinking_are_told_apart():
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "4"}]
    message = whole(said(content=parts))["message"]
    assert (message["thinking"], message["content"]) == ("Hm.", "4")


def test_broken_arguments_are_an_error_unless_the_answer_was_cut():
    calls = [{"id": "a", "function": {"name": "look", "arguments": '{"city":"Gr'}}]
    with pytest.raises(UpstreamInvalid, match="not a JSON object"):
        whole(said(tool_calls=calls))
    cut = whole(said("length", content=None, tool_calls=calls))
    assert cut["message"] == {"role": "assistant", "content": ""}
    assert cut["done_reason"] == "length"


@versions
def test_log_probabilities_come_back(version):
    assert whole(answered(version, "h011"))["logprobs"][0].keys() == answered(version, "d020")["logprobs"][0].keys()


def test_log_probabilities_of_completions_come_back():
    four = {"tokens": ["ä"], "token_logprobs": [-1.0], "top_logprobs": [{"b": -2.0}], "text_offset": [0]}
    entry = {"token": "ä", "logprob": -1.0, "bytes": [195, 164], "top_logprobs": [{"token": "b", "logprob": -2.0}]}
    assert whole({"choices": [{"text": "ä", "logprobs": four}]}, "generate")["logprobs"] == [entry]


@versions
def test_a_completion_and_a_chat_are_a_generate(version):
    completion = whole(answered(version, "h026"), "generate")
    assert completion["response"] == answered(version, "h026")["choices"][0]["text"]
    assert answered(version, "f002").keys() - completion.keys() <= {"context", "load_duration", "prompt_eval_duration"}
    assert whole(said(content="x", reasoning="y"), "generate").items() >= {"response": "x", "thinking": "y"}.items()


def test_what_the_upstream_adds_comes_back():
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "details": {"cached": 1}}
    reply = whole({**said(content="x", refusal="no"), "usage": usage, "service_tier": "flex", "model": "up"})
    assert (reply["usage"], reply["service_tier"], reply["model"]) == (usage, "flex", "asked")
    assert reply["message"]["refusal"] == "no"


@pytest.mark.parametrize(
    "reply",
    [None, {}, {"choices": []}, {"choices": {}}, {"choices": ["x"]}, {"choices": [{"message": "x"}]}]
    + [said(tool_calls={"a": 1}), said(tool_calls=["x"])],
)
def test_garbage_is_a_typed_error(reply):
    with pytest.raises(UpstreamInvalid):
        whole(reply)


def test_a_load_is_answered_by_one_object_without_durations():
    message = {"role": "assistant", "content": ""}
    told = {"model": "m", "created_at": "2023-11-14T22:13:20Z", "done": True}
    assert load_reply(shape="chat", model="m", now=START) == {**told, "message": message, "done_reason": "load"}
    unloaded = load_reply(shape="generate", model="m", now=START, unloaded=True)
    assert unloaded == {**told, "response": "", "done_reason": "unload"}


def test_times_are_printed_as_ollama_does():
    assert rfc3339(START + 120_000_000) == "2023-11-14T22:13:20.12Z"
    assert rfc3339(START + 1) == "2023-11-14T22:13:20.000000001Z"


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_is_thinking_under_either_name(name):
    assert whole(said(content="4", **{name: "2+2"}))["message"]["thinking"] == "2+2"
