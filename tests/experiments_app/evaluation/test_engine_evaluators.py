from __future__ import annotations

from typing import Any

import pytest
from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from experiments_app.evaluation.engine import Engine
from experiments_app.evaluation.evaluators.registry import EVALUATORS, METHODS, describe
from experiments_app.evaluation.replies import CallFailed, Reply, Usage
from experiments_app.evaluation.scores import CaseOutcome, Score
from experiments_app.evaluation.suites import read_suite
from tests.experiments_app.evaluation.evaluating import Asked, engine, entry, outcome, refused

KINDS = {"string", "number", "json", "similarity", "judge", "limit", "tools", "embedding", "vision", "thinking"}
# Options without which an evaluator is not built.
NEEDED: dict[str, dict[str, Any]] = {
    "registry/regex": {"pattern": r"\w+@\w+"},
    "registry/json-schema": {"schema": {"type": "object"}},
    "registry/embedding-similarity": {"model": "emb"},
    "registry/judge": {"model": "j", "rubric": "Polite?"},
    "registry/pairwise": {"model": "j"},
    "registry/latency": {"max_seconds": 1},
    "registry/cost": {"max_usd": 1, "max_tokens": 10},
}
CASE = {
    "input": "?",
    "expected": "1",
    "answers": ["1"],
    "expected_calls": [{"name": "f", "arguments": {"a": [1, {"b": "x"}]}}],
}
EMBEDDERS = ("registry/retrieval", "registry/similarity")


class _Anything(dict[str, tuple[float, float]]):
    """A vector for any text."""

    def __bool__(self) -> bool:
        return True

    def __missing__(self, text: str) -> tuple[float, float]:
        return (1.0, 0.5)


class DescribeTests(SimpleTestCase):
    def test_every_evaluator_is_listed_with_a_valid_schema(self) -> None:
        told = describe()
        assert len(told) == len(METHODS) + len(EVALUATORS) == len({(row["name"], row["uses"]) for row in told})
        for row in told:
            assert row["type"] in KINDS and row["description"].endswith("."), row["name"]
            Draft202012Validator.check_schema(row["parameters"])

    def test_the_names_are_those_of_the_documentation(self) -> None:
        names = """equals contains starts-with ends-with regex numeric json-valid json-schema edit-similarity rouge-l
            embedding-similarity judge pairwise latency cost tool-calls retrieval similarity vqa-exact anls
            thinking-answer"""
        ours = {uses.removeprefix("registry/") for uses in EVALUATORS if uses.startswith("registry/")}
        assert ours == set(names.split())

    def test_defaults_are_allowed_by_their_own_schema(self) -> None:
        for row in describe():
            for name, rule in row["parameters"].get("properties", {}).items():
                if "default" in rule:
                    assert Draft202012Validator(rule).is_valid(rule["default"]), (row["name"], name)


class OptionsTests(SimpleTestCase):
    def test_the_place_of_the_evaluator_is_in_the_path(self) -> None:
        first = {**entry("contains", {"value": "x"}), "name": "a"}
        assert list(refused(first, {**entry("numeric", {"value": []}), "name": "b"})) == ["evaluators[1].with.value"]

    def test_unknown_options_and_names_are_refused(self) -> None:
        for uses in EVALUATORS:
            assert list(refused(entry(uses, {**NEEDED.get(uses, {}), "zzz": 1}))) == ["evaluators[0].with.zzz"], uses
        for uses in ("registry/none", "acme/x", "contains/"):
            assert list(refused(entry(uses))) == ["evaluators[0].uses"], uses

    def test_numbers_that_are_none_are_refused(self) -> None:
        nan = float("nan")
        assert list(refused(entry("latency", {"max_seconds": nan}))) == ["evaluators[0].with.max_seconds"]
        assert list(refused(entry("numeric", {"value": 1, "units": {"km": nan}}))) == ["evaluators[0].with.units.km"]
        assert list(refused(entry("numeric", {"value": 10**400}))) == ["evaluators[0].with.value"]

    def test_nothing_is_called_by_a_check(self) -> None:
        suite = read_suite(
            {
                "messages": [{"role": "user", "content": "x"}],
                "testData": [CASE],
                "evaluators": [entry("github/fluency")],
            }
        )
        Engine(suite).check()


class OutcomeTests(SimpleTestCase):
    def _passed(self, *scores: tuple[bool | None, str]) -> bool | None:
        return CaseOutcome(Reply(), tuple(Score("s", None, passed, error=error) for passed, error in scores)).passed

    def test_one_that_fails_fails_the_case(self) -> None:
        assert self._passed((True, ""), (False, ""), (None, "unparsed")) is False

    def test_what_could_not_be_decided_leaves_it_undecided(self) -> None:
        for error in ("unparsed", "judge_failed", "timed_out"):
            assert self._passed((True, ""), (None, error)) is None, error

    def test_measures_and_what_does_not_apply_have_no_say(self) -> None:
        assert self._passed((True, ""), (None, ""), (None, "not_applicable")) is True
        assert self._passed((None, "")) is True and self._passed() is True

    def test_a_case_with_nothing_to_score_does_not_pass(self) -> None:
        assert self._passed((None, "not_applicable")) is None
        assert self._passed((None, "not_applicable"), (None, "")) is None


class RobustnessTests(SimpleTestCase):
    """No answer of a model, and no words of a judge, raise anything or end up as a number that is none."""

    engines = {
        uses: engine(entry(uses, NEEDED.get(uses)), cases=[CASE]) for uses in EVALUATORS if uses not in EMBEDDERS
    }
    ODD = st.one_of(
        st.text(max_size=30),
        st.text("0123456789.,-+eE/%$ \u2212", max_size=20),
        st.text('{}[]":,tnf01 \\`\n', max_size=30),
        st.sampled_from(["\ud800", "\x00", "NaN", "1e999", "[" * 3000, "\\boxed{" * 50, "a" * 10_000, "####", "**A**"]),
    )
    CALLS = st.lists(
        st.one_of(
            st.none(),
            st.fixed_dictionaries({"function": st.fixed_dictionaries({"name": st.just("f"), "arguments": ODD})}),
            st.dictionaries(
                st.sampled_from(["function", "name"]), st.one_of(st.none(), st.text(max_size=3)), max_size=2
            ),
        ),
        max_size=3,
    )

    @settings(max_examples=60, deadline=None)
    @given(ODD, CALLS, st.lists(ODD, min_size=2, max_size=2))
    def test_whatever_is_answered_there_is_a_score(self, text: str, calls: list[Any], words: list[str]) -> None:
        reply = Reply(text=text, tool_calls=tuple(calls), usage=Usage(1, 2, 3), cost=0.1, latency=1.0)
        for uses, ready in self.engines.items():
            asked = Asked(reply, judges=list(words), vectors=_Anything())
            score = ready.evaluate(ready.suite.cases[0], "m", asked).scores[0]
            assert score.value is None or score.value == score.value, uses
            # Databases take neither half of a pair nor a NUL.
            assert score.details.encode() is not None and "\x00" not in score.details, uses

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.lists(st.floats(width=32), max_size=3), max_size=3))
    def test_odd_vectors_fail_the_call_or_are_scored(self, vectors: list[list[float]]) -> None:
        case = {"query": "q", "relevant": ["a"], "sentence1": "x", "sentence2": "y", "score": 1}
        reply = Reply(embeddings=tuple(map(tuple, vectors)))
        for uses in EMBEDDERS:
            try:
                found = outcome(entry(uses), case, lambda request: reply, corpus=[{"id": "a", "text": "t"}])
            except CallFailed as error:
                assert error.code == "upstream_invalid"
            else:
                assert found.scores[0].value is not None


def test_a_score_that_is_no_number_is_none() -> None:
    from experiments_app.evaluation.evaluators.base import _finite

    score = _finite(Score("s", float("nan"), False, values={"a": float("inf"), "b": 1.0}))
    assert (score.value, score.passed, score.values) == (None, None, {"b": pytest.approx(1.0)})
