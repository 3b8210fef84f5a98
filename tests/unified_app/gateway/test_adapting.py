"""Bodies that a model does not take: renamed, dropped, and what its refusals teach."""

from __future__ import annotations

from typing import Any

import pytest

from unified_app.errors import UpstreamError
from unified_app.gateway.adapting import Refusals, adapt, refused_by

SYSTEM = {"role": "system", "content": "be brief"}
USER = {"role": "user", "content": "hello"}
NEW = "max_completion_tokens"
REASONING = frozenset(
    {"max_tokens", "temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"}
)


def refusal(message: str, code: str = "", param: str = "", status: int = 400) -> UpstreamError:
    error = UpstreamError(message)
    error.upstream_status, error.upstream_code, error.upstream_param = status, code, param
    return error


class TestAdapt:
    def test_nothing_refused_is_the_same_object(self):
        body = {"max_tokens": 5}
        assert adapt(body, frozenset())[0] is body

    def test_the_body_of_the_caller_stays_as_it_is(self):
        body = {"max_tokens": 5, "messages": [SYSTEM]}
        adapt(body, frozenset({"max_tokens", "system"}))
        assert body == {"max_tokens": 5, "messages": [SYSTEM]}

    @pytest.mark.parametrize(
        ("body", "refused", "sent", "told"),
        [
            ({"max_tokens": 5}, {"max_tokens"}, {"max_completion_tokens": 5}, "max_tokens=max_completion_tokens"),
            ({NEW: 5}, {NEW}, {"max_tokens": 5}, "max_completion_tokens=max_tokens"),
            ({"max_tokens": 5, NEW: 7}, {"max_tokens"}, {NEW: 7}, "max_tokens=dropped"),
            ({"max_tokens": 5}, {"max_tokens", "max_completion_tokens"}, {}, "max_tokens=dropped"),
            ({"max_tokens": None}, {"max_tokens"}, {"max_tokens": None}, ""),
            ({"temperature": 0.2}, {"temperature"}, {}, "temperature=dropped"),
            ({"temperature": 1}, {"temperature"}, {"temperature": 1}, ""),
            ({"temperature": 1.0}, {"temperature"}, {"temperature": 1.0}, ""),
            ({"temperature": 1}, {"any temperature"}, {}, "temperature=dropped"),
            ({"temperature": None, "top_p": None}, {"temperature", "top_p"}, {"temperature": None, "top_p": None}, ""),
            ({"top_p": 1, "frequency_penalty": 1}, REASONING, {"top_p": 1}, "frequency_penalty=dropped"),
            ({"logprobs": True, "top_logprobs": 3}, {"logprobs"}, {}, "logprobs=dropped, top_logprobs=dropped"),
            ({"seed": 1, "stop": ["x"]}, REASONING, {"seed": 1, "stop": ["x"]}, ""),
            ({"messages": "odd"}, {"system"}, {"messages": "odd"}, ""),
        ],
    )  # fmt: skip
    def test_each_parameter(self, body: dict[str, Any], refused: set[str], sent: dict[str, Any], told: str):
        assert adapt(body, frozenset(refused)) == (sent, told)

    def test_roles_are_renamed_both_ways(self):
        for role, other in (("system", "developer"), ("developer", "system")):
            body = {"messages": [{"role": role, "content": "x"}, USER, "odd"]}
            sent, told = adapt(body, frozenset({role}))
            assert sent["messages"] == [{"role": other, "content": "x"}, USER, "odd"]
            assert told == f"{role}={other}"

    def test_a_role_stays_when_the_other_is_refused_too(self):
        body = {"messages": [SYSTEM]}
        assert adapt(body, frozenset({"system", "developer"})) == (body, "")


class TestRefusedBy:
    @pytest.mark.parametrize(
        ("message", "code", "param", "name"),
        [
            ("No.", "unsupported_parameter", "max_tokens", "max_tokens"),
            ("Unsupported parameter: 'max_tokens' is not supported with this model.", "", "", "max_tokens"),
            ("Unsupported value: 'temperature' does not support 0.5 with this model.", "", "", "temperature"),
            ("No.", "unsupported_value", "temperature", "temperature"),
            ("No.", "unsupported_parameter", "temperature", "any temperature"),
            ("Unrecognized request argument supplied: max_completion_tokens", "", "", "max_completion_tokens"),
            ("'messages[0].role' does not support 'system'", "unsupported_value", "messages[0].role", "system"),
            ("Unsupported value: 'messages[0].role' does not support 'developer'.", "", "", "developer"),
            ("Unsupported value: 'messages[0].role' is odd.", "", "", ""),
            ("No.", "unsupported_parameter", "tools", ""),
            ("No.", "invalid_value", "temperature", ""),
            ("You wrote: Unsupported parameter: 'max_tokens'", "", "", ""),
        ],
    )
    def test_what_a_refusal_names(self, message: str, code: str, param: str, name: str):
        assert refused_by(refusal(message, code, param)) == name

    def test_a_role_that_pydantic_does_not_know_is_told_with_any_status(self):
        # Of llama-cpp-python's server 0.3, cut like every upstream's words.
        words = (
            "7 validation errors:   {'type': 'literal_error', 'loc': ('body', 'messages', {}, "
            "'ChatCompletionRequestSystemMessage', 'role'), 'msg': \"Input should be 'system'\", 'input': '{}', "
            "'ctx': {'expected': \"'system'\"}}..."
        )
        told = words.replace("{}", "0", 1)
        assert refused_by(refusal(told.replace("'{}'", "'developer'"), status=500)) == "developer"
        assert refused_by(refusal(told.replace("'{}'", "'nobody'"), status=500)) == ""

    def test_only_a_400_teaches(self):
        assert refused_by(refusal("No.", "unsupported_parameter", "max_tokens", status=500)) == ""


class TestRefusals:
    def test_names_are_gathered_by_placement(self):
        known = Refusals()
        known.learn(1, "max_tokens")
        known.learn(1, "temperature")
        assert known.of(1) == {"max_tokens", "temperature"} and known.of(2) == frozenset()

    def test_the_oldest_placement_is_forgotten(self):
        known = Refusals(most=2)
        for placement in (1, 2, 3):
            known.learn(placement, "top_p")
        assert [bool(known.of(placement)) for placement in (1, 2, 3)] == [False, True, True]
