from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.unified_app.api_case import ApiTestCase, register
from unified_app.console import size, table
from unified_app.models import UnifiedModel


def listmodels(**options: object) -> str:
    out = io.StringIO()
    call_command("listmodels", stdout=out, **options)
    return out.getvalue()


class ListModelsTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        register("chat:8b", context_length=4096)
        register("eyes:7b", place="two", capabilities=["vision"])

    def test_json_is_the_api_s_list(self):
        assert json.loads(listmodels(json=True)) == self.get("/api/models")

    def test_filters_are_those_of_the_api(self):
        for options, names in (
            ({"category": "vision"}, ["eyes:7b"]),
            ({"host": "one"}, ["chat:8b"]),
            ({"source": "external"}, []),
            ({"status": "any", "ordering": "-name"}, ["eyes:7b", "chat:8b"]),
            ({"q": "chat"}, ["chat:8b"]),
        ):
            with self.subTest(**options):
                assert [row["name"] for row in json.loads(listmodels(json=True, **options))["models"]] == names

    def test_json_is_not_paged(self):
        UnifiedModel.objects.bulk_create(
            UnifiedModel(id=f"m{n}", name=f"m{n}", version="1", category="thinking", model_type="base", source="ollama")
            for n in range(1100)
        )
        body = json.loads(listmodels(json=True))
        assert (len(body["models"]), body["count"], body["next"]) == (1102, 1102, None)

    def test_a_value_that_is_not_valid_is_one_line(self):
        with pytest.raises(CommandError) as raised:
            listmodels(category="nonsense")
        assert "embedding, vision" in str(raised.value)

    def test_the_table_fits_100_columns_whatever_the_names(self):
        register("x" * 300, place="h" * 80)
        lines = listmodels().splitlines()
        assert max(map(len, lines)) <= 100
        assert lines[1].split()[:2] == ["chat:8b", "thinking"]
        assert lines[-1] == "3 models"


class TableTests(ApiTestCase):
    def test_columns_are_aligned_and_the_widest_is_cut(self):
        assert table(["A", "B"], [["1", "x" * 10], [None, 2]], width=9) == ["A  B", "1  xxxxx…", "   2"]

    def test_sizes_read_like_people_write_them(self):
        assert [size(n) for n in (None, 0, 999, 1500, 4_700_000_000, 2 * 10**12)] == [
            *("", "0 B", "999 B", "1.5 kB", "4.7 GB", "2.0 TB")
        ]
