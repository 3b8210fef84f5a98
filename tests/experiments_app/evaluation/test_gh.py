"""What the recorded runs of gh-models cannot show: waits, judges of the run, and answers that break off."""

from __future__ import annotations

import pytest

from experiments_app.evaluation.command.gh import Run, RunFailed, evaluate_file, go_duration, printed
from experiments_app.evaluation.command.gh_text import Printed
from experiments_app.evaluation.files.prompt_files import read_prompt_file
from experiments_app.evaluation.replies import CallFailed
from tests.experiments_app.evaluation.gh_model import Model

FILE = read_prompt_file("""
name: T
model: m
messages: [{role: user, content: 'REPLY:{{answer}}'}]
testData: [{answer: fine}]
evaluators:
- {name: j, llm: {modelId: own, prompt: 'JUDGE:good', choices: [{choice: good, score: 1}]}}
- {name: b, uses: github/fluency}
""")


def busy(seconds: float | None = None) -> CallFailed:
    return CallFailed("rate_limited", "too many", status=429, retry_after=seconds, transient=True)


class TestWaits:
    def test_a_busy_model_is_asked_again_after_the_time_it_names(self):
        slept: list[float] = []
        lines: list[str] = []
        model = Model(busy(44), busy(), busy(7200))
        document = Run(FILE, model, progress=Printed(lines.append), sleep=slept.append).document()
        assert document["summary"]["totalTests"] == 1
        assert slept == [44, 60, 7200]
        waits = [line for line in lines if "Rate limited" in line]
        assert waits[0] == "    Rate limited, waiting 44s before retry (attempt 1/4)...\n"
        assert "2h0m0s before retry (attempt 3/4)" in waits[2]

    def test_after_four_attempts_the_run_ends(self):
        slept: list[float] = []
        with pytest.raises(RunFailed) as error:
            Run(FILE, Model(*[busy(1)] * 4), sleep=slept.append).document()
        assert str(error.value) == (
            "test case 1 failed: failed to call model: rate limit exceeded after 4 attempts: "
            "rate limited: too many (retry after 1s)"
        )
        assert len(slept) == 3

    def test_other_errors_are_not_tried_again(self):
        model = Model(CallFailed("upstream_error", "unexpected response", status=503, transient=True))
        with pytest.raises(RunFailed, match="failed to call model: unexpected response"):
            Run(FILE, model, sleep=lambda _: None).document()
        assert len(model.asked) == 1

    def test_times_are_told_as_go_tells_them(self):
        for seconds, told in ((44, "44s"), (60, "1m0s"), (3661, "1h1m1s"), (86400, "24h0m0s")):
            assert go_duration(seconds) == told


class TestJudges:
    def test_judges_keep_their_models_unless_the_run_names_one(self):
        for judge, models in (("", ["m", "own", "openai/gpt-4o"]), ("all", ["m", "all", "all"])):
            model = Model()
            evaluate_file(FILE, model, judge=judge)
            assert [body["model"] for body in model.asked] == models


class TestPrinting:
    def test_a_half_of_a_pair_is_no_character(self):
        document = evaluate_file(read_prompt_file(""), Model())
        assert "\ufffd" in printed({**document, "name": "\ud800"})

    def test_a_terminal_gets_columns_with_a_head(self):
        lines: list[str] = []
        evaluate_file(FILE, Model(), progress=Printed(lines.append, is_terminal=True))
        table = next(line for line in lines if line.startswith("EVALUATION"))
        head, first, second = table.splitlines()[:3]
        assert head.index("SCORE") == first.index("1.00") == second.index("0.00")
