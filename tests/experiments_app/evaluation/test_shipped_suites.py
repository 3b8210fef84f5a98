from __future__ import annotations

from django.test import SimpleTestCase

from experiments_app.evaluation import engine
from experiments_app.evaluation.cases import SuiteContent
from experiments_app.evaluation.files.suite_files import export, parse
from experiments_app.seeds import SHIPPED, read
from unified_app.models.catalog import Category


def shipped() -> dict[str, SuiteContent]:
    return {path.name.split(".")[0]: read(path.name, path.read_bytes()) for path in SHIPPED.glob("*.prompt.yml")}


class ShippedSuiteTests(SimpleTestCase):
    def test_there_is_one_for_each_category(self) -> None:
        found = shipped()
        assert sorted(found) == sorted(Category.values)
        assert {name: suite.document["category"] for name, suite in found.items()} == {name: name for name in found}
        assert len({suite.name for suite in found.values()}) == len(found)

    def test_each_fits_its_evaluators(self) -> None:
        for suite in shipped().values():
            engine.check(suite)

    def test_each_case_has_an_evaluator_that_scores_it(self) -> None:
        for name, suite in shipped().items():
            built = engine.engine_of(suite).evaluators
            unscored = [case.index for case in suite.cases if not any(fits(one, case) for one in built)]
            assert unscored == [], name

    def test_cases_are_many_unlike_and_in_slices(self) -> None:
        for name, suite in shipped().items():
            assert len(suite.cases) >= 50, name
            assert len({case.digest for case in suite.cases}) == len(suite.cases), name
            assert all(len(case.tags) == 2 for case in suite.cases), name

    def test_about_a_fifth_is_for_tuning_prompts(self) -> None:
        for name, suite in shipped().items():
            train = sum(case.split == "train" for case in suite.cases)
            assert 0.15 < train / len(suite.cases) < 0.25, name
            assert {case.split for case in suite.cases} == {"train", "test"}

    def test_they_come_back_from_a_file_as_they_were(self) -> None:
        for suite in shipped().values():
            raw, _ = export(suite.document, "prompt.yml")
            assert parse("again.prompt.yml", raw) == suite.document

    def test_pictures_are_small(self) -> None:
        images = [image for case in shipped()["vision"].cases for image in case.images]
        assert len(images) == len(shipped()["vision"].cases)
        assert max(map(len, images)) < 4000


def fits(evaluator: engine.Evaluator, case: engine.Case) -> bool:
    try:
        evaluator.check(case)
    except engine.NotApplicable:
        return False
    return True
