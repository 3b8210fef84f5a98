from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from experiments_app import seeds
from experiments_app.models import Suite, SuiteVersion
from unified_app.models.catalog import Category

NAME = "thinking-starter"
FILE = "thinking.prompt.yml"


class SeedTests(TestCase):
    """A copy of the product's files in place of them, so that a newer product can be played."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for path in seeds.SHIPPED.glob("*.prompt.yml"):
            shutil.copy(path, self.folder)
        self.enterContext(patch.object(seeds, "SHIPPED", self.folder))

    def newer_product(self) -> None:
        path = self.folder / FILE
        path.write_text(path.read_text().replace("17 + 26", "17 + 25").replace("expected: '43'", "expected: '42'"))
        seeds.seed()

    def suite(self) -> Suite:
        return Suite.objects.select_related("latest").get(name=NAME)

    def by_people(self) -> SuiteVersion:
        document = {**self.suite().latest.document, "testData": [{"problem": "1 + 1?", "expected": "2"}]}
        made = self.suite().versions.create(
            number=2, digest="d" * 64, document=document, case_count=1, created_by="ida"
        )
        Suite.objects.filter(name=NAME).update(latest=made)
        return made

    def test_every_category_has_a_suite_after_migrate(self) -> None:
        rows = Suite.objects.filter(shipped=True)
        assert {row.category for row in rows} == set(Category.values)
        assert {(row.created_by, row.latest.number, row.versions.count()) for row in rows} == {("product", 1, 1)}
        assert self.suite().latest.case_count == len(self.suite().latest.document["testData"])

    def test_a_second_migrate_parses_nothing_and_asks_once(self) -> None:
        with patch.object(seeds, "read") as read, CaptureQueriesContext(connection) as asked:
            seeds.seed()
        assert (read.called, len(asked)) == (False, 1)

    def test_a_process_that_looked_before_another_wrote_makes_nothing_twice(self) -> None:
        before = list(SuiteVersion.objects.values_list("pk", flat=True))
        for path in self.folder.glob("*.prompt.yml"):
            seeds.take_over(path.name, path.read_bytes(), "0" * 64)
        assert list(SuiteVersion.objects.values_list("pk", flat=True)) == before
        assert Suite.objects.count() == len(Category.values)

    def test_a_changed_file_is_the_next_version(self) -> None:
        before = self.suite().latest
        self.newer_product()
        after = self.suite().latest
        assert (after.number, after.created_by, after.digest != before.digest) == (2, "product", True)
        assert Suite.objects.count() == len(Category.values)

    def test_what_people_made_of_it_stays_the_latest(self) -> None:
        made = self.by_people()
        self.newer_product()
        assert self.suite().latest == made
        assert list(self.suite().versions.values_list("number", "created_by")) == [
            (3, "product"),
            (2, "ida"),
            (1, "product"),
        ]

    def test_a_new_name_category_or_tag_of_a_curator_stays(self) -> None:
        Suite.objects.filter(name=NAME).update(name="riddles", category="cloud", tags=["ours"])
        self.newer_product()
        row = Suite.objects.get(name="riddles")
        assert (row.category, row.tags, row.latest.number) == ("cloud", ["ours"], 2)
        assert not Suite.objects.filter(name=NAME).exists()

    def test_a_suite_of_people_with_that_name_is_left_alone(self) -> None:
        Suite.objects.filter(name=NAME).update(shipped=False, shipped_file="", latest=None, created_by="ida")
        with self.assertLogs("experiments_app.seeds", "WARNING"):
            seeds.seed()
        row = Suite.objects.get(name=NAME)
        assert (row.shipped, row.latest, row.created_by) == (False, None, "ida")

    def test_a_migrate_back_to_before_suites_touches_none(self) -> None:
        before = self.suite().latest
        with patch.object(seeds, "take_over") as take_over:
            Suite.objects.update(shipped_digest="")
            seeds.seed(apps=SimpleNamespace(all_models={"experiments_app": {}}))
        assert (take_over.called, self.suite().latest) == (False, before)
