"""Native replies for an OpenAI caller, beside what the same servers' own /v1 answered."""

from __future__ import annotations

import json

import pytest

from tests.unified_app.gateway.recorded import NEW, OLD, answered
from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.gateway.translate.openai_reply import ollama_chat_to_openai, ollama_generate_to_openai

versions = pytest.mark.parametrize("version", [OLD, NEW])
DONE = {"done": True, "done_reason": "stop"}


def chat(reply):
    return ollama_chat_to_openai(reply, model="asked", request_id="r1", created=1700000000)


def generate(reply):
    return ollama_generate_to_openai(reply, model="asked", request_id="r1", created=1700000000)


def call(**function):
    return {"message": {"role": "assistant", "content": "", "tool_calls": [{"function": function}]}, **DONE}


@versions
def test_a_reply_has_the_fields_of_the_servers_own_v1(version):
    own, ours = answered(version, "h001"), chat(answered(version, "d008"))
    assert ours.keys() >= own.keys() - {"system_fingerprint"}
    assert ours["choices"][0].keys() == own["choices"][0].keys()
    assert ours["choices"][0]["message"].keys() == own["choices"][0]["message"].keys()
    assert (ours["id"], ours["object"], ours["created"]) == ("chatcmpl-r1", own["object"], 1700000000)
    assert ours["model"] == "asked"
    assert ours["choices"][0]["finish_reason"] == "length"
    assert ours["usage"] == {"prompt_tokens": 13, "completion_tokens": 5, "total_tokens": 18}


@versions
def test_tool_calls_are_as_the_servers_own_v1_has_them(version):
    own, ours = answered(version, "h012")["choices"][0], chat(answered(version, "e001"))["choices"][0]
    for choice in (own, ours):
        assert choice["message"]["tool_calls"][0].pop("id").startswith("call_")
    assert ours == own


@versions
def test_thinking_is_reasoning(version):
    message = chat(answered(version, "e012"))["choices"][0]["message"]
    assert message == {
        "role": "assistant",
        "content": "Madrid",
        "reasoning": "Spain has Madrid as its capital.",
    }


@versions
def test_logprobs_are_as_the_servers_own_v1_has_them(version):
    own, ours = answered(version, "h011")["choices"][0]["logprobs"], chat(answered(version, "d020"))
    entry, expected = ours["choices"][0]["logprobs"]["content"][0], own["content"][0]
    assert entry.keys() == expected.keys()
    assert (entry["token"], entry["bytes"]) == (expected["token"], expected["bytes"])


@versions
def test_a_generate_is_a_completion(version):
    native, own = answered(version, "f002"), answered(version, "h026")
    ours = generate(native)
    assert ours.keys() >= own.keys() - {"system_fingerprint"}
    assert ours["object"] == own["object"]
    assert ours["id"] == "cmpl-r1"
    assert ours["choices"][0]["text"] == native["response"]
    assert ours["choices"][0]["finish_reason"] in ("stop", "length")


def test_log_probabilities_of_a_completion_are_four_lists():
    tops = [{"token": "1", "logprob": -1.0}, {"token": "2", "logprob": -2.0}]
    entries = [{"token": "12", "logprob": -0.5, "top_logprobs": tops}, {"token": "x", "logprob": -3.0}]
    assert generate({"response": "12x", "logprobs": entries, **DONE})["choices"][0]["logprobs"] == {
        "tokens": ["12", "x"],
        "token_logprobs": [-0.5, -3.0],
        "top_logprobs": [{"1": -1.0, "2": -2.0}, {}],
        "text_offset": [0, 2],
    }


def test_what_the_upstream_adds_comes_back():
    reply = {"model": "up", "message": {"content": "x", "mood": "good"}, "total_duration": 5, "novelty": [1], **DONE}
    ours = chat(reply)
    assert (ours["total_duration"], ours["novelty"]) == (5, [1])
    assert ours["choices"][0]["message"]["mood"] == "good"
    assert "done" not in ours


def test_what_the_upstream_adds_takes_no_place_of_ours():
    ours = chat({"message": {"content": "x"}, "id": "theirs", "usage": {}, "choices": [], **DONE})
    assert ours["id"] == "chatcmpl-r1"
    assert ours["usage"]["total_tokens"] == 0
    assert len(ours["choices"]) == 1


def test_a_call_without_an_id_gets_one_that_stays_the_same():
    first, again = (chat(call(name="look", arguments={"ä": 1}))["choices"][0]["message"] for _ in range(2))
    assert first == again
    assert first["tool_calls"][0]["id"].startswith("call_")
    assert first["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"ä":1}'}
    assert json.loads(chat(call(name="wait"))["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]) == {}


@pytest.mark.parametrize(
    ("told", "finish"),
    [
        ({"done": True, "done_reason": "stop"}, "stop"),
        ({"done": True, "done_reason": "length"}, "length"),
        ({"done": True, "done_reason": "content_filter"}, "content_filter"),
        ({"done": True, "done_reason": "load"}, "stop"),
        ({"done": True}, "stop"),
        ({"done": False}, "length"),
    ],
)
def test_the_finish_reason_is_one_that_openais_clients_know(told, finish):
    assert chat({"message": {"content": "x"}, **told})["choices"][0]["finish_reason"] == finish
    assert generate({"response": "x", **told})["choices"][0]["finish_reason"] == finish


def test_an_error_with_a_good_status_is_an_error():
    with pytest.raises(UpstreamError, match="runner died"):
        chat({"error": "runner died"})


@pytest.mark.parametrize("reply", [None, [], "x", {"message": "x"}, {"message": {"tool_calls": {"a": 1}}}])
def test_garbage_is_a_typed_error(reply):
    with pytest.raises(UpstreamInvalid):
        chat(reply)


def test_a_reply_that_says_nothing_is_an_empty_text():
    assert chat(DONE)["choices"][0]["message"] == {"role": "assistant", "content": ""}
    assert chat({"message": {"content": None, "tool_calls": {}}, **DONE})["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("calls", [[5], [{}], [{"function": {"name": "x", "arguments": {"n": float("inf")}}}]])
def test_a_call_that_cannot_be_said_is_a_typed_error(calls):
    with pytest.raises(UpstreamInvalid):
        chat({"message": {"content": "", "tool_calls": calls}, **DONE})
