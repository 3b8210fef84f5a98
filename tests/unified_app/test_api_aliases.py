"""/api/aliases: curated names, who changed them and why, and one step back."""

from __future__ import annotations

from tests.unified_app.api_case import ApiTestCase, register
from unified_app.models import Alias, AliasChange, ModelOrigin, RegistryEpoch, UnifiedModel
from unified_app.naming import name_key
from unified_app.registry_manager import UnifiedRegistryManager

PATH = "/api/aliases"


class AliasCase(ApiTestCase):
    role = "Curator"

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.one, cls.two, cls.three = (register(f"m{number}:1b") for number in (1, 2, 3))

    def make(self, name: str = "champion", *models: str, **more: object):
        return self.client.post(PATH, {"name": name, "models": models or ["m1:1b"], **more})

    def put(self, *models: str, **more: object):
        return self.client.put(f"{PATH}/champion", {"models": models, **more})

    def back(self, **body: object):
        return self.client.post(f"{PATH}/champion/rollback", body)

    def targets(self) -> list[str]:
        return Alias.objects.get().targets

    def variant(self, pk: str, recipe: dict, *origins: str) -> UnifiedModel:
        columns = {"source": "mlflow", "version": "1", "category": "thinking", "model_type": "experimental"}
        row = UnifiedModel.objects.create(id=pk, name=pk, name_key=name_key(pk), recipe=recipe, **columns)
        ModelOrigin.objects.bulk_create(ModelOrigin(model=row, origin_id=origin) for origin in origins)
        return row


class AliasTests(AliasCase):
    def test_it_is_made_of_ids_and_names_and_the_gateway_is_told(self):
        before = RegistryEpoch.current()
        answer = self.make("champion", "M2:1b", self.one.pk, "m2:1b", description="For all.")
        assert answer.status_code == 201
        told = answer.json()
        assert (told["name"], told["models"]) == ("champion", [self.two.pk, self.one.pk])
        assert told["description"] == "For all." and RegistryEpoch.current() > before

    def test_it_is_listed_shown_changed_and_deleted(self):
        self.make(description="x")
        assert self.get(PATH)["aliases"][0]["name"] == "champion" and self.get(PATH)["count"] == 1
        assert self.get(f"{PATH}/Champion")["models"] == [self.one.pk]
        assert self.client.patch(f"{PATH}/champion", {"description": "y"}).json()["models"] == [self.one.pk]
        assert self.put("m2:1b").json()["description"] == "" and self.targets() == [self.two.pk]
        assert self.client.delete(f"{PATH}/champion").status_code == 204
        assert self.client.get(f"{PATH}/champion").status_code == 404

    def test_it_keeps_its_history_under_a_new_name(self):
        self.make("a/b:c")
        assert self.client.patch(f"{PATH}/a/b:c", {"name": "new"}).json()["name"] == "new"
        assert len(self.get(f"{PATH}/new/history")["history"]) == 1

    def test_a_list_takes_a_constant_number_of_queries(self):
        for number in range(3):
            self.make(f"a{number}")
        with self.assertNumQueries(4):
            self.get(PATH)

    def test_only_curators_change_it(self):
        self.make()
        for role, status in (("Viewer", 403), ("Evaluator", 403), (None, 401)):
            self.act_as(role)
            for answer in (self.make("x"), self.put("m2:1b"), self.back(), self.client.delete(f"{PATH}/champion")):
                assert answer.status_code == status
        self.act_as("Viewer")
        assert self.get(f"{PATH}/champion/history")["history"]


class RefusedTests(AliasCase):
    def wrong(self, answer) -> list[str]:
        return list(self.error(answer, 400)["details"])

    def test_the_field_that_is_wrong_is_named(self):
        self.make()
        assert self.wrong(self.make("x", "nope")) == ["models"]
        assert self.wrong(self.client.post(PATH, {"name": "x", "models": []})) == ["models"]
        assert self.wrong(self.client.post(PATH, {"name": "x"})) == ["models"]
        assert self.wrong(self.client.post(PATH, {"name": "x", "models": ["m1:1b"], "model": 1})) == ["model"]
        for name in (self.one.pk, "CHAMPION", "", "a\nb"):
            assert self.wrong(self.make(name)) == ["name"]
        assert Alias.objects.count() == 1

    def test_an_alias_of_itself_is_a_circle(self):
        self.make()
        assert self.wrong(self.put("Champion")) == ["models"]
        assert self.targets() == [self.one.pk]

    def test_an_ensemble_that_names_the_alias_is_a_circle_also_over_another_alias(self):
        self.make()
        self.variant("e", {"kind": "ensemble", "members": [{"model": "other"}, {"model": self.two.pk}]})
        self.variant("f", {"kind": "ensemble", "members": [{"model": "Champion"}]})
        Alias.objects.create(name="other", targets=["f"])
        for name in ("e", "f"):
            assert self.wrong(self.put(name)) == ["models"]

    def test_what_stands_on_more_than_three_recipes_is_too_deep(self):
        below = self.one.pk
        for number in range(1, 5):
            below = self.variant(f"v{number}", {"kind": "overlay", "base": below}, below).pk
        assert self.put("v4").status_code == 404 and self.make("champion", "v3").status_code == 201
        assert self.wrong(self.put("v4")) == ["models"]


class RollbackTests(AliasCase):
    def test_each_change_is_kept_with_who_and_why(self):
        self.make(reason="First.")
        self.put("m2:1b", reason="Wins.")
        self.client.patch(f"{PATH}/champion", {"description": "no change of models"})
        told = self.get(f"{PATH}/champion/history")["history"]
        assert [(c["by"], c["reason"], c["before"], c["after"]) for c in told] == [
            ("curator", "Wins.", [self.one.pk], [self.two.pk]),
            ("curator", "First.", [], [self.one.pk]),
        ]

    def test_one_step_back_and_then_one_more(self):
        self.make()
        self.put("m2:1b")
        self.put("m3:1b", "m1:1b")
        assert self.back(reason="Worse.").json()["models"] == [self.two.pk]
        assert self.get(f"{PATH}/champion/history")["history"][0]["reason"] == "Worse."
        assert self.back().json()["models"] == [self.one.pk]
        assert "nothing before" in self.error(self.back(), 409)["message"]
        assert AliasChange.objects.count() == 5

    def test_a_change_after_a_step_back_can_be_taken_back_too(self):
        self.make()
        self.put("m2:1b")
        self.back()
        self.put("m3:1b")
        assert self.back().json()["models"] == [self.one.pk]

    def test_nothing_goes_back_to_models_that_cannot_be_called(self):
        self.make()
        self.put("m2:1b")
        UnifiedRegistryManager().delete_model(self.one.pk)
        assert self.one.pk in self.error(self.back(), 409)["message"] and self.targets() == [self.two.pk]

    def test_an_alias_of_an_old_name_does_not_go_back_to_the_old_one(self):
        self.make()
        self.client.delete(f"{PATH}/champion")
        self.make("champion", "m2:1b")
        self.error(self.back(), 409)


class DeletedModelTests(AliasCase):
    def test_a_model_that_an_alias_names_may_be_deleted_and_the_alias_names_the_next(self):
        self.make("champion", "m1:1b", "m2:1b")
        assert self.client.delete("/api/models/m1:1b").status_code == 204
        assert self.targets() == [self.one.pk, self.two.pk]
        assert self.get("/api/models/champion")["id"] == self.two.pk
