from __future__ import annotations

import pytest
from django.test import TestCase

from ollama_app import hosts
from ollama_app.models import Host
from tests import nasty_server as nasty
from tests.ollama_app.ollama_server import OllamaServer, chat, counts, digest, model, only_host, sync
from unified_app.errors import InvalidInput
from unified_app.models import HistoryEntry, Placement, RegistryEpoch, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager


def placements() -> list[tuple[str, str, str]]:
    return list(Placement.objects.order_by("place", "upstream_name").values_list("place", "upstream_name", "state"))


class TwoHostsTests(TestCase):
    def setUp(self):
        self.one = self.enterContext(OllamaServer(chat("a:1"), chat("only-one:1")))
        self.two = self.enterContext(OllamaServer(chat("a:1"), chat("only-two:1")))
        self.host = only_host(self.one, "one")
        self.other = hosts.save_host(Host(name="two", url=self.two.url), by="ada")
        sync()

    def test_one_model_on_two_hosts_is_one_row_with_two_placements(self):
        assert UnifiedModel.objects.count() == 3
        assert list(model("a:1").placements.values_list("place", flat=True)) == ["one", "two"]

    def test_digests_that_differ_are_drift_and_the_newest_speaks(self):
        self.two.rows[0] = chat("a:1", "newer", modified_at="2026-05-01T00:00:00Z")
        sync()
        found = model("a:1")
        assert len(set(found.placements.values_list("digest", flat=True))) == 2
        assert found.version == digest("newer")[:12]
        assert counts(sync()) == (0, 0, 3, 0)

    def test_a_pinned_placement_speaks_whatever_is_newer(self):
        Placement.objects.filter(model__name="a:1", place="one").update(pinned=True)
        self.two.rows[0] = chat("a:1", "newer", modified_at="2026-05-01T00:00:00Z")
        sync()
        assert model("a:1").version == digest("a:1")[:12]

    def test_a_model_that_vanishes_from_one_host_stays_on_the_other(self):
        del self.one.rows[0]
        assert sync()["retired"] == 0
        assert model("a:1").status == "available"
        assert ("one", "a:1", "gone") in placements()

    def test_a_host_that_is_down_retires_nothing_and_its_placements_are_not_routed_to(self):
        self.one.answers["/api/version"] = nasty.raw_and_close(b"")
        epoch = RegistryEpoch.current()
        body = sync()
        assert (body["result"], body["retired"]) == ("partial", 0)
        assert ("one", "a:1", "unreachable") in placements()
        assert ("two", "a:1", "available") in placements()
        assert model("only-one:1").status == "available"
        # Gateways see by the epoch that there is something to read.
        assert RegistryEpoch.current() > epoch
        epoch = RegistryEpoch.current()
        sync()
        assert RegistryEpoch.current() == epoch
        self.one.answers["/api/version"] = nasty.json_reply({"version": "0.33.0"})
        sync()
        assert ("one", "a:1", "available") in placements()
        assert RegistryEpoch.current() > epoch

    def test_a_disabled_host_is_not_asked_and_what_only_it_had_is_retired(self):
        self.host.enabled = False
        hosts.save_host(self.host, by="ada")
        found = model("only-one:1")
        assert (found.status, found.retired_reason) == ("retired", "host one is disabled")
        assert model("a:1").status == "available"
        asked = len(self.one.requests)
        sync()
        assert len(self.one.requests) == asked
        self.host.enabled = True
        hosts.save_host(self.host, by="ada")
        sync()
        assert model("only-one:1").status == "available"

    def test_a_deleted_host_takes_its_placements_along(self):
        hosts.delete_host(self.host, by="ada")
        assert model("only-one:1").retired_reason == "host one was deleted by ada"
        assert not Placement.objects.present().filter(place="one").exists()
        assert HistoryEntry.objects.filter(kind="host", object_id="one", field="deleted", by="ada").exists()

    def test_a_renamed_host_keeps_its_placements(self):
        self.host.name = "renamed"
        hosts.save_host(self.host, by="ada")
        assert counts(sync()) == (0, 0, 3, 0)
        assert {place for place, _, _ in placements()} == {"renamed", "two"}

    def test_a_host_may_take_the_name_of_one_that_was_deleted(self):
        hosts.delete_host(self.other, by="ada")
        self.host.name = "two"
        hosts.save_host(self.host, by="ada")
        assert counts(sync()) == (0, 0, 2, 0)
        assert ("two", "a:1", "available") in placements()

    def test_a_host_that_moved_is_routed_to_its_new_address_at_once(self):
        with OllamaServer(*self.one.rows) as moved:
            self.host.url = moved.url
            hosts.save_host(self.host, by="ada")
            assert set(Placement.objects.filter(place="one").values_list("base_url", flat=True)) == {moved.url}
            assert Host.objects.get(name="one").state == "unknown"
            body = sync()
        assert (body["created"], body["retired"]) == (0, 0)
        assert model("only-one:1").endpoint == f"{moved.url}/api/generate"

    def test_a_curators_deletion_outlives_the_host(self):
        UnifiedRegistryManager(by="cora").delete_model("only_one_1_base")
        hosts.delete_host(self.host, by="ada")
        assert model("only-one:1").retired_reason == "deleted by cora"


class SavingTests(TestCase):
    def test_what_is_wrong_is_told_by_field(self):
        for fields, wrong in (
            ({"name": "a b"}, "name"),
            ({"name": ""}, "name"),
            ({"name": "x" * 61}, "name"),
            ({"url": "ftp://x"}, "url"),
            ({"url": "http://169.254.169.254"}, "url"),
            ({"url": "http://" + "x" * 300}, "url"),
        ):
            with self.subTest(fields), pytest.raises(InvalidInput) as caught:
                hosts.save_host(Host(**{"name": "gpu1", "url": "http://gpu1", **fields}), by="ada")
            assert list(caught.value.details) == [wrong]

    def test_a_token_that_no_header_can_carry_is_refused_and_not_repeated(self):
        for token in ("two words", "line\nbreak", "gehe1m-ü", "\x7fsecret"):
            with self.subTest(token), pytest.raises(InvalidInput) as caught:
                hosts.save_host(Host(name="gpu1", url="http://gpu1"), by="ada", token=token)
            assert "token" in caught.value.details
            assert token not in str(caught.value.details) + caught.value.message

    def test_a_token_is_kept_set_again_and_cleared(self):
        host = hosts.save_host(Host(name="gpu1", url="http://gpu1"), by="ada", token=" abc ")
        assert Host.objects.get(pk=host.pk).token == "abc"
        hosts.save_host(host, by="ada")
        assert Host.objects.get(pk=host.pk).token == "abc"
        hosts.save_host(host, by="ada", token="def")
        hosts.save_host(host, by="ada", token="")
        assert not Host.objects.get(pk=host.pk).has_token
        told = HistoryEntry.objects.filter(field="token").order_by("pk").values_list("old", "new")
        assert list(told) == [("not set", "set"), ("set", "set again"), ("set", "not set")]

    def test_an_edit_does_not_undo_what_a_check_noted_meanwhile(self):
        host = hosts.save_host(Host(name="gpu1", url="http://gpu1"), by="ada")
        Host.objects.filter(pk=host.pk).update(state="up", version="0.33.0")
        host.name = "gpu2"
        hosts.save_host(host, by="ada")
        host.refresh_from_db()
        assert (host.state, host.version) == ("up", "0.33.0")


class CheckTests(TestCase):
    def test_a_connection_test_tells_version_and_models_or_the_reason(self):
        with OllamaServer(chat("a:1")) as server:
            host = only_host(server)
            outcome = hosts.test_connection(host)
            assert (outcome.ok, outcome.code, outcome.version, outcome.models) == (True, "ok", "0.33.0", 1)
            assert Host.objects.get().state == "up"
            server.answers["/api/tags"] = nasty.html(200)
            outcome = hosts.test_connection(host)
        assert (outcome.ok, outcome.code) == (False, "upstream_invalid")
        assert "HTML" in outcome.message
        host.refresh_from_db()
        assert (host.state, host.last_error) == ("down", outcome.message)

    def test_a_host_that_is_not_saved_can_be_tested(self):
        with OllamaServer() as server:
            assert hosts.test_connection(Host(name="new", url=server.url)).models == 0
        assert not hosts.test_connection(Host(name="new", url="http://127.0.0.1:9")).ok
        assert not Host.objects.filter(name="new").exists()

    def test_checks_note_which_hosts_are_there(self):
        with OllamaServer(chat("a:1")) as good, OllamaServer(chat("b:1")) as bad:
            only_host(good, "good")
            hosts.save_host(Host(name="bad", url=bad.url), by="ada")
            hosts.save_host(Host(name="off", url=bad.url, enabled=False), by="ada")
            sync()
            bad.answers["/api/version"] = nasty.reply(b"", 503)
            assert hosts.check_hosts() == {"good": "up", "bad": "down"}
            assert ("bad", "b:1", "unreachable") in placements()
            since = Host.objects.get(name="bad").down_since
            hosts.check_hosts()
            assert Host.objects.get(name="bad").down_since == since is not None
            bad.answers["/api/version"] = nasty.json_reply({"version": "0.33.0"})
            epoch = RegistryEpoch.current()
            assert hosts.check_hosts() == {"good": "up", "bad": "up"}
            assert ("bad", "b:1", "available") in placements()
            assert RegistryEpoch.current() == epoch + 1
        assert Host.objects.get(name="bad").down_since is None

    def test_checks_leave_no_open_connections(self):
        with OllamaServer() as server:
            only_host(server)
            for _ in range(5):
                hosts.check_hosts()
            assert len(server.connections) == 5
            server.wait_closed()
