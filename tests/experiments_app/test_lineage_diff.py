"""Where a variant comes from, and what makes it differ."""

from __future__ import annotations

from experiments_app.diffing import compared, flat
from tests.experiments_app.experiments_case import MODELS, ExperimentCase
from unified_app.models import UnifiedModel


class LineageTests(ExperimentCase):
    def test_ancestors_and_descendants_tell_role_and_distance(self):
        tuned = self.make()
        prompted = self.make("prompt_engineering", {"system": "x"}, base_model=tuned["name"])
        members = [{"model": prompted["id"]}, {"model": "qwen3:8b"}]
        ensemble = self.make("ensemble", {"members": members, "strategy": "fan_out", "judge": self.base.pk})
        told = self.get(f"{MODELS}/{ensemble['id']}/lineage")["ancestors"]
        assert [(row["id"], row["role"], row["depth"], row["of"]) for row in told] == [
            (prompted["id"], "member", 1, ensemble["id"]),
            (self.other.pk, "member", 1, ensemble["id"]),
            (self.base.pk, "judge", 1, ensemble["id"]),
            (tuned["id"], "base", 2, prompted["id"]),
        ]
        below = self.get(f"{MODELS}/{tuned['id']}/lineage")["descendants"]
        assert [(row["id"], row["role"], row["depth"]) for row in below] == [
            (prompted["id"], "base", 1),
            (ensemble["id"], "member", 2),
        ]

    def test_a_base_has_one_too(self):
        made = self.make()
        told = self.get(f"{MODELS}/{self.base.pk}/lineage")
        assert told["ancestors"] == [] and [row["name"] for row in told["descendants"]] == [made["name"]]


class DiffTests(ExperimentCase):
    def diff(self, model_id: str, **to: str) -> list[tuple]:
        rows = self.get(f"{MODELS}/{model_id}/diff", **to)["diff"]
        return [(row["path"], row["base"], row["variant"]) for row in rows]

    def test_a_base_that_says_nothing_has_null(self):
        made = self.make(parameters={"seed": 3, "stop": ["a", "b"]})
        assert self.diff(made["id"]) == [("parameters.seed", None, 3), ("parameters.stop", None, ["a", "b"])]

    def test_the_bases_own_parameters_are_compared(self):
        told = {"family": "llama", "default_parameters": {"temperature": 0.6, "num_predict": 9}}
        UnifiedModel.objects.filter(pk=self.base.pk).update(parameters=told)
        made = self.make(parameters={"temperature": 0.1, "max_tokens": 9})
        assert self.diff(made["id"]) == [("parameters.temperature", 0.6, 0.1)]

    def test_a_variant_of_a_variant_is_compared_with_that(self):
        tuned = self.make(parameters={"seed": 3, "top_k": 5})
        prompted = self.make("prompt_engineering", {"system": "x"}, base_model=tuned["id"])
        assert self.diff(prompted["id"]) == [("system", None, "x")]

    def test_two_variants_can_be_compared(self):
        one = self.make("prompt_engineering", {"system": "x", "stop": ["a"]})
        two = self.make("prompt_engineering", {"system": "y"})
        assert self.diff(two["id"], to=one["name"]) == [("parameters.stop", ["a"], None), ("system", "x", "y")]
        self.error(self.client.get(f"{MODELS}/{two['id']}/diff", {"to": "nobody"}), 404)
        for wrong in ("", "\0", "x" * 501):
            assert list(self.error(self.client.get(f"{MODELS}/{two['id']}/diff", {"to": wrong}), 400)["details"]) == [
                "to"
            ]

    def test_an_ensemble_is_told_whole(self):
        members = [{"model": "llama3.1:8b"}, {"model": "qwen3:8b"}]
        made = self.make("ensemble", {"members": members, "strategy": "fan_out"})
        paths = [path for path, _, _ in self.diff(made["id"])]
        assert paths == [*(f"members.{at}.{name}" for at in (0, 1) for name in ("model", "weight")), "strategy"]

    def test_equal_values_differ_nowhere(self):
        value = {"a": [1, 2], "b": {"c": None}, "d": [{"e": 1}]}
        assert compared(value, value) == []
        assert flat(value) == {"a": [1, 2], "b.c": None, "d.0.e": 1}
