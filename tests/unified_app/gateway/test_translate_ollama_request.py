from __future__ import annotations

import pytest

from unified_app.errors import InvalidInput
from unified_app.gateway.translate.ollama_request import (
    chat_to_openai,
    only_loads,
    wants_stream,
)

MESSAGES = [{"role": "user", "content": "x"}]
SCHEMA = {"type": "object"}


def chat(thinks=True, **fields):
    return chat_to_openai({"model": "m", "messages": MESSAGES, "stream": False, **fields}, thinks=thinks)


def messages(*given):
    return chat(messages=list(given))["messages"]


def path_of(call, *args, **fields) -> str:
    with pytest.raises(InvalidInput) as raised:
        call(*args, **fields)
    (path,) = raised.value.details
    return path


@pytest.mark.parametrize("stream", [{}, {"stream": True}, {"stream": None}])
def test_a_chat_streams_unless_it_says_no(stream):
    body = chat_to_openai({"model": "m", "messages": MESSAGES, **stream})
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert wants_stream(stream)
    assert chat() == {"model": "m", "messages": MESSAGES}
    assert not wants_stream({"Stream": False})


def test_options_are_parameters_and_those_that_load_a_model_are_left_out():
    sampling = {"temperature": 0, "top_p": 1, "seed": 3, "top_k": 5, "stop": ["x"], "frequency_penalty": 0.5}
    body = chat(options={**sampling, "num_predict": 7, "num_ctx": 512, "use_mmap": True, "mirostat": 1, "novelty": 2})
    assert body == {**chat(), **sampling, "max_tokens": 7, "novelty": 2}


@pytest.mark.parametrize("limit", [-1, -2, 0])
def test_no_limit_is_said_by_leaving_it_out(limit):
    assert chat(options={"num_predict": limit}) == chat()


def test_an_option_cannot_take_the_place_of_a_field():
    assert chat(options={"model": "other", "Messages": [], "stream": True, "n": 99}) == chat()


def test_what_has_no_place_is_left_out_and_what_is_unknown_is_passed_on():
    left_out = {"keep_alive": 0, "truncate": False, "shift": True}
    assert chat(**left_out, logprobs=True, top_logprobs=2, user="u", format="", tools=[]) == {
        **chat(),
        "logprobs": True,
        "top_logprobs": 2,
        "user": "u",
    }


def test_names_are_read_whatever_their_case_and_the_exact_one_wins():
    body = chat_to_openai(
        {"model": "m", "MODEL": "other", "Messages": MESSAGES, "Stream": False, "Options": {"Seed": 1}}
    )
    assert body == {**chat(), "Seed": 1}


def test_format_is_response_format():
    assert chat(format="json")["response_format"] == {"type": "json_object"}
    named = {"name": "response", "schema": SCHEMA, "strict": False}
    assert chat(format=SCHEMA)["response_format"] == {"type": "json_schema", "json_schema": named}


@pytest.mark.parametrize(
    ("think", "effort"), [(True, "medium"), (False, "none"), ("low", "low"), ("high", "high"), ("max", "xhigh")]
)
def test_think_is_reasoning_effort(think, effort):
    assert chat(think=think)["reasoning_effort"] == effort


def test_a_model_that_cannot_think_is_not_told_not_to():
    assert chat(thinks=False, think=False) == chat()
    assert chat(thinks=False, think=True)["reasoning_effort"] == "medium"


def test_calls_have_ids_and_strings_and_results_find_their_call():
    look = {"function": {"name": "look", "arguments": {"city": "Gräz"}}}
    wait = {"id": "call_w", "function": {"index": 1, "name": "wait", "arguments": {}}}
    made, waited, looked = messages(
        {"role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": [look, wait]},
        {"role": "tool", "tool_name": "wait", "content": "Done."},
        {"role": "tool", "content": "Rain."},
    )
    assert made["reasoning"] == "Hm."
    assert [call["function"] for call in made["tool_calls"]] == [
        {"name": "look", "arguments": '{"city":"Gräz"}'},
        {"name": "wait", "arguments": "{}"},
    ]
    assert {call["type"] for call in made["tool_calls"]} == {"function"}
    assert waited == {"role": "tool", "content": "Done.", "tool_call_id": "call_w"}
    assert looked["tool_call_id"] == made["tool_calls"][0]["id"]


def test_two_calls_of_one_tool_are_answered_in_their_order():
    calls = [{"id": name, "function": {"name": "look", "arguments": {}}} for name in ("a", "b")]
    results = [{"role": "tool", "tool_name": "look", "content": "x"}] * 2
    told = messages({"role": "assistant", "tool_calls": calls}, *results)
    assert [message["tool_call_id"] for message in told[1:]] == ["a", "b"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "x"}, "messages"),
        ({"messages": ["x"]}, "messages.0"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, "messages.0.content"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.tool_name"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "messages.0.tool_calls.0"),
        ({"format": "yaml"}, "format"),
        ({"think": "banana"}, "think"),
        ({"options": 5}, "options"),
        ({"options": {"temperature": "0"}}, "options.temperature"),
        ({"stream": "no"}, "stream"),
    ],
)
def test_a_wrong_field_is_named(fields, path):
    assert path_of(chat, **fields) == path


@pytest.mark.parametrize("arguments", ["{}", [1], {"n": float("inf")}])
def test_arguments_that_are_no_object_are_named(arguments):
    call = {"function": {"name": "look", "arguments": arguments}}
    body = [{"role": "assistant", "tool_calls": [call]}]
    assert path_of(chat, messages=body) == "messages.0.tool_calls.0.function.arguments"


def test_a_body_without_a_question_only_loads():
    assert only_loads({"messages": []}, "messages")
    assert only_loads({"keep_alive": 0}, "prompt")
    assert not only_loads({"PROMPT": "x"}, "prompt")
