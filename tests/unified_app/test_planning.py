from __future__ import annotations

import dataclasses

from tests.unified_app.plans import Names, fetched, sync
from unified_app.model_objects import RejectedRow

NEW = "b" * 64


def test_a_new_model_is_created_with_its_version_from_the_digest():
    plan, _ = sync(None, fetched("llama3:8b"))
    (created,) = plan.create
    assert (created.id, created.columns["version"]) == ("llama3_8b_base", "a" * 12)
    assert plan.seen == {"llama3_8b_base": "thinking"}


def test_the_same_listing_again_changes_nothing_whatever_its_order():
    first, second = fetched("a"), fetched("b")
    _, stored = sync(None, first, second)
    plan, _ = sync(stored, second, first)
    assert plan.is_empty
    assert sorted(plan.unchanged) == ["a_base", "b_base"]


def test_a_changed_digest_is_a_new_version_and_says_what_it_was():
    _, stored = sync(None, fetched())
    plan, _ = sync(stored, fetched(digest=NEW, age=1))
    (updated,) = plan.update
    assert updated.columns["version"] == "b" * 12
    assert ("version", "a" * 12, "b" * 12) in updated.changes
    assert updated.new_version.placement.digest == NEW


def test_one_model_on_two_hosts_is_one_row_with_two_placements():
    _, stored = sync(None, fetched(place="one"))
    plan, stored = sync(stored, fetched(place="two"), place="two")
    assert [p.id for p in plan.update] == ["llama3_8b_base"]
    assert set(stored["llama3:8b"].placements) == {"one", "two"}


def test_the_newest_placement_speaks_for_the_model():
    _, stored = sync(None, fetched(place="one", digest=NEW, age=1))
    _, stored = sync(stored, fetched(place="two", age=5), place="two")
    assert stored["llama3:8b"].columns["version"] == "b" * 12


def test_the_pinned_placement_speaks_although_another_one_is_newer():
    _, stored = sync(None, fetched(place="one", age=5))
    model = stored["llama3:8b"]
    pinned = {"one": dataclasses.replace(model.placements["one"], pinned=True)}
    stored["llama3:8b"] = dataclasses.replace(model, placements=pinned)
    _, stored = sync(stored, fetched(place="two", digest=NEW, age=1), place="two")
    assert stored["llama3:8b"].columns["version"] == "a" * 12
    assert stored["llama3:8b"].placements["one"].pinned


def test_a_model_that_left_one_of_two_hosts_follows_the_other():
    _, stored = sync(None, fetched(place="one", digest=NEW, age=1))
    _, stored = sync(stored, fetched(place="two", age=5), place="two")
    plan, stored = sync(stored)
    assert not plan.retire
    assert stored["llama3:8b"].columns["version"] == "a" * 12
    assert stored["llama3:8b"].placements["one"].gone


def test_a_model_that_left_its_only_host_retires_with_the_reason():
    _, stored = sync(None, fetched())
    plan, stored = sync(stored)
    (retired,) = plan.retire
    assert retired.columns == {"retired_reason": "vanished from one"}
    again, _ = sync(stored)
    assert again.is_empty


def test_a_model_that_comes_back_keeps_its_id():
    _, stored = sync(None, fetched())
    _, stored = sync(stored)
    plan, stored = sync(stored, fetched())
    assert [p.id for p in plan.update] == ["llama3_8b_base"]
    assert not stored["llama3:8b"].retired


def test_what_a_curator_deleted_stays_retired_when_a_sync_sees_it():
    _, stored = sync(None, fetched())
    stored["llama3:8b"] = dataclasses.replace(stored["llama3:8b"], retired=True, deleted=True)
    plan, _ = sync(stored, fetched())
    assert plan.is_empty
    plan, _ = sync(stored, fetched(digest=NEW))
    assert ("status", "retired", "available") not in plan.update[0].changes


def test_an_incomplete_listing_retires_nothing():
    _, stored = sync(None, fetched("a"), fetched("b"))
    plan, _ = sync(stored, fetched("a"), complete=False)
    assert plan.is_empty


def test_a_name_that_stands_twice_is_rejected_once():
    plan, _ = sync(None, fetched("a"), fetched("A:latest", digest=NEW))
    assert [p.name for p in plan.create] == ["a"]
    assert plan.rejected == [RejectedRow("A:latest", "the name stands twice in the listing")]


def test_two_names_with_one_slug_get_two_ids():
    plan, _ = sync(None, fetched("a.b"), fetched("a-b"))
    ids = [p.id for p in plan.create]
    assert ids[0] == "a_b_base"
    assert len(set(ids)) == 2


def test_a_version_that_another_source_has_under_this_name_gets_the_source_added():
    plan, _ = sync(None, fetched(), names=Names(versions={("llama3:8b", "a" * 12)}))
    assert plan.create[0].columns["version"] == f"{'a' * 12}+ollama"


def test_a_curators_category_and_description_survive():
    _, stored = sync(None, fetched())
    stored["llama3:8b"] = dataclasses.replace(
        stored["llama3:8b"], category_override="tools", description_override="Ours."
    )
    plan, _ = sync(stored, fetched(digest=NEW, description="Theirs."))
    columns = plan.update[0].columns
    assert (columns["category"], columns["source_category"]) == ("tools", "thinking")
    assert (columns["description"], columns["source_description"]) == ("Ours.", "Theirs.")
    assert plan.update[0].categories == ["tools"]
