"""Choosing a suite and models, uploading a suite, starting a run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.suite_form import SuiteForm
from registry_project.gradio_app.suite_words import check, problem
from tests.gradio_app.base import PageCase

DEEPSEEK, EMBEDDER = "deepseek-r1_8b_base", "all-minilm_l6-v2_base"
NO_OPTIONS: tuple[Any, ...] = ("", "", "", "", "", True)


class FormCase(PageCase):
    def setUp(self) -> None:
        super().setUp()
        self.form = SuiteForm(self.client)
        self.session.category = "thinking"

    def open(self, suite: str | None = None, models: Any = None, loaded: str | None = DEEPSEEK) -> list[Any]:
        return self.form.open(self.session, suite, models, loaded)


class TestOpening(FormCase):
    def test_a_suite_of_the_category_and_the_loaded_model_are_chosen(self) -> None:
        self.fake.bench.suites.insert(0, {**self.fake.bench.suites[0], "id": 9, "name": "seen", "category": "vision"})
        suite, _, card, models, *_ = self.open()

        assert suite.value == "1" and ("sums (thinking, 4 cases)", "1") in suite.choices
        assert models.value == [DEEPSEEK]
        assert "Small sums with one answer each." in card and "4 cases" in card
        assert "The answer equals “&#123;&#123;expected&#125;&#125;”." in card and "How alike words are." in card

    def test_models_that_cannot_answer_the_suite_are_not_offered(self) -> None:
        _, _, _, models, judge, *_ = self.open(loaded=EMBEDDER)

        assert models.value == []
        assert EMBEDDER not in dict(map(reversed, models.choices))
        assert EMBEDDER not in dict(map(reversed, judge.choices))

    def test_what_was_chosen_before_stays(self) -> None:
        suite, _, _, models, *_ = self.open(suite="1", models=["qwq_32b_base"])

        assert suite.value == "1" and models.value == ["qwq_32b_base"]

    def test_without_the_scope_it_says_so_and_has_no_buttons(self) -> None:
        self.session.scopes = ("read", "call")
        *_, told, run, send = self.open()

        assert "needs the scope “experiment”" in told
        assert not run.interactive and not send.interactive

    def test_without_suites_it_says_what_to_do(self) -> None:
        self.fake.bench.suites.clear()

        assert "Upload one below" in self.open()[6]

    def test_a_registry_that_fails_is_a_sentence(self) -> None:
        self.fake.faults["GET /api/suites"] = (500, {"error": {"message": "out of order"}}, {})

        assert "Out of order." in self.open()[6]

    def test_before_the_log_in_nothing_is_asked(self) -> None:
        before = len(self.fake.requests)
        self.form.open(Session(), None, None, None)

        assert len(self.fake.requests) == before


class TestChoosing(FormCase):
    def test_another_suite_drops_the_models_that_do_not_suit_it(self) -> None:
        self.open()
        self.fake.bench.suites[0]["category"] = "embedding"
        self.open()
        _, models, size = self.form.about(self.session, "1", [DEEPSEEK, EMBEDDER], "3")

        assert models.value == [EMBEDDER]
        assert "4 cases x 1 model x 3 repeats = 12 calls." in size

    def test_a_search_leaves_what_is_chosen(self) -> None:
        self.open()
        models, told = self.form.search(self.session, "qwq", "1", [DEEPSEEK])

        assert [value for _, value in models.choices] == [DEEPSEEK, "qwq_32b_base"] and models.value == [DEEPSEEK]
        assert told == ""
        assert "called anything like “nobody”" in self.form.search(self.session, "nobody", "1", [])[1]

    def test_a_suite_that_is_gone_is_a_sentence_about_a_suite(self) -> None:
        self.open()
        self.fake.bench.suites.clear()

        assert "does not know this suite any more" in self.form.about(self.session, "1", [], "")[0]


class TestUploading(FormCase):
    def upload(self, content: bytes = b"question,expected\n", **about: str) -> list[Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x"
            path.write_bytes(content)
            file = {"path": str(path), "orig_name": "mine.csv"}
            given = [about.get(name, "") for name in ("name", "category", "like")]
            return self.form.upload(self.session, file, *given, [], "")

    def test_the_file_goes_as_it_is_with_what_was_filled_in(self) -> None:
        suite, told, file, card, *_ = self.upload(like="1")
        [sent] = self.fake.bench.uploads

        assert b'filename="mine.csv"' in sent and b"question,expected\n" in sent and b'name="like"' in sent
        assert b'name="category"' not in sent
        assert suite.value == "2" and file is None
        assert "<strong>mine</strong> is in the registry: 4 cases, version 1, digest abababababab." in told
        assert "<strong>mine</strong>" in card

    def test_what_is_wrong_is_told_by_field(self) -> None:
        details = {"testData[3].tags": ["It is a list."], "evaluators[0].with.pattern": ["missing )"]}
        refusal = {"error": {"code": "invalid", "message": "testData[3].tags: ...", "details": details}}
        self.fake.faults["POST /api/suites"] = (400, refusal, {})
        told = self.upload()[1]

        assert "<code>testData[3].tags</code> It is a list." in told
        assert "<code>evaluators[0].with.pattern</code> Missing )." in told

    def test_without_a_file_or_the_scope_nothing_is_sent(self) -> None:
        assert "Choose a file first." in self.form.upload(self.session, None, "", "", "", [], "")[1]
        self.session.scopes = ("read",)
        assert "needs the scope" in self.upload()[1]
        assert self.fake.bench.uploads == []


class TestStarting(FormCase):
    def body(self, *options: Any) -> Any:
        self.form.start(self.session, "1", [DEEPSEEK], *(options or NO_OPTIONS))
        return self.fake.bodies("/api/evaluations")[-1]

    def test_only_what_was_filled_in_is_said(self) -> None:
        assert self.body() == {"suite": "1", "models": [DEEPSEEK]}

    def test_all_options_are_said(self) -> None:
        assert self.body("3", "qwen3_8b_base", "8", "100000", "0,50", False) == {
            "suite": "1",
            "models": [DEEPSEEK],
            "repeats": 3,
            "judge": "qwen3_8b_base",
            "concurrency": 8,
            "budget_tokens": 100_000,
            "budget_cost": "0.50",
            "cache": False,
        }

    def test_what_is_missing_or_no_number_is_a_sentence_and_starts_nothing(self) -> None:
        self.refuses("Choose a suite first", None, [DEEPSEEK])
        self.refuses("Choose at least one model.", "1", None)
        self.refuses("a whole number of repeats from 1 up", "1", [DEEPSEEK], "0")
        self.refuses("an amount of money above 0", "1", [DEEPSEEK], "", "", "", "", "free")
        self.session.scopes = ("read",)
        self.refuses("needs the scope", "1", [DEEPSEEK])
        assert self.fake.bench.runs == []

    def refuses(self, told: str, suite: str | None, models: Any, *options: Any) -> None:
        with pytest.raises(PageError, match=told):
            self.form.start(self.session, suite, models, *options, *NO_OPTIONS[len(options) :])


class TestWords(PageCase):
    def test_every_kind_of_check_is_a_sentence(self) -> None:
        assert check({"string": {"startsWith": "Yes"}}, {}) == "The answer starts with “Yes”."
        assert check({"llm": {"modelId": "judge:8b"}}, {}) == "judge:8b judges the answer."
        assert check({"uses": "registry/rouge-l"}, {"registry/rouge-l": "Alike."}) == "Alike."
        assert check({"uses": "registry/new"}, {}) == "new of the answer."

    def test_a_plain_error_stays_a_sentence_and_markup_is_text(self) -> None:
        assert "<b>" not in problem(PageError("<b>no</b>"), "Wrong:")
