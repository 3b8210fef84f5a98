"""The page of a variant: what it does, its family, what differs, and what may be done with it."""

from __future__ import annotations

from experiments_app.models import Variant
from registry_project.pages.lineage_picture import picture
from registry_project.pages.text_diff import sides
from tests.registry_project.pages_case import words
from tests.registry_project.test_pages_experiments import ExperimentPagesCase, make
from unified_app.lookup import find_model
from unified_app.models import Alias


class VariantPageTests(ExperimentPagesCase):
    def setUp(self):
        super().setUp()
        self.made = make(parameters={"temperature": 0.2}, name="calm")[0]
        self.path = f"/experiments/{self.made.model_id}"

    def test_it_says_in_plain_words_what_it_does_and_how_to_call_it(self):
        said = self.page(self.path)
        assert "llama3.1:8b with temperature 0.2." in said
        assert "The gateway fills in what the caller leaves out; what the caller says wins." in said
        assert "http://testserver/v1/chat/completions" in said and '"model": "calm"' in said

    def test_it_can_be_taken_along_as_a_file(self):
        path = f"/api/experimental/models/{self.made.model_id}/export"
        assert f'href="{path}"' in self.source(self.path)
        assert "PARAMETER temperature 0.2" in self.client.get(path).content.decode()

    def test_a_name_leads_to_the_page_and_what_is_no_variant_is_not_found(self):
        assert self.client.get("/experiments/calm").headers["Location"] == self.path
        assert "llama3.1:8b is no experimental model" in self.page("/experiments/llama3.1:8b", 404)

    def test_a_models_words_are_no_markup(self):
        row = make(kind="prompt_engineering", parameters={"system": "<script>x</script>"})[0]
        assert "<script>x" not in self.source(f"/experiments/{row.model_id}")

    def test_a_realised_one_says_when_its_host_has_lost_it(self):
        row = make(realise={"host": "one"}, name="own")[0]
        path = f"/experiments/{row.model_id}"
        assert "being made on one" in self.page(path) and "no longer has the model" not in self.page(path)
        Variant.objects.filter(pk=row.pk).update(realised=True)
        assert "one no longer has the model that this variant is there" in self.page(path)
        assert "one lost its model" in self.page("/experiments")
        self.act_as("Evaluator")
        assert "Make it again on one" in self.page(path)
        said = words(self.client.post(f"{path}/realise", follow=True))
        assert "own is being made on its host again" in said and "Make it again" not in said
        assert "no longer has the model" not in self.page(path)

    def test_an_ensemble_names_its_members(self):
        members = [{"model": "llama3.1:8b", "weight": 2}, {"model": "calm"}]
        row = make(kind="ensemble", parameters={"members": members, "strategy": "majority_vote"})[0]
        said = self.page(f"/experiments/{row.model_id}")
        assert "the answer that most of them give wins" in said
        assert "llama3.1:8b weight 2" in said and "calm weight 1" in said

    def test_it_differs_from_its_base_and_from_another_variant(self):
        other = make(kind="prompt_engineering", parameters={"system": "Answer in one word."}, name="terse")[0]
        third = make(kind="prompt_engineering", parameters={"system": "Answer in one sentence."})[0]
        assert "calm temperature nothing 0.2" in self.page(self.path)
        source = self.source(f"/experiments/{third.model_id}", compare=other.model_id)
        assert "<del>word</del>" in source and "<ins>sentence</ins>" in source
        assert "There is no model with the id x" in self.page(self.path, compare="x")

    def test_a_stop_text_is_readable_in_the_comparison(self):
        row = make(kind="prompt_engineering", parameters={"stop": ["\n\n"]})[0]
        assert "stop nothing “⏎⏎”" in self.page(f"/experiments/{row.model_id}")

    def test_its_family_is_a_picture_and_a_list(self):
        child = make("calm", parameters={"seed": 1}, name="calmer")[0]
        source = self.source(self.path)
        assert source.count("<circle") == 2 and source.count('<rect class="self"') == 1
        said = self.page(self.path)
        assert "Made from llama3.1:8b, base" in said and "calmer, with this one as its base" in said
        assert child.model.name in said

    def test_a_page_takes_as_many_queries_for_a_big_family(self):
        make("calm", parameters={"seed": 1})
        with self.assertNumQueries(25):
            self.client.get(self.path)
        make("calm", parameters={"search": {"method": "grid", "space": {"seed": list(range(80))}}})
        with self.assertNumQueries(25):
            said = self.page(self.path)
        assert "33 more models not in the picture" in said


class ActionTests(ExperimentPagesCase):
    def setUp(self):
        super().setUp()
        self.made = make(name="calm")[0]
        self.path = f"/experiments/{self.made.model_id}"

    def status(self) -> str:
        return Variant.objects.get(pk=self.made.pk).shown_status

    def test_archived_and_brought_back(self):
        said = words(self.client.post(f"{self.path}/archive", follow=True))
        assert self.status() == "archived"
        assert "calm is archived" in said and "It cannot be called while it is archived." in said
        assert "calm is back" in words(self.client.post(f"{self.path}/restore", follow=True))
        assert self.status() == "active"

    def test_what_others_build_on_is_kept_and_they_are_named(self):
        make("calm", parameters={"seed": 1}, name="calmer")
        said = words(self.client.post(f"{self.path}/archive", follow=True))
        assert "because calmer is made from it. Archive what is made from it first." in said
        assert self.status() == "active"

    def test_promoting_asks_why_and_points_the_alias(self):
        self.act_as("Curator")
        answer = self.client.post(f"{self.path}/promote", {"reason": "", "alias": "champion"})
        assert answer.status_code == 400 and "This field is required" in words(answer)
        answer = self.client.post(f"{self.path}/promote", {"reason": "Best of all.", "alias": "champion"}, follow=True)
        said = words(answer)
        assert "calm is promoted and is what champion calls." in said
        assert "Promoted to champion: Best of all." in said
        assert self.status() == "promoted" and Alias.objects.get(name="champion").targets == [self.made.model_id]

    def test_an_alias_that_cannot_be_is_told_beside_its_field(self):
        self.act_as("Curator")
        taken = find_model("qwen3:8b").pk
        answer = self.client.post(f"{self.path}/promote", {"reason": "x", "alias": taken})
        assert answer.status_code == 400 and "an id comes before an alias" in words(answer)
        assert self.status() == "active"

    def test_what_one_may_not_do_is_neither_shown_nor_done(self):
        assert "Promote" not in self.page(self.path)
        assert self.client.post(f"{self.path}/promote", {"reason": "x"}).status_code == 403
        self.act_as("Viewer")
        assert "Archive" not in self.page(self.path)
        assert self.client.post(f"{self.path}/archive").status_code == 403
        assert self.client.get(f"{self.path}/archive").status_code == 403
        assert self.status() == "active"


class PictureTests(ExperimentPagesCase):
    def test_old_ones_stand_above_and_every_step_has_a_line(self):
        step = {"model_type": "base", "status": "available"}
        up = [{"id": "b", "name": "b", "role": "base", "of": "me", "depth": 1, **step}]
        up += [{"id": "a", "name": "a", "role": "base", "of": "b", "depth": 2, **step}]
        down = [{"id": "c", "name": "c", "role": "member", "of": "me", "depth": 1, **step}]
        drawn = picture("me", "me", {"ancestors": up, "descendants": down})
        assert [node.id for node in drawn.nodes] == ["a", "b", "me", "c"]
        assert [node.x for node in drawn.nodes] == sorted({node.x for node in drawn.nodes})
        assert len(drawn.lines) == 3

    def test_texts_are_compared_by_words_and_long_ones_by_lines(self):
        left, right = sides("one two three", "one 2 three")
        assert [piece.text for piece in left if piece.is_changed] == ["two"]
        assert [piece.text for piece in right if piece.is_changed] == ["2"]
        left, _ = sides("a b c\n" * 2000, "a b c\n" * 1999 + "x\n")
        assert [piece.text for piece in left if piece.is_changed] == ["a b c\n"]
