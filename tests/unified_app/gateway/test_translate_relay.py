from __future__ import annotations

import pytest

from unified_app.gateway.translate.relay import needs_native, with_own_sampling

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
IMAGE = [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": "data:;base64,AAAA"}}]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"temperature": 0, "top_p": 1, "seed": 1, "stop": "x", "max_tokens": 5, "max_completion_tokens": 5},
        {"options": None, "think": None, "reasoning_effort": "low", "tools": [{}], "tool_choice": "auto"},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        {"response_format": {"type": "json_object"}, "logprobs": True, "novelty": 1},
    ],
)
def test_what_ollamas_v1_does_itself_stays_there(fields):
    assert not needs_native(CHAT | fields)


@pytest.mark.parametrize(
    "fields",
    [{"options": {}}, {"num_ctx": 512}, {"think": False}, {"keep_alive": 0}, {"top_k": 1}, {"format": "json"}]
    + [{"truncate": False}, {"min_p": 0.1}, {"reasoning_effort": "minimal"}, {"reasoning": {"effort": "xhigh"}}]
    + [{"tools": [{}], "tool_choice": "none"}, {"messages": [{"role": "user", "content": IMAGE}]}],
)
def test_what_ollamas_v1_drops_or_bends_goes_to_the_native_route(fields):
    assert needs_native(CHAT | fields)


@pytest.mark.parametrize(
    ("fields", "native"),
    [({"prompt": "x"}, False), ({"prompt": ["x"]}, True), ({"prompt": "x", "logprobs": 1}, True)],
)
def test_completions_go_native_for_what_only_generate_tells(fields, native):
    assert needs_native({"model": "m", **fields}) is native


def test_only_the_native_route_keeps_parameters_that_are_not_known():
    assert needs_native(CHAT, own_known=False)
    assert not needs_native(CHAT | {"temperature": 0, "top_p": 1}, own_known=False)
    assert not needs_native({"model": "m", "input": "x"}, own_known=False)


def test_the_models_own_sampling_is_put_in_where_the_caller_is_silent():
    own = {"temperature": 0.3, "top_p": 0.5, "frequency_penalty": 1, "num_ctx": 512, "stop": ["x"]}
    assert with_own_sampling(CHAT, own) == CHAT | {"temperature": 0.3, "top_p": 0.5, "frequency_penalty": 1}
    assert with_own_sampling(CHAT | {"temperature": 0}, own)["temperature"] == 0
    assert with_own_sampling(CHAT, {"temperature": "0.3"}) is CHAT


def test_a_body_that_needs_nothing_is_not_copied():
    assert with_own_sampling(CHAT, {}) is CHAT
    assert with_own_sampling(CHAT, None) is CHAT


def test_the_newer_name_of_the_limit_becomes_the_one_that_is_read():
    body = with_own_sampling(CHAT | {"max_completion_tokens": 5, "max_tokens": 9}, {})
    assert body == CHAT | {"max_tokens": 5}


def test_a_second_model_in_another_case_is_not_relayed():
    assert with_own_sampling(CHAT | {"MODEL": "other"}, {}) == CHAT
