from __future__ import annotations

import pytest

from unified_app.errors import InvalidInput
from unified_app.gateway.translate.openai_messages import messages_to_ollama

CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"city":"Graz"}'}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
AUDIO = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}


def one(**message):
    return messages_to_ollama([message])[0]


def path_of(messages) -> str:
    with pytest.raises(InvalidInput) as raised:
        messages_to_ollama(messages)
    (path,) = raised.value.details
    assert raised.value.code == "invalid"
    return path


def test_text_stays_as_it_is():
    assert one(role="user", content="Hello.") == {"role": "user", "content": "Hello."}


def test_the_developers_role_is_system():
    assert one(role="developer", content="Be short.")["role"] == "system"


def test_parts_become_one_text_and_images_in_order():
    parts = [{"type": "text", "text": "One."}, IMAGE, {"type": "text", "text": "Two."}, AUDIO]
    message = one(role="user", content=parts)
    assert message == {"role": "user", "content": "One.\n\nTwo.", "images": ["iVBORw0KGgo=", "UklGRg=="]}


def test_an_image_may_be_a_bare_url():
    message = one(role="user", content=[{"type": "image_url", "image_url": "data:;base64,AAAA"}])
    assert message["images"] == ["AAAA"]


def test_a_call_has_an_object_for_arguments_and_its_result_the_tools_name():
    call, other = CALL, {**CALL, "id": "call_2", "function": {"name": "wait", "arguments": ""}}
    messages = messages_to_ollama(
        [
            {"role": "assistant", "content": None, "tool_calls": [call, other]},
            {"role": "tool", "tool_call_id": "call_2", "content": "Done."},
            {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "Rain."}]},
        ]
    )
    assert messages[0]["content"] == ""
    assert messages[0]["tool_calls"] == [
        {"id": "call_1", "function": {"name": "look", "arguments": {"city": "Graz"}}},
        {"id": "call_2", "function": {"name": "wait", "arguments": {}}},
    ]
    assert messages[1] == {"role": "tool", "content": "Done.", "tool_name": "wait", "tool_call_id": "call_2"}
    assert messages[2]["tool_name"] == "look"
    assert messages[2]["content"] == "Rain."


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_earlier_reasoning_is_thinking(name):
    assert one(role="assistant", content="4", **{name: "2+2"}) == {
        "role": "assistant",
        "content": "4",
        "thinking": "2+2",
    }


def test_unknown_fields_of_a_message_are_passed_on_and_nulls_are_not():
    assert one(role="user", content="x", name="Ann", mark=1, refusal=None) == {
        "role": "user",
        "content": "x",
        "name": "Ann",
        "mark": 1,
    }


@pytest.mark.parametrize("messages", [None, [], "x", {}])
def test_no_messages_would_load_the_model_and_are_refused(messages):
    assert path_of(messages) == "messages"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.org/x.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png,raw"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}},
        {"type": "image_url"},
        {"type": "input_audio", "input_audio": {}},
        {"type": "text"},
        {"type": "file", "file": {}},
        {},
        "text",
    ],
)
def test_a_part_that_cannot_be_translated_is_named(part):
    assert path_of([{"role": "user", "content": [{"type": "text", "text": "x"}, part]}]) == "messages.0.content.1"


@pytest.mark.parametrize("arguments", ["{", "[1]", '"x"', 5, "[" * 100_000])
def test_arguments_that_are_no_object_are_named(arguments):
    call = {**CALL, "function": {"name": "look", "arguments": arguments}}
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]
    assert path_of(messages) == "messages.1.tool_calls.0.function.arguments"


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ("x", "messages.0"),
        ({"content": "x"}, "messages.0.role"),
        ({"role": 5, "content": "x"}, "messages.0.role"),
        ({"role": "user"}, "messages.0.content"),
        ({"role": "user", "content": None}, "messages.0.content"),
        ({"role": "user", "content": 5}, "messages.0.content"),
        ({"role": "assistant", "tool_calls": {}}, "messages.0.tool_calls"),
        ({"role": "assistant", "tool_calls": [{"type": "custom"}]}, "messages.0.tool_calls.0"),
    ],
)
def test_a_message_of_the_wrong_shape_is_named(message, path):
    assert path_of([message]) == path
