"""Evaluation over the client: cases, errors on a case, batches and comparisons."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import SimpleTestCase

from github_models_app.evaluation_tools import ComparisonResult, EvaluationResult, GitHubModelsEvaluator
from tests.github_models_app.github_replies import Answer, failed
from tests.github_models_app.simulated import simulated
from unified_app.errors import InvalidInput, UpstreamRetired

GPT, MINI, LLAMA = "openai/gpt-4.1", "openai/gpt-4o-mini", "meta/llama-3.2-11b-vision-instruct"


def config(*answers: str, expected: str = "Paris", **more: Any) -> dict[str, Any]:
    """A prompt with one case for each answer that the service is to give."""
    return {
        "name": "Capitals",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "REPLY:{{answer}}"}],
        "testData": [{"answer": answer, "expected": expected} for answer in answers],
        "evaluators": [{"name": "right", "string": {"contains": "{{expected}}"}}],
        **more,
    }


class RunTests(SimpleTestCase):
    def test_each_case_is_one_call_with_its_checks(self):
        with simulated() as (client, server, _):
            result = GitHubModelsEvaluator(client).run_evaluation(GPT, config("It is paris.", "Rome", model="x/y"))
            assert [case.passed for case in result.cases] == [True, False]
            assert (result.passed, result.failed, result.errors, result.pass_rate) == (1, 1, 0, 50.0)
            assert result.cases[1].checks[0].details == "Expected to contain: 'Paris'"
            assert [request.body["model"] for request in server.calls()] == [GPT, GPT]
            assert "stream" not in server.calls()[0].body

    def test_the_answer_is_trimmed(self):
        with simulated() as (client, _, _):
            exact = [{"name": "e", "string": {"equals": "Paris"}}]
            result = GitHubModelsEvaluator(client).run_evaluation(GPT, config("  Paris  ", evaluators=exact))
            assert result.passed == 1

    def test_without_evaluators_an_answer_passes_and_without_cases_nothing_is_called(self):
        with simulated() as (client, server, _):
            evaluator = GitHubModelsEvaluator(client)
            assert evaluator.run_evaluation(GPT, config("x", evaluators=[])).pass_rate == 100
            server.requests.clear()
            assert evaluator.run_evaluation(GPT, config()).pass_rate == 100
            assert server.requests == []

    def test_a_failing_call_is_an_error_on_its_case_and_the_run_goes_on(self):
        with simulated() as (client, server, _):
            client.get_available_models()
            server.next.append(Answer(502, "<html>no</html>"))
            result = GitHubModelsEvaluator(client).run_evaluation(GPT, config("Paris", "Paris"))
            assert [case.error != "" for case in result.cases] == [True, False]
            assert (result.passed, result.failed, result.errors) == (1, 1, 1)

    def test_a_wrong_prompt_is_refused_before_any_call(self):
        with simulated() as (client, server, _):
            with pytest.raises(InvalidInput):
                GitHubModelsEvaluator(client).run_evaluation(GPT, config("x", evaluators=[{"name": "j", "llm": {}}]))
            assert server.requests == []

    def test_a_retired_service_ends_the_run(self):
        with simulated() as (client, server, _):
            client.get_available_models()
            server.mode = "retired"
            with pytest.raises(UpstreamRetired):
                GitHubModelsEvaluator(client).batch_evaluate([GPT, MINI], config("a", "b", "c"))
            assert len(server.calls()) == 1

    def test_a_run_of_two_hundred_cases_is_paced_and_not_refused(self):
        with simulated() as (client, server, time):
            result = GitHubModelsEvaluator(client).run_evaluation(GPT, config(*["Paris"] * 200))
            assert (result.passed, len(server.calls()), len(time.slept)) == (200, 200, 19)


class SeveralTests(SimpleTestCase):
    def test_a_batch_has_a_result_for_each_model_once(self):
        with simulated() as (client, _, _):
            results = GitHubModelsEvaluator(client).batch_evaluate([GPT, "acme/rocket", GPT], config("Paris"))
            assert {model: result.errors for model, result in results.items()} == {GPT: 0, "acme/rocket": 1}

    def test_models_are_compared_best_first_and_equals_share_a_rank(self):
        with simulated() as (client, server, _):
            client.get_available_models()
            server.next.append(failed(403, "no_access", "No access to model"))
            comparison = GitHubModelsEvaluator(client).compare_models([GPT, MINI, LLAMA], config("Paris", "Rome"))
            told = comparison.to_dict()
            ranks = [(row["model_id"], row["rank"], row["passed"]) for row in told["models"]]
            assert ranks == [(MINI, 1, 1), (LLAMA, 1, 1), (GPT, 3, 0)]
            assert told["best"] is None
            assert json.loads(json.dumps(told)) == told

    def test_cases_may_be_listed_with_input_and_expected(self):
        with simulated() as (client, server, _):
            cases = [{"input": "REPLY:It is Paris", "expected": "paris"}, {"input": "What?", "expected": "42"}]
            comparison = GitHubModelsEvaluator(client).compare_models([GPT], cases)
            assert comparison.best == GPT
            assert comparison.results[0].pass_rate == 50
            assert server.calls()[1].body["messages"] == [{"role": "user", "content": "What?"}]
            with pytest.raises(InvalidInput, match="expected"):
                GitHubModelsEvaluator(client).compare_models([GPT], [{"input": "x"}])
            with pytest.raises(InvalidInput, match="at least one model"):
                GitHubModelsEvaluator(client).compare_models([], cases)

    def test_nothing_compared_has_no_best(self):
        assert ComparisonResult((EvaluationResult(GPT, "", "", ()),)).best is None


class JudgeTests(SimpleTestCase):
    def test_a_judge_is_a_model_of_the_same_service(self):
        choices = [{"choice": "good", "score": 1}, {"choice": "poor", "score": 0}]
        llm = {"modelId": MINI, "prompt": "REPLY:{{completion}} is good", "choices": choices}
        with simulated() as (client, server, _):
            judged = config("Paris", evaluators=[{"name": "j", "llm": llm}])
            result = GitHubModelsEvaluator(client).run_evaluation(GPT, judged)
            assert [check.score for check in result.cases[0].checks] == [1.0]
            assert server.calls()[1].body["model"] == MINI
            assert server.calls()[1].body["messages"][0]["content"] == "REPLY:Paris is good"

    def test_a_judge_that_says_neither_leaves_the_case_undecided(self):
        llm = {"modelId": MINI, "prompt": "REPLY:hm", "choices": [{"choice": "good", "score": 1}]}
        with simulated() as (client, _, _):
            judged = config("Paris", evaluators=[{"name": "j", "llm": llm}])
            result = GitHubModelsEvaluator(client).run_evaluation(GPT, judged)
            assert (result.cases[0].checks[0].score, result.cases[0].checks[0].error) == (None, "unparsed")
            assert (result.passed, result.summary()["undecided"]) == (0, 1)

    def test_evaluators_of_the_registry_work_too(self):
        numeric = {"name": "n", "uses": "registry/numeric", "with": {"value": "{{expected}}"}}
        with simulated() as (client, _, _):
            told = config("It is 42.", expected="42", evaluators=[numeric])
            assert GitHubModelsEvaluator(client).run_evaluation(GPT, told).passed == 1


class AnswerTests(SimpleTestCase):
    def test_an_answer_without_text_is_empty_and_one_without_choices_an_error(self):
        for choices, error in (([{"message": {"content": None}}], ""), ([], "The answer has no choices.")):
            with simulated() as (client, server, _):
                client.get_available_models()
                server.next.append(Answer(200, json.dumps({"choices": choices})))
                result = GitHubModelsEvaluator(client).run_evaluation(GPT, config("Paris"))
                assert (result.cases[0].answer, result.cases[0].error) == ("", error)
