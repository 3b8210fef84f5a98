"""Results: the sentence, the tables, answers side by side, files."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from registry_project.gradio_app import suite_figures as figures
from registry_project.gradio_app.suite_download import write_csv
from registry_project.gradio_app.suite_findings import Findings, Shown
from registry_project.gradio_app.suite_replies import Comparison, Entrant, Pair, Run, Standing
from registry_project.gradio_app.suite_run import RunPanel
from registry_project.gradio_app.suite_tables import lead, pairs, results, verdict
from tests.gradio_app.test_suite_run import MODELS, RunCase

RUN = Run("1", "done", models=(Entrant("a", "Ada"), Entrant("b", "Bob"), Entrant("c", "Cyd")))


def compared(*verdicts: str, metric: str = "pass", unit: str = "") -> Comparison:
    """A comparison of Ada with Bob and Cyd."""
    rows = [Standing(model, 40, 0.9 - 0.1 * n, 0.5, 0.95, 1) for n, model in enumerate("abc")]
    told = [Pair("a", b, 0.1, -0.05, 0.2, 0.01, each, 40, 320) for b, each in zip("bc", verdicts, strict=True)]
    return Comparison(metric, tuple(rows), tuple(told), unit)


class TestTables(RunCase):
    def test_the_first_sentence_says_who_is_best_and_how_sure_that_is(self) -> None:
        same = "not enough cases"

        assert "better than each of the others beyond chance" in lead(RUN, compared("a", "a"))
        assert "Ada</strong> passes 90.0 % of 40 cases; it cannot be told apart from Bob." in lead(
            RUN, compared(same, "a")
        )
        assert "from Bob and Cyd." in lead(RUN, compared(same, "same"))
        assert "No model has a value" in lead(RUN, Comparison("pass"))

    def test_verdicts_are_words(self) -> None:
        told = compared("a", "b")
        first, second = told.pairs
        slow = compared("a", "a", metric="latency", unit="s")

        assert verdict(RUN, told, first) == "Ada is better" and verdict(RUN, told, second) == "Cyd is better"
        assert verdict(RUN, slow, first) == "Ada is faster"
        same, few = compared("same", "not enough cases").pairs
        assert verdict(RUN, told, same) == "No difference that matters"
        assert verdict(RUN, told, few) == "Not enough cases to tell; about 320 would be needed"

    def test_the_table_has_value_interval_and_a_picture_of_it(self) -> None:
        told = results(RUN, compared("same", "same"))

        assert "<strong>90.0 %</strong> (50.0 % to 95.0 %)" in told
        assert told.count('class="chart-value"') == 3
        assert told.count("Rank 1 to 3, tied") == 3

    def test_pairs_that_are_decided_stand_first(self) -> None:
        told = pairs(RUN, compared("same", "a"))

        assert told.index("Ada is better") < told.index("No difference that matters")
        assert "<strong>+10.0</strong> (-5.0 to +20.0)" in told

    def test_a_model_without_a_value_is_told_last(self) -> None:
        told = results(RUN, Comparison("pass", (Standing("b", 4, 0.5, 0.1, 0.9, 1),)))

        assert told.index("Bob") < told.index("Ada")

    def test_numbers_have_their_unit(self) -> None:
        scores, slow = Comparison("rouge"), Comparison("latency", unit="s")

        assert (figures.value(scores, 0.5), figures.value(slow, 1.234), figures.value(slow, None)) == (
            "0.500",
            "1.23 s",
            "–",
        )
        assert figures.money(0.00123) == "0.0012 USD" and figures.duration(3_725) == "1 h 2 min"


class FindingsCase(RunCase):
    def setUp(self) -> None:
        super().setUp()
        self.findings = Findings(self.client)
        self.start()
        self.fake.bench.step = 8

    def ended(self) -> Shown:
        RunPanel(self.client).look(self.session)
        return self.findings.shown(self.session)


class TestFindings(FindingsCase):
    def test_a_run_under_way_has_none(self) -> None:
        self.fake.bench.step = 1

        assert not self.ended().area.visible
        assert self.fake.bodies("/api/comparisons") == []

    def test_a_run_that_ended_is_compared_once(self) -> None:
        shown = self.ended()
        again = self.findings.shown(self.session)

        assert shown.area.visible and "cannot be told apart from qwq:32b" in shown.lead
        assert "4 of 4" in shown.table and "about 24 would be needed" in shown.pairs
        assert (shown.first.value, shown.second.value) == tuple(MODELS)
        assert [value for _, value in shown.metric.choices] == ["pass", "exact", "latency"]
        assert isinstance(again.table, dict)
        assert len(self.fake.bodies("/api/comparisons")) == 1

    def test_another_metric_leaves_the_models_beside_each_other(self) -> None:
        self.ended()
        shown = self.findings.compare(self.session, "exact")

        assert shown.metric.value == "exact" and isinstance(shown.first, dict)
        assert "metric=exact" in self.fake.raw_paths[-1]

    def test_a_comparison_that_fails_is_a_sentence(self) -> None:
        self.fake.faults["GET /api/comparisons"] = (400, {"error": {"message": "metric: No."}}, {})

        assert "Metric: No." in self.ended().lead


class TestAnswers(FindingsCase):
    def test_two_models_stand_side_by_side_as_text(self) -> None:
        self.ended()
        case, told = self.findings.beside(self.session, *MODELS, True)

        assert [name for name, _ in case.choices] == ["Case 2: passed, not passed"]
        assert "The sum is &lt;b&gt;4&lt;/b&gt;." in told and "2 + 2" in told and "expected 4" in told
        assert "differ=true" in self.fake.raw_paths[-1]

    def test_all_cases_can_be_seen_and_one_chosen(self) -> None:
        self.ended()
        case, _ = self.findings.beside(self.session, *MODELS, False)

        assert [name for name, _ in case.choices] == ["Case 2: passed, not passed", "Case 3: passed, no answer"]
        assert "No answer yet." in self.findings.one(self.session, "Case 3: passed, no answer")

    def test_one_model_alone_is_not_compared_with_itself(self) -> None:
        self.ended()

        assert "Choose two models." in self.findings.beside(self.session, MODELS[0], MODELS[0], True)[1]


class TestFiles(FindingsCase):
    def setUp(self) -> None:
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(patch.dict(os.environ, GRADIO_TEMP_DIR=folder))

    def read(self, kind: str) -> str:
        self.ended()
        path, told = self.findings.download(kind, self.session)
        assert f"evaluation-1.{kind} is on its way" in told
        return Path(path).read_text()

    def test_json_is_what_the_registry_has(self) -> None:
        assert len(json.loads(self.read("json"))["results"]) == 8

    def test_csv_has_a_row_for_each_result_and_no_formulas(self) -> None:
        rows = list(csv.DictReader(io.StringIO(self.read("csv"))))

        assert len(rows) == 8 and rows[0]["exact"] == "1.0"
        # What a model says must not become a formula of whoever opens the file.
        assert rows[0]["output"] == "'=1+1"

    def test_the_file_goes_with_the_next_one(self) -> None:
        self.read("json")
        assert self.session.bench.download is not None
        first = self.session.bench.download.path
        self.read("csv")

        assert not first.exists()

    def test_negative_numbers_and_texts_over_lines_stay_as_they_are(self) -> None:
        stream = io.StringIO()
        write_csv([[{"output": "-5"}, {"output": "a\nb,c"}], [{"output": "@x"}]], stream)

        assert [row["output"] for row in csv.DictReader(io.StringIO(stream.getvalue()))] == ["-5", "a\nb,c", "'@x"]
