"""What the gateway knows, and how soon it learns what another process has changed."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from django.contrib.auth.models import Group
from django.db import DatabaseError, connections
from django.test import TestCase, override_settings
from django.utils import timezone

from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import GatewayCase
from tests.unified_app.gateway.upstreams import CHAT, OPENAI
from tests.unified_app.gateway.wire_source import NAME, REMOTE
from unified_app.aliases import delete_alias, save_alias
from unified_app.gateway.snapshot import CATCH_UP_SECONDS, Snapshot, SnapshotHolder, load_snapshot
from unified_app.keys import create_key
from unified_app.models import Alias, ApiKey, ModelServingStatus, Placement, UnifiedModel, User
from unified_app.naming import name_key
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving.configuration import configure


def user_with(role: str, name: str) -> User:
    user = User.objects.create_user(name)
    user.groups.add(Group.objects.get(name=role))
    return user


def stored(name: str, places: int = 1, **columns: object) -> UnifiedModel:
    told = {"version": "1", "category": "thinking", "model_type": "base", "source": NAME, "name_key": name_key(name)}
    row = UnifiedModel.objects.create(id=f"{name}_base", name=name, **{**told, **columns})
    now = timezone.now()
    Placement.objects.bulk_create(
        Placement(
            **{"model": row, "source": NAME, "place": f"host{n}", "upstream_name": name, "protocol": "openai"},
            **{"base_url": "http://x", "first_seen": now, "last_seen": now},
        )
        for n in range(places)
    )
    return row


@override_settings(MODEL_SOURCES=REMOTE)
class LoadTests(TestCase):
    def setUp(self):
        self.user = User.objects.create_superuser("root")

    def test_many_rows_need_as_many_queries_as_few(self):
        stored("a")
        create_key(user=self.user, name="k0", scopes=["call"])
        with self.assertNumQueries(10) as few:
            load_snapshot()
        for n in range(20):
            stored(f"m{n}", places=3)
            viewer = user_with("Viewer", f"viewer{n}")
            create_key(user=viewer, name=f"k{n}", scopes=["call"])
            Alias.objects.create(name=f"alias{n}", targets=[f"m{n}_base"])
            ModelServingStatus.objects.create(model_id=f"m{n}_base")
        with self.assertNumQueries(len(few.captured_queries)):
            assert len(load_snapshot().models) == 21

    def test_only_keys_in_force_and_placements_that_answer_are_known(self):
        create_key(user=self.user, name="good", scopes=["call"])
        ApiKey.objects.create(name="old", user=self.user, digest="1", expires_at=timezone.now() - timedelta(1))
        ApiKey.objects.create(name="revoked", user=self.user, digest="2", revoked_at=timezone.now())
        stored("a", places=3)
        Placement.objects.filter(place="host0").update(state=Placement.State.UNREACHABLE)
        Placement.objects.filter(place="host1").update(state=Placement.State.GONE)
        snapshot = load_snapshot()
        assert len(snapshot.keys) == 1
        assert [route.place for route in snapshot.models["a_base"].routes] == ["host2"]

    def test_a_key_never_may_more_than_its_user(self):
        self.user.is_superuser = False
        self.user.save()
        ApiKey.objects.create(name="k", user=self.user, digest="1", scopes=["call"])
        assert load_snapshot().keys["1"].scopes == frozenset()

    def test_a_name_means_the_model_that_is_not_retired(self):
        stored("a", status="retired")
        row = stored("b", source="other", name_key=name_key("a"))
        UnifiedModel.objects.filter(pk=row.pk).update(name="a", version="2")
        assert load_snapshot().find("A:latest")[0].id == "b_base"


class TestHolder:
    def test_a_database_that_is_away_for_a_while_is_asked_again_and_what_is_known_stays(self):
        def load() -> Snapshot:
            loads.append(len(loads))
            if len(loads) in (1, 3):
                raise DatabaseError("away")
            return Snapshot(epoch=len(loads))

        loads: list[int] = []
        holder = SnapshotHolder(load)
        holder.start()
        try:
            assert holder.ready.wait(5) and holder.current.epoch == 2
            wait_until(lambda: len(loads) >= 3, 5, "it looks again")
            assert holder.current.epoch == 2
            wait_until(lambda: holder.current.epoch == 4, 5, "it goes on")
        finally:
            holder.stop()


class ChangesTests(GatewayCase):
    """Another thread has a connection of its own: to the gateway's thread it is another process."""

    def elsewhere(self, change: object, *args: object, **options: object) -> None:
        thread = threading.Thread(target=lambda: (change(*args, **options), connections.close_all()))
        thread.start()
        thread.join()

    def setUp(self):
        super().setUp()
        self.row_m = self.model("m", self.upstream({CHAT: OPENAI}))
        assert self.chat("m").status_code == 200

    def acts(self, question: object, what: str) -> None:
        wait_until(question, 2, what)

    def test_a_retired_model_is_404_that_says_so(self):
        self.elsewhere(UnifiedRegistryManager().delete_model, "m_base")
        self.acts(lambda: self.chat("m").status_code == 404, "the model is gone")
        told = self.chat("m").json()["error"]
        assert told["code"] == "model_not_found" and "retired" in told["message"]

    def test_an_alias_comes_and_goes(self):
        assert self.chat("best").status_code == 404
        alias = Alias(name="best", targets=["m_base"])
        self.elsewhere(save_alias, alias, by="test")
        self.acts(lambda: self.chat("BEST").status_code == 200, "the alias is there")
        self.elsewhere(delete_alias, Alias.objects.get(), by="test")
        self.acts(lambda: self.chat("best").status_code == 404, "the alias is gone")

    def test_what_was_made_just_now_is_found_by_the_first_call(self):
        self.gateway.holder.stop()
        assert self.chat("best").status_code == 404
        self.elsewhere(save_alias, Alias(name="best", targets=["m_base"]), by="test")
        time.sleep(CATCH_UP_SECONDS)
        assert self.chat("best").status_code == 200

    def test_a_new_key_works_and_a_new_configuration_holds(self):
        made: list[str] = []
        self.elsewhere(lambda: made.append(create_key(user=self.user, name="new", scopes=["call"])[1]))
        headers = {"Authorization": f"Bearer {made[0]}"}
        self.acts(lambda: self.chat("m", headers=headers).status_code == 200, "the key works")
        self.elsewhere(configure, self.row_m, {"timeout": 7}, by="test")
        self.acts(lambda: self.gateway.holder.current.models["m_base"].timeout == 7, "the configuration holds")
