from __future__ import annotations

import pytest

from unified_app.errors import InvalidInput
from unified_app.gateway.translate.openai_request import (
    chat_to_ollama,
    completion_to_ollama,
    embeddings_to_ollama,
    wants_usage,
)

MESSAGES = [{"role": "user", "content": "x"}]
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


def chat(own=None, **fields):
    return chat_to_ollama({"model": "m", "messages": MESSAGES, **fields}, own)


def path_of(call, *args, **fields) -> str:
    with pytest.raises(InvalidInput) as raised:
        call(*args, **fields)
    (path,) = raised.value.details
    return path


def test_a_bare_chat_says_that_it_is_not_a_stream():
    assert chat() == {"model": "m", "messages": MESSAGES, "stream": False}
    assert chat(stream=True, stream_options={"include_usage": True})["stream"] is True


def test_sampling_goes_into_options():
    sampling = {"temperature": 0.5, "top_p": 0.9, "seed": 3, "frequency_penalty": 1, "presence_penalty": -1}
    assert chat(**sampling, stop="END", max_tokens=5)["options"] == {**sampling, "stop": ["END"], "num_predict": 5}


@pytest.mark.parametrize("limits", [{"max_completion_tokens": 7}, {"max_completion_tokens": 7, "max_tokens": 9}])
def test_the_newer_name_of_the_limit_wins(limits):
    assert chat(**limits)["options"] == {"num_predict": 7}


def test_ollamas_own_words_are_taken_and_its_options_win():
    body = chat(temperature=1, top_k=5, num_ctx=2048.0, options={"temperature": 0, "stop": "x", "new_one": True})
    assert body["options"] == {"temperature": 0, "top_k": 5, "num_ctx": 2048, "stop": ["x"], "new_one": True}
    assert "top_k" not in body
    kept = {"keep_alive": "5m", "truncate": False, "think": "low", "format": "json"}
    assert kept.items() <= chat(**kept).items()


def test_the_models_own_sampling_holds_before_the_protocols_defaults():
    assert chat({"temperature": 0.2, "num_ctx": 512})["options"] == {"temperature": 0.2, "top_p": 1.0}
    assert chat({"temperature": 0.2}, temperature=0.7)["options"] == {"temperature": 0.7, "top_p": 1.0}
    assert chat({"temperature": "0.2"})["options"] == {"temperature": 1.0, "top_p": 1.0}
    assert "options" not in chat(None)


def test_tools_are_passed_unless_none_may_be_called():
    assert chat(tools=TOOLS, tool_choice="auto")["tools"] == TOOLS
    assert "tools" not in chat(tools=TOOLS, tool_choice="none")
    assert "tools" not in chat(tools=[])


@pytest.mark.parametrize(
    ("wish", "form"),
    [
        ({"type": "json_object"}, "json"),
        ({"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": SCHEMA}}, SCHEMA),
        ({"type": "text"}, None),
    ],
)
def test_a_response_format_is_ollamas_format(wish, form):
    body = chat(response_format=wish)
    assert body.get("format") == form
    assert "response_format" not in body


@pytest.mark.parametrize(
    ("effort", "think"),
    [("none", False), ("minimal", "low"), ("low", "low"), ("medium", "medium"), ("high", "high")]
    + [("xhigh", "max"), ("max", "max")],
)
def test_reasoning_effort_is_think(effort, think):
    assert chat(reasoning_effort=effort)["think"] == think
    assert chat(reasoning={"effort": effort})["think"] == think
    assert chat(reasoning_effort=effort, think=True)["think"] is True


def test_unknown_fields_are_passed_on_and_nulls_are_not():
    body = chat(logprobs=True, top_logprobs=2, user="u", novelty={"a": 1}, n=None, temperature=None)
    assert body == {**chat(), "logprobs": True, "top_logprobs": 2, "user": "u", "novelty": {"a": 1}}


def test_a_name_in_another_case_does_not_reach_the_server_that_would_read_it():
    assert chat(**{"Model": "other", "KEEP_ALIVE": 0, "me\u017f\u017fages": [], "Novelty": 1}) == {
        **chat(),
        "Novelty": 1,
    }


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"temperature": "0"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": float("nan")}, "top_p"),
        ({"seed": 1.5}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": "5"}, "max_completion_tokens"),
        ({"stop": [1]}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"options": []}, "options"),
        ({"options": {"num_ctx": "4096"}}, "options.num_ctx"),
        ({"options": {"use_mmap": 1}}, "options.use_mmap"),
        ({"tools": {}}, "tools"),
        ({"think": "banana"}, "think"),
        ({"reasoning_effort": "banana"}, "reasoning_effort"),
        ({"reasoning": {"effort": []}}, "reasoning.effort"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
    ],
)
def test_a_wrong_field_is_named(fields, path):
    assert path_of(chat, **fields) == path


def test_a_completion_is_a_generate():
    body = {"model": "m", "prompt": ["a"], "suffix": "b", "max_tokens": 3, "logprobs": 2, "stream": True, "echo": False}
    assert completion_to_ollama(body, None) == {
        **{"model": "m", "prompt": "a", "suffix": "b", "stream": True, "echo": False},
        **{"options": {"num_predict": 3}, "logprobs": True, "top_logprobs": 2},
    }


@pytest.mark.parametrize("prompt", [None, ["a", "b"], [1, 2], [], 5])
def test_a_prompt_that_is_not_one_text_is_refused(prompt):
    assert path_of(completion_to_ollama, {"model": "m", "prompt": prompt}, None) == "prompt"


def test_embeddings_are_asked_as_a_list_so_that_an_empty_text_does_not_only_load_the_model():
    body = {"model": "m", "input": "", "dimensions": 8, "encoding_format": "base64", "num_ctx": 128, "user": "u"}
    assert embeddings_to_ollama(body) == {
        "model": "m",
        "input": [""],
        "dimensions": 8,
        "options": {"num_ctx": 128},
        "user": "u",
    }


@pytest.mark.parametrize("wanted", [None, [], [1, 2], [[1]], 5])
def test_embeddings_of_nothing_or_of_tokens_are_refused(wanted):
    assert path_of(embeddings_to_ollama, {"model": "m", "input": wanted}) == "input"


def test_an_unknown_encoding_is_refused():
    assert path_of(embeddings_to_ollama, {"input": "x", "encoding_format": "hex"}) == "encoding_format"


def test_usage_in_a_stream_is_wanted_only_when_asked_for():
    assert wants_usage({"stream_options": {"include_usage": True}})
    assert not wants_usage({"stream_options": None})
    assert not wants_usage({})
