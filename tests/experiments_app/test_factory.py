"""The classes of the specification, as the shell uses them."""

from __future__ import annotations

import dataclasses

import pytest
from django.test import TestCase

from experiments_app.facts import AdapterFacts, ModelFacts, PlaceFacts
from experiments_app.model_factory import ExperimentalModelFactory
from experiments_app.models import Variant
from experiments_app.objects import ExperimentalModel, ModelVariant
from experiments_app.variant_generator import (
    EnsembleGenerator,
    FineTuningGenerator,
    ParameterTuningGenerator,
    PromptEngineeringGenerator,
)
from tests.unified_app.api_case import register
from unified_app.errors import InvalidInput, NotFound

BASE = ModelFacts(
    "base", "base:1b", parameters={"family": "llama"}, places=(PlaceFacts("one", "ollama"), PlaceFacts("two", "openai"))
)


class Table:
    """What generators look up, without a database."""

    def __init__(self, *models: ModelFacts) -> None:
        self.models = {model.id: model for model in models}

    def model(self, called: str) -> ModelFacts:
        if called not in self.models:
            raise NotFound(called)
        return self.models[called]

    def adapter(self, sha256: str) -> AdapterFacts | None:
        return AdapterFacts(sha256, architecture="llama", width=64) if sha256 == "a" * 64 else None

    def adapter_problem(self, host: str, adapter: AdapterFacts, base: ModelFacts) -> str:
        return "It takes none." if host == "old" else ""


class TestGenerators:
    """They decide without a database."""

    def test_parameters(self):
        found = ParameterTuningGenerator(Table(BASE)).generate_variant("base", {"num_ctx": 512, "logit_bias": {"1": 2}})
        assert isinstance(found, ModelVariant) and found.base_model == "base"
        assert found.recipe["parameters"] == {"num_ctx": 512, "logit_bias": {"1": 2}}

    def test_a_search_is_a_family(self):
        search = {"search": {"method": "grid", "space": {"seed": [1, 2]}}}
        generator = ParameterTuningGenerator(Table(BASE))
        assert len(generator.generate_variants(BASE, search)) == 2
        with pytest.raises(InvalidInput, match="2 variants"):
            generator.generate_variant(BASE, search)

    def test_a_prompt_on_a_host(self):
        found = PromptEngineeringGenerator(Table(BASE)).generate_variant(BASE, {"system": "x"}, host="one")
        assert (found.recipe["kind"], found.host, found.recipe["system"]) == ("realised", "one", "x")

    def test_an_adapter(self):
        found = FineTuningGenerator(Table(BASE)).generate_variant(BASE, {"adapter": "a" * 64})
        assert found.recipe["adapter"] == "a" * 64 and found.host == "one"

    def test_an_adapter_goes_to_the_first_host_that_takes_it(self):
        places = (PlaceFacts("old", "ollama"), PlaceFacts("one", "ollama"))
        base = dataclasses.replace(BASE, places=(PlaceFacts("a", "openai"), *places))
        assert FineTuningGenerator(Table(base)).generate_variant(base, {"adapter": "a" * 64}).host == "one"
        with pytest.raises(InvalidInput, match="adapter: It takes none"):
            FineTuningGenerator(Table(base)).generate_variant(base, {"adapter": "a" * 64}, host="old")

    def test_an_adapter_for_models_of_another_width_is_refused(self):
        for width in (64, None):
            base = dataclasses.replace(BASE, parameters={"embedding_length": width})
            FineTuningGenerator(Table(base)).generate_variant(base, {"adapter": "a" * 64})
        wide = dataclasses.replace(BASE, parameters={"embedding_length": 128})
        with pytest.raises(InvalidInput, match="width 64") as refused:
            FineTuningGenerator(Table(wide)).generate_variant(wide, {"adapter": "a" * 64})
        assert list(refused.value.details) == ["adapter"]

    def test_an_ensemble_can_do_what_all_can(self):
        able = dataclasses.replace(BASE, id="able", capabilities=("text_generation", "vision"))
        other = dataclasses.replace(able, id="other", capabilities=("text_generation",))
        config = {"members": [{"model": "able"}, {"model": "other"}], "strategy": "majority_vote"}
        found = EnsembleGenerator(Table(BASE, able, other)).generate_variant("base", config)
        assert found.capabilities == ("text_generation",) and found.category == "thinking"

    def test_what_is_wrong_names_its_field(self):
        for generator, config, field in (
            (ParameterTuningGenerator, {"temperature": 3}, "parameters.temperature"),
            (ParameterTuningGenerator, {"temperature": float("nan")}, "parameters.temperature"),
            (PromptEngineeringGenerator, {"system": 3}, "parameters.system"),
            (FineTuningGenerator, {"adapter": "b" * 64}, "parameters.adapter"),
            (EnsembleGenerator, {"members": [], "strategy": "fan_out"}, "parameters.members"),
        ):
            with pytest.raises(InvalidInput) as refused:
                generator(Table(BASE)).generate_variant(BASE, config)
            assert list(refused.value.details) == [field]


class FactoryTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        register("llama3.1:8b")
        register("qwen3:8b")
        cls.factory = ExperimentalModelFactory(None, by="eva")

    def test_it_has_a_generator_for_each_type(self):
        types = {"parameter_tuning", "prompt_engineering", "fine_tuning", "ensemble"}
        assert set(self.factory.variant_generators) == types

    def test_an_experimental_model_is_a_plain_value(self):
        found = self.factory.create_experimental_model("llama3.1:8b", "parameter_tuning", {"seed": 1}, name="terse")
        assert isinstance(found, ExperimentalModel)
        assert (found.name, found.base_model, found.status) == ("terse", "llama3.1:8b", "active")
        assert found.to_dict()["variants"][0]["id"] == found.id
        assert Variant.objects.get().experiment.created_by == "eva"
        with pytest.raises(dataclasses.FrozenInstanceError):
            found.name = "other"

    def test_a_variant_is_made_of_its_configuration(self):
        config = {"experiment_type": "prompt_engineering", "parameters": {"system": "x"}, "description": "d"}
        found = self.factory.create_model_variant("qwen3:8b", config)
        assert isinstance(found, ModelVariant) and found.id.startswith("exp_qwen3_8b_")
        assert found.recipe["system"] == "x"

    def test_a_wrong_configuration_names_its_field(self):
        for config, field in (({}, "experiment_type"), ({"experiment_type": "ensemble"}, "parameters")):
            with pytest.raises(InvalidInput) as refused:
                self.factory.create_model_variant("qwen3:8b", config)
            assert field in refused.value.details

    def test_they_are_listed_by_base(self):
        for base in ("llama3.1:8b", "qwen3:8b"):
            self.factory.create_experimental_model(base, "parameter_tuning", {"seed": 1})
        assert [m.base_model for m in self.factory.list_experimental_models()] == ["qwen3:8b", "llama3.1:8b"]
        assert [m.base_model for m in self.factory.list_experimental_models("qwen3:8b")] == ["qwen3:8b"]
        with self.assertNumQueries(1):
            self.factory.list_experimental_models()
