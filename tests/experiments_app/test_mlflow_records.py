"""What MLflow is told, decided without it."""

from __future__ import annotations

from experiments_app import records
from experiments_app.modelfile import read_modelfile


class TestFlatten:
    def test_parts_are_joined_by_dots(self):
        recipe = {"kind": "ensemble", "members": [{"model": "a", "weight": 1.5}], "judge": None, "n": 2}
        assert records.flatten(recipe) == {
            "kind": "ensemble",
            "members.0.model": "a",
            "members.0.weight": "1.5",
            "n": "2",
        }

    def test_values_that_mlflow_would_refuse_are_cut_and_keys_made_plain(self):
        told = records.flatten({"system": "x" * 7_000, "parameters": {"odd,key": True}})
        assert len(told["system"]) == 6_000 and told["parameters.odd_key"] == "true"


class TestNames:
    def test_slashes_and_colons(self):
        assert records.registered_name("acme/llama3.1:8b+terse") == "acme_llama3.1_8b+terse"
        assert records.logged_name("acme/llama3.1:8b") == "acme_llama3_1_8b"

    def test_aliases_that_mlflow_keeps_for_itself(self):
        assert [records.alias_name(name) for name in ("champion", "v9", "Latest", "a b/c")] == [
            "champion",
            "alias_v9",
            "alias_Latest",
            "a_b_c",
        ]


class TestModelfile:
    def test_an_overlay(self):
        recipe = {
            "parameters": {"max_tokens": 5, "stop": ["a", "b"], "logit_bias": {"1": 2}},
            "system": "Be brief.",
            "messages": [{"role": "user", "content": "hi"}],
        }
        assert records.modelfile(recipe, "llama3.1:8b").splitlines() == [
            "FROM llama3.1:8b",
            '# logit_bias {"1": 2} has no place in a Modelfile.',
            "PARAMETER num_predict 5",
            "PARAMETER stop a",
            "PARAMETER stop b",
            "SYSTEM Be brief.",
            "MESSAGE user hi",
        ]

    def test_it_is_read_back_as_it_was(self):
        recipe = {"system": 'Say "yes"', "template": "{{ .Prompt }}\n", "adapter": "a" * 64}
        found = read_modelfile(records.modelfile(recipe, "llama3.1:8b"))
        assert (found.system, found.template) == (recipe["system"], recipe["template"])
        assert found.adapter == f"sha256-{recipe['adapter']}"

    def test_what_no_quotes_can_hold_is_told_in_a_comment(self):
        told = records.modelfile({"system": 'a"\nb"""\nc'}, "llama3.1:8b")
        assert told.startswith("# ") and records.RECIPE in told

    def test_an_ensemble_has_none(self):
        assert records.modelfile({"members": []}, "x").startswith("# ")
