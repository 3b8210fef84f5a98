"""Generate and embed of an Ollama caller, for an OpenAI upstream."""

from __future__ import annotations

import base64

import pytest

from unified_app.errors import InvalidInput
from unified_app.gateway.translate.ollama_request import embed_to_openai, generate_to_openai

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 60).decode()


def path_of(call, *args, **fields) -> str:
    with pytest.raises(InvalidInput) as raised:
        call(*args, **fields)
    (path,) = raised.value.details
    return path


def test_a_generate_is_a_chat_of_system_and_prompt():
    body = {"model": "m", "prompt": "x", "system": "s", "images": [PNG], "stream": False, "context": [1]}
    route, told = generate_to_openai(body)
    assert route == "chat/completions"
    assert [message["role"] for message in told["messages"]] == ["system", "user"]
    assert told["messages"][1]["content"][1] == {"type": "text", "text": "x"}
    assert told.keys() == {"model", "messages"}


@pytest.mark.parametrize("fields", [{"raw": True}, {"suffix": "b"}])
def test_a_generate_without_a_template_is_a_completion(fields):
    body = {"model": "m", "prompt": "a", "options": {"num_predict": 3}, "logprobs": True, "top_logprobs": 4}
    route, told = generate_to_openai(body | fields | {"stream": False})
    suffix = {"suffix": "b"} if "suffix" in fields else {}
    assert route == "completions"
    assert told == {"model": "m", "prompt": "a", **suffix, "max_tokens": 3, "logprobs": 4}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"template": "{{ .Prompt }}"}, "template"),
        ({"raw": True, "system": "s"}, "system"),
        ({"suffix": "b", "images": [PNG]}, "images"),
        ({"images": ["x"]}, "images.0"),
    ],
)
def test_a_generate_that_cannot_be_translated_names_the_field(fields, path):
    assert path_of(generate_to_openai, {"model": "m", "prompt": "x", **fields}) == path


def test_embed_and_the_older_embeddings_are_one():
    body = {
        "model": "m",
        "input": ["a", "b"],
        "dimensions": 8,
        "truncate": True,
        "options": {"num_ctx": 5},
        "user": "u",
    }
    told = {"model": "m", "input": ["a", "b"], "encoding_format": "float", "dimensions": 8, "user": "u"}
    assert embed_to_openai(body) == told
    assert embed_to_openai({"model": "m", "prompt": "a"})["input"] == "a"
    assert path_of(embed_to_openai, {"input": [1]}) == "input"
    assert path_of(embed_to_openai, {"prompt": ""}) == "prompt"
