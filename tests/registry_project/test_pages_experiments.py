"""The list of variants, and the form that makes them."""

from __future__ import annotations

from django.test import override_settings

from experiments_app import creating
from experiments_app.models import Variant
from tests.registry_project.pages_case import PagesTestCase, register, words
from unified_app.models import UnifiedModel

LIST, NEW = "/experiments", "/experiments/new"
SPACE = {"search": {"method": "grid", "space": {"temperature": [0.1, 0.2], "seed": [1, 2, 3]}}}


def make(base: str = "llama3.1:8b", kind: str = "parameter_tuning", parameters=None, **more: object) -> list[Variant]:
    body = {"base_model": base, "experiment_type": kind, "parameters": parameters or {"temperature": 0.2}, **more}
    return creating.create(body, by="ada").variants


class ExperimentPagesCase(PagesTestCase):
    role = "Evaluator"

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        for name in ("llama3.1:8b", "qwen3:8b"):
            register(name)


class ListTests(ExperimentPagesCase):
    def test_without_variants_it_tells_how_to_make_the_first_one(self):
        said = self.page(LIST)
        assert "No variants yet." in said and "Make a variant on this page" in said
        assert "curl http://testserver/api/experimental/create" in said
        self.act_as("Viewer")
        assert "This needs the scope “experiment”" in self.page(LIST)

    def test_the_answer_comes_first(self):
        make()
        make("qwen3:8b", name="calm")
        Variant.objects.filter(model__name="calm").update(status="promoted")
        assert "2 variants of 2 models, 1 promoted." in self.page(LIST)

    def test_a_row_says_in_one_line_what_changes(self):
        make(parameters={"temperature": 0.2, "top_p": 0.9})
        make(kind="prompt_engineering", parameters={"system": "Be kind.\nBe brief.", "stop": ["END"]})
        members = [{"model": "llama3.1:8b"}, {"model": "qwen3:8b"}]
        make(kind="ensemble", parameters={"members": members, "strategy": "majority_vote"})
        said = self.page(LIST)
        for line in ("temperature 0.2, top_p 0.9", "system prompt “Be kind. Be brief.”", "2 members, majority vote"):
            assert line in said

    def test_a_family_stands_together_and_is_opened_by_its_experiment(self):
        rows = make(parameters=SPACE)
        make("qwen3:8b")
        said = self.page(LIST)
        assert "grid of temperature 0.1, 0.2 and seed 1, 2, 3: all 6 variants" in said
        assert rows[2].model.name in said and rows[3].model.name not in said
        said = self.page(LIST, experiment=rows[0].experiment_id)
        assert all(row.model.name in said for row in rows) and "6 variants found." in said

    def test_filters_stand_in_the_address(self):
        made, other = make()[0].model.name, make("qwen3:8b", "prompt_engineering", {"system": "Hi."})[0].model.name
        for parameters in ({"base_model": "llama3.1:8b"}, {"experiment_type": "parameter_tuning"}, {"q": "llama"}):
            said = self.page(LIST, **parameters)
            assert made in said and other not in said and "1 variant found." in said
        assert "No variant fits" in self.page(f"{LIST}?status=failed")

    def test_what_the_address_asks_for_wrongly_is_told(self):
        make()
        assert "There is no model with the id, alias or name 'nobody'" in self.page(LIST, base_model="nobody")
        assert "not understood" in self.page(f"{LIST}?status=lost")
        assert "not understood" in self.page(LIST, experiment="9" * 30)

    def test_a_page_takes_as_many_queries_for_many_as_for_one(self):
        make()
        with self.assertNumQueries(11):
            self.client.get(LIST)
        for _ in range(12):
            make(parameters=SPACE)
        with self.assertNumQueries(11):
            self.client.get(LIST)

    def test_a_long_list_has_pages(self):
        make(parameters={"search": {"method": "grid", "space": {"seed": list(range(60))}}})
        number = Variant.objects.first().experiment_id
        assert "Page 1 of 2" in self.page(LIST, experiment=number)
        assert "Page 2 of 2" in self.page(LIST, experiment=number, page=2)

    def test_mlflow_is_linked_where_its_pages_are_known(self):
        make()
        Variant.objects.update(mlflow_run_id="abc", mlflow_experiment_id="7")
        assert "In MLflow" not in self.page(LIST)
        with override_settings(MLFLOW_UI_URL="http://mlflow.example:5000"):
            assert 'href="http://mlflow.example:5000/#/experiments/7/runs/abc"' in self.source(LIST)


class FormTests(ExperimentPagesCase):
    def setUp(self):
        super().setUp()
        self.base = UnifiedModel.objects.get(name="llama3.1:8b")

    def send(self, kind: str = "parameter_tuning", **fields: object):
        path = f"{NEW}?base={self.base.pk}&type={kind}"
        return self.client.post(path, {"key": "k1", **fields}, follow=True)

    def test_parameters_make_a_variant(self):
        said = words(self.send(temperature="0.2", seed="7", name="calm"))
        assert "calm is made and can be called by this name." in said
        row = Variant.objects.get()
        assert row.model.recipe["parameters"] == {"temperature": 0.2, "seed": 7}
        assert row.experiment.created_by == "evaluator"

    def test_a_prompt_makes_a_variant(self):
        self.send("prompt_engineering", system="Be kind.", user_2="Hi", assistant_2="Hello.")
        recipe = Variant.objects.get().model.recipe
        assert recipe["system"] == "Be kind."
        assert [message["role"] for message in recipe["messages"]] == ["user", "assistant"]

    def test_errors_stand_beside_their_fields(self):
        answer = self.send(temperature="3", seed="many", name="!")
        assert answer.status_code == 400 and not Variant.objects.exists()
        source = answer.content.decode()
        for field, message in (
            ("temperature", "Give a number from 0 to 2."),
            ("seed", "Give a whole number from"),
            ("name", "Use letters, digits and"),
        ):
            assert message in source.split(f'id="id_{field}_error"')[1].split("</span>")[0]

    def test_nothing_filled_in_and_half_an_example_are_told(self):
        assert "Give at least one of its fields" in words(self.send())
        assert "An example needs both" in words(self.send("prompt_engineering", user_1="Hi"))
        assert not Variant.objects.exists()

    def test_a_form_sent_twice_makes_one_variant(self):
        self.send(temperature="0.2")
        self.send(temperature="0.2")
        assert Variant.objects.count() == 1
        assert "made a variant already" in words(self.send(temperature="0.3"))

    def test_only_those_with_the_scope_may_make_one(self):
        self.act_as("Viewer")
        assert "This needs the scope “experiment”" in self.page(f"{NEW}?base={self.base.pk}", 403)
        assert self.send(temperature="0.2").status_code == 403 and not Variant.objects.exists()

    def test_a_base_is_asked_for_and_an_unknown_one_told(self):
        assert "Make a variant of which model?" in self.page(NEW)
        assert "There is no model" in self.page(NEW, 404, base="nobody")


class ModelPageTests(ExperimentPagesCase):
    def test_a_base_lists_its_variants_with_a_link_to_make_another(self):
        base = UnifiedModel.objects.get(name="llama3.1:8b")
        assert "None yet." in self.page(f"/models/{base.pk}")
        make(name="calm")
        said = self.page(f"/models/{base.pk}")
        assert "Variants made from this model calm temperature 0.2 active Make a variant" in said
        self.act_as("Viewer")
        assert "Make a variant" not in self.page(f"/models/{base.pk}")
