from __future__ import annotations

import io
import json
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings
from django.utils import timezone

from github_models_app.models import CatalogEntry
from tests.github_models_app.github_case import CATALOG_FILE, WithService, catalog, entry, models
from unified_app.models import HistoryEntry, Placement, RegistryEpoch, UnifiedModel


def load(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("load_github_archive", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


class LoadTests(TestCase):
    def test_the_snapshot_becomes_retired_models_that_tell_their_date(self):
        assert load(str(CATALOG_FILE), "--date", "2026-05-06") == {
            "loaded": 43, "present": 0, "date": "2026-05-06", "rejected": [],
        }  # fmt: skip
        row = models()["openai/gpt-4.1"]
        assert (row.status, row.retired_reason) == (
            "retired", "from an archive of the GitHub Models catalog of 2026-05-06",
        )  # fmt: skip
        assert (row.version, row.category, row.context_length) == ("2025-04-14", "vision", 1_048_576)
        assert row.retired_at
        assert set(models()) == set(models(status="retired"))
        assert set(CatalogEntry.objects.values_list("archived_on", flat=True)) == {date(2026, 5, 6)}

    def test_nothing_of_it_can_be_called(self):
        load(str(CATALOG_FILE))
        assert not Placement.objects.present().exists()

    def test_a_second_time_changes_nothing(self):
        load(str(CATALOG_FILE), "--date", "2026-05-06")
        before = [*UnifiedModel.objects.values()], HistoryEntry.objects.count(), RegistryEpoch.current()
        assert load(str(CATALOG_FILE), "--date", "2026-06-01")["loaded"] == 0
        assert ([*UnifiedModel.objects.values()], HistoryEntry.objects.count(), RegistryEpoch.current()) == before

    def test_the_history_tells_where_each_came_from(self):
        load(str(CATALOG_FILE), "--date", "2026-05-06")
        told = HistoryEntry.objects.filter(object_id=models()["openai/o3"].pk).values_list("by", "field", "new")
        assert ("shell", "retired_reason", "from an archive of the GitHub Models catalog of 2026-05-06") in set(told)

    def test_without_a_date_it_is_the_day_of_the_file(self):
        changed = CATALOG_FILE.stat().st_mtime
        assert load(str(CATALOG_FILE))["date"] == str(date.fromtimestamp(changed))


class BesideLiveTests(WithService, TestCase):
    def test_what_is_live_or_was_is_not_touched(self):
        self.server.catalog = catalog()[:2]
        self.sync()
        self.server.catalog = catalog()[:1]
        self.sync()
        before = list(UnifiedModel.objects.order_by("pk").values())
        assert load(str(CATALOG_FILE))["loaded"] == 41
        known = [row["id"] for row in before]
        assert list(UnifiedModel.objects.filter(pk__in=known).order_by("pk").values()) == before
        assert CatalogEntry.objects.filter(archived_on=None).count() == 2

    def test_a_sync_that_lists_an_archived_model_brings_it_to_life_and_retires_no_other(self):
        load(str(CATALOG_FILE), "--date", "2026-05-06")
        self.server.catalog = catalog()[:1]
        result = self.sync()
        assert (result["result"], result["retired"]) == ("success", 0)
        assert set(models(status="available")) == {"openai/gpt-4.1"}
        assert CatalogEntry.objects.get(pk="openai/gpt-4.1").archived_on is None
        assert models()["openai/o3"].retired_reason.endswith("2026-05-06")


class RejectTests(TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(TemporaryDirectory()))

    def file(self, content: Any, name: str = "archive.json") -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    def refused(self, *arguments: str) -> str:
        with pytest.raises(CommandError) as caught:
            load(*arguments)
        assert not UnifiedModel.objects.exists()
        return str(caught.value)

    def test_odd_rows_are_told_with_their_reason_and_the_others_loaded(self):
        path = self.file([entry("acme/one"), {"id": "acme/two", "tags": 5}, 7, entry("acme/one")])
        assert load(path)["rejected"] == [
            {"row": "acme/two", "reason": "tags is not a list of texts"},
            {"row": "row 3", "reason": "it is not an object"},
            {"row": "acme/one", "reason": "the id stands twice; the first row counts"},
        ]
        assert list(models()) == ["acme/one"]

    def test_what_is_no_list_in_json_is_refused_by_the_name_of_the_file(self):
        for content, why in (
            (b"<html>", "not JSON"),
            (b"\xff\xfe", "not JSON"),
            (b"[" * 100_000, "not JSON"),
            ({"data": []}, "no JSON list"),
            ([{"id": f"a/m{n}"} for n in range(10_001)], "more than 10,000 rows"),
        ):
            with self.subTest(why=why):
                message = self.refused(self.file(content))
                assert "archive.json" in message
                assert why in message

    def test_a_file_that_is_not_there_is_a_folder_or_is_too_big(self):
        assert "nosuch.json" in self.refused(str(self.folder / "nosuch.json"))
        assert str(self.folder) in self.refused(str(self.folder))
        with override_settings(UPSTREAM_MAX_MB=0):
            assert "larger than 0 MB" in self.refused(self.file([]))

    def test_a_date_is_a_day_that_has_been(self):
        path = self.file([entry()])
        assert "no day" in self.refused(path, "--date", "last May")
        tomorrow = timezone.now().date() + timedelta(days=1)
        assert "has not been yet" in self.refused(path, "--date", str(tomorrow))

    def test_without_json_it_tells_people(self):
        out = io.StringIO()
        call_command("load_github_archive", self.file([entry(), 7]), "--date", "2026-05-06", stdout=out)
        assert out.getvalue().splitlines() == [
            "1 models loaded as retired, archive of 2026-05-06; 0 there already.",
            "rejected: row 2: it is not an object",
        ]
