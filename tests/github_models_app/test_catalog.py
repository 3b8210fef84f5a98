from __future__ import annotations

from unittest import TestCase

from github_models_app.catalog import MAX_SUMMARY, MAX_WORDS, GitHubModel, RowError, read_catalog, read_row
from tests.github_models_app.github_case import catalog, entry
from unified_app.model_objects import RejectedRow


def reason(row: object) -> str:
    try:
        read_row(row)
    except RowError as error:
        return str(error)
    raise AssertionError("the row was taken")


class SnapshotTests(TestCase):
    def test_all_43_rows_are_read(self):
        found = list(read_catalog(catalog()))
        assert len(found) == 43
        assert all(isinstance(row, GitHubModel) for row in found)

    def test_a_row_is_read_whole(self):
        model = read_row(next(row for row in catalog() if row["id"] == "mistral-ai/mistral-medium-2505"))
        assert (model.name, model.publisher, model.publisher_slug) == (
            "Mistral Medium 3 (25.05)", "Mistral AI", "mistral-ai",
        )  # fmt: skip
        assert (model.version, model.rate_limit_tier, model.registry) == ("1", "low", "azureml-mistral")
        assert (model.input_modalities, model.output_modalities) == (("text", "image"), ("text",))
        assert model.capabilities == ("streaming", "tool-calling")
        assert model.limits == {"max_input_tokens": 128_000, "max_output_tokens": 4096}

    def test_white_space_at_the_end_of_a_summary_is_dropped(self):
        assert read_row(entry(summary="It thinks. ")).summary == "It thinks."


class ToleratedTests(TestCase):
    def test_the_shape_of_before_mid_2025_is_read(self):
        row = entry(registry=..., version=..., capabilities=..., limits=..., html_url=...)
        model = read_row(row)
        assert (model.version, model.capabilities, model.max_input_tokens) == ("1", (), None)

    def test_an_id_alone_is_enough(self):
        assert read_row({"id": "acme/one"}) == GitHubModel("acme/one", "acme/one", "acme", "acme")

    def test_null_everywhere_is_like_missing(self):
        assert read_row(dict.fromkeys(entry()) | {"id": "acme/one"}) == read_row({"id": "acme/one"})

    def test_an_output_limit_of_null_is_not_told(self):
        assert read_row(entry(limits={"max_input_tokens": 8191, "max_output_tokens": None})).max_output_tokens is None

    def test_whole_numbers_may_be_texts(self):
        model = read_row(entry(limits={"max_input_tokens": "8191", "max_output_tokens": " 16 "}, version=3))
        assert (model.max_input_tokens, model.max_output_tokens, model.version) == (8191, 16, "3")

    def test_unknown_tiers_modalities_and_keys_are_kept_or_passed_over(self):
        model = read_row(entry(rate_limit_tier="Platinum", supported_input_modalities=["smell"], colour="red"))
        assert (model.rate_limit_tier, model.input_modalities) == ("platinum", ("smell",))

    def test_ids_have_two_or_three_parts_and_the_publisher_is_the_one_before_the_last(self):
        assert read_row(entry("custom/Acme/one")).publisher_slug == "acme"
        assert read_row(entry("Acme/One")).id == "Acme/One"

    def test_huge_texts_and_lists_are_cut(self):
        model = read_row(entry(summary="a" * 10_000_000, tags=[str(n) for n in range(5000)], name="b" * 5000))
        assert (len(model.summary), len(model.tags), len(model.name)) == (MAX_SUMMARY, MAX_WORDS, 200)

    def test_what_a_database_refuses_or_a_terminal_obeys_is_gone(self):
        model = read_row(entry(summary="a\0b\x1b[31m\ud800c\u202e", name="x\ny"))
        assert model.summary == "a b [31m c"
        assert model.name == "x y"

    def test_a_link_that_a_page_must_not_show_is_dropped(self):
        assert read_row(entry(html_url="javascript:alert(1)")).html_url == ""


class RejectedTests(TestCase):
    def test_what_is_no_row_or_has_no_id_is_rejected_with_the_reason(self):
        for row, why in (
            ("text", "not an object"),
            (None, "not an object"),
            ({}, "no id"),
            ({"id": 7}, "id is not a text"),
            ({"id": "alone"}, "id is not publisher/model"),
            ({"id": "a/b/c/d"}, "id is not publisher/model"),
            ({"id": "a/b c"}, "id is not publisher/model"),
            ({"id": "a/" + "b" * 200}, "id is not publisher/model"),
            ({"id": "a/<script>"}, "id is not publisher/model"),
        ):
            with self.subTest(row=row):
                assert why in reason(row)

    def test_wrong_types_are_rejected_by_the_name_of_their_key(self):
        for key, value in (
            ("name", 5),
            ("summary", ["a"]),
            ("publisher", {}),
            ("rate_limit_tier", 1),
            ("version", 1.5),
            ("version", True),
            ("capabilities", "streaming"),
            ("tags", [1]),
            ("supported_output_modalities", {"text": True}),
            ("limits", [8191]),
        ):
            with self.subTest(key=key, value=value):
                assert key in reason(entry(**{key: value}))

    def test_limits_that_are_no_number_of_tokens_are_rejected(self):
        for value in (-1, 1.5, "many", True, 10**13, [1], "9" * 5000):
            with self.subTest(value=value):
                assert "limits.max_input_tokens" in reason(entry(limits={"max_input_tokens": value}))

    def test_a_rejected_row_is_named_by_its_id_or_where_it_stands(self):
        found = list(read_catalog([{"id": "acme/one", "tags": 1}, 5, {"id": "<b>"}]))
        assert [row.row for row in found] == ["acme/one", "row 2", "row 3"]

    def test_of_two_rows_with_one_id_the_first_counts_whatever_their_case(self):
        first, second = read_catalog([entry(summary="first"), entry("ACME/one", summary="second")])
        assert first.summary == "first"
        assert isinstance(second, RejectedRow)
        assert (second.row, second.kept) == ("ACME/one", True)

    def test_a_rejected_row_does_not_take_the_id_from_a_good_one(self):
        bad, good = read_catalog([entry(tags=5), entry()])
        assert isinstance(bad, RejectedRow)
        assert isinstance(good, GitHubModel)
