from __future__ import annotations

import subprocess
import sys

import pytest
from django.test import SimpleTestCase

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.engine import check, engine_of, evaluate_case, needs, request_of
from experiments_app.evaluation.replies import CallFailed, Reply
from experiments_app.evaluation.suites import read_suite
from tests.experiments_app.evaluation.evaluating import Asked, engine, entry

PNG = "data:image/png;base64,AAAA"


def body(case: dict, **document: object) -> dict:
    suite = read_suite({"messages": [{"role": "user", "content": "{{input}}"}], **document, "testData": [case]})
    return request_of(suite, suite.cases[0])


class RequestTests(SimpleTestCase):
    def test_messages_are_filled_and_parameters_sent(self) -> None:
        messages = [{"role": "system", "content": "Be {{how}}."}, {"role": "user", "content": "{{input}} {{else}}"}]
        told = body({"input": "Hi", "how": "brief"}, messages=messages, modelParameters={"maxTokens": 5})
        assert told == {
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi {{else}}"}],
            "max_tokens": 5,
        }

    def test_images_go_with_the_last_message_of_the_user(self) -> None:
        messages = [{"role": "user", "content": "{{input}}"}, {"role": "assistant", "content": "Hm"}]
        told = body({"input": "What?", "images": [PNG]}, messages=messages)["messages"]
        assert told[0]["content"] == [
            {"type": "text", "text": "What?"},
            {"type": "image_url", "image_url": {"url": PNG}},
        ]
        assert told[1]["content"] == "Hm"

    def test_where_the_user_says_nothing_images_are_a_message(self) -> None:
        told = body({"images": [PNG]}, messages=[{"role": "system", "content": "Look."}])["messages"]
        assert (told[1]["role"], len(told[1]["content"])) == ("user", 1)

    def test_a_case_may_bring_its_conversation_and_tools(self) -> None:
        mine, ours = ({"type": "function", "function": {"name": name}} for name in ("mine", "ours"))
        talk = [
            {"role": "user", "content": [{"type": "text", "text": "Say {{word}}"}]},
            {"role": "assistant", "content": None},
        ]
        told = body({"word": "yes", "messages": talk, "tools": [mine]}, tools=[ours])
        assert told["messages"][0]["content"] == [{"type": "text", "text": "Say yes"}]
        assert [tool["function"]["name"] for tool in told["tools"]] == ["mine"]
        assert [tool["function"]["name"] for tool in body({"input": "x"}, tools=[ours])["tools"]] == ["ours"]
        assert "tools" not in body({"input": "x", "tools": []}, tools=[ours])

    def test_the_suite_is_not_changed(self) -> None:
        suite = read_suite({"messages": [{"role": "user", "content": "x"}], "testData": [{"images": [PNG]}]})
        assert request_of(suite, suite.cases[0]) == request_of(suite, suite.cases[0])
        assert suite.messages[0]["content"] == "x"


class EvaluateTests(SimpleTestCase):
    CONTAINS = entry("contains", {"value": "yes"})

    def _suite(self, *entries: dict) -> object:
        messages = [{"role": "user", "content": "{{input}}"}]
        return read_suite({"messages": messages, "testData": [{"input": "?"}], "evaluators": list(entries)})

    def test_all_evaluators_score_the_answer_in_their_order(self) -> None:
        suite = self._suite(self.CONTAINS, {**entry("equals", {"value": "Yes"}), "name": "same"})
        found = evaluate_case(suite, suite.cases[0], "m", Asked("yes"))
        assert [(score.name, score.passed) for score in found.scores] == [("it", True), ("same", False)]
        assert found.passed is False and found.reply.text == "yes"

    def test_without_evaluators_a_case_passes(self) -> None:
        suite = self._suite()
        assert evaluate_case(suite, suite.cases[0], "m", Asked("x")).passed is True

    def test_the_cases_own_failure_is_raised(self) -> None:
        suite = self._suite(self.CONTAINS)
        with pytest.raises(CallFailed):
            evaluate_case(suite, suite.cases[0], "m", Asked(CallFailed("no_placement", "nobody")))

    def test_the_model_and_the_repeat_are_those_asked_for(self) -> None:
        suite, asked = self._suite(self.CONTAINS), Asked("x")
        evaluate_case(suite, suite.cases[0], "some-model", asked, repeat=2)
        request = asked.requests[0]
        assert (request.model, request.repeat, request.purpose, request.timed) == ("some-model", 2, "case", False)

    def test_times_are_asked_for_when_an_evaluator_wants_them(self) -> None:
        suite, asked = self._suite(entry("latency", {"max_seconds": 1})), Asked("x")
        evaluate_case(suite, suite.cases[0], "m", asked)
        assert asked.requests[0].timed

    def test_a_judge_judges_each_repeat_anew(self) -> None:
        suite, asked = self._suite(entry("github/fluency")), Asked("x", judges=["5"])
        evaluate_case(suite, suite.cases[0], "m", asked, repeat=3)
        assert asked.requests[1].repeat == 3

    def test_a_suite_that_nobody_checked_is_undecided_where_a_case_is_wrong(self) -> None:
        found = engine(entry("numeric"), cases=[{"expected": "many"}])
        assert found.evaluate(found.suite.cases[0], "m", Asked("1")).passed is None

    def test_the_engine_lives_as_long_as_its_suite(self) -> None:
        suite = self._suite(self.CONTAINS)
        assert engine_of(suite, "j") is engine_of(suite, "j") and engine_of(suite, "j") is not engine_of(suite, "k")


class NeedsTests(SimpleTestCase):
    def test_what_a_suite_needs_is_told(self) -> None:
        document = {"messages": [{"role": "user", "content": "x"}], "testData": [{"images": [PNG], "answers": "x"}]}
        told = needs(read_suite({**document, "evaluators": [entry("vqa-exact")]}))
        assert (told.images, told.tools, told.timed, told.embeddings, told.judges) == (True, False, False, False, ())

    def test_judges_are_named_once_and_a_runs_judge_stands_in(self) -> None:
        entries = [{**entry("github/fluency"), "name": "a"}, {**entry("github/coherence"), "name": "b"}]
        suite = read_suite({"evaluators": entries})
        assert needs(suite).judges == ("openai/gpt-4o",) and needs(suite, "j").judges == ("j",)

    def test_a_suite_without_cases_can_be_checked(self) -> None:
        check(read_suite({"evaluators": [entry("numeric"), {**entry("retrieval"), "name": "b"}][:1]}))


class PureTests(SimpleTestCase):
    def test_it_is_imported_without_django_and_heavy_libraries(self) -> None:
        program = (
            "import sys, experiments_app.evaluation.engine; "
            "print([m for m in ('django', 'numpy', 'scipy', 'mlflow') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"

    def test_a_reply_without_a_text_is_an_empty_answer(self) -> None:
        found = engine(entry("contains", {"value": "x"}))
        assert found.evaluate(Case(0, {}), "m", lambda request: Reply()).passed is False
