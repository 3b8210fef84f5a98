from __future__ import annotations

from django.test import TestCase, override_settings

from ollama_app import hosts
from ollama_app.models import Host
from ollama_app.source import OllamaSource
from tests.ollama_app.ollama_server import OllamaServer, chat, counts, model, sync
from unified_app.models import HistoryEntry


def ensure(*entries: str) -> dict[str, tuple[str, bool]]:
    with override_settings(OLLAMA_HOSTS=list(entries)):
        hosts.ensure_environment_hosts()
    return {host.name: (host.url, host.enabled) for host in Host.objects.all()}


class EnvironmentTests(TestCase):
    def setUp(self):
        Host.objects.all().delete()

    def test_hosts_are_made_changed_and_disabled_as_the_variable_says(self):
        assert ensure("a=http://a", "http://b") == {"a": ("http://a", True), "b": ("http://b", True)}
        assert ensure("a=http://a2:1") == {"a": ("http://a2:1", True), "b": ("http://b", False)}
        assert ensure("a=http://a2:1", "b=http://b") == {"a": ("http://a2:1", True), "b": ("http://b", True)}

    def test_the_same_variable_again_changes_nothing(self):
        ensure("a=http://a")
        before = list(Host.objects.values()), HistoryEntry.objects.count()
        ensure("a=http://a")
        assert (list(Host.objects.values()), HistoryEntry.objects.count()) == before

    def test_a_host_that_only_got_another_name_keeps_its_row(self):
        ensure("a=http://a", "b=http://b")
        pk = Host.objects.get(name="a").pk
        assert ensure("c=http://a", "b=http://b") == {"b": ("http://b", True), "c": ("http://a", True)}
        assert Host.objects.get(name="c").pk == pk

    def test_names_may_change_their_urls_among_themselves(self):
        ensure("a=http://a", "b=http://b")
        assert ensure("a=http://b", "b=http://a") == {"a": ("http://b", True), "b": ("http://a", True)}

    def test_without_the_variable_there_is_a_default_host_until_there_is_one(self):
        assert ensure() == {"localhost": ("http://localhost:11434", True)}
        assert ensure("gpu=http://gpu") == {"gpu": ("http://gpu", True), "localhost": ("http://localhost:11434", False)}

    def test_what_a_person_made_or_changed_stays_as_it_is(self):
        hosts.save_host(Host(name="mine", url="http://mine"), by="ada")
        ensure("a=http://a", "b=http://b", "mine=http://other")
        for name, change in (("a", {"enabled": False}), ("b", {"name": "renamed"})):
            host = Host.objects.get(name=name)
            for field, value in change.items():
                setattr(host, field, value)
            hosts.save_host(host, by="ada")
        expected = {"mine": ("http://mine", True), "a": ("http://a", False), "renamed": ("http://b", True)}
        assert ensure("a=http://a", "b=http://b", "mine=http://other") == expected
        assert ensure() == {**expected, "localhost": ("http://localhost:11434", True)}

    def test_a_token_alone_does_not_take_a_host_from_the_environment(self):
        ensure("a=http://a")
        hosts.save_host(Host.objects.get(), by="ada", token="abc")
        assert ensure("a=http://a2") == {"a": ("http://a2", True)}
        # It was entered for the old address.
        assert Host.objects.get().token == ""


class DefaultHostTests(TestCase):
    def test_the_default_host_is_synced_once_it_was_seen_or_when_it_is_the_only_one(self):
        assert [place.name for place in OllamaSource.places()] == ["localhost"]
        hosts.save_host(Host(name="gpu1", url="http://gpu1"), by="ada")
        assert [place.name for place in OllamaSource.places()] == ["gpu1"]
        Host.objects.filter(name="localhost").update(last_seen="2026-01-01T00:00Z")
        assert [place.name for place in OllamaSource.places()] == ["gpu1", "localhost"]


class DemoHostTests(TestCase):
    def test_the_demo_is_a_host_while_it_runs(self):
        with OllamaServer(chat("a:1")) as server:
            Host.objects.all().delete()
            hosts.set_demo_host(server.url)
            assert counts(sync()) == (1, 0, 0, 0)
            hosts.set_demo_host(None)
            assert model("a:1").retired_reason == "host demo is disabled"
            hosts.set_demo_host(server.url)
            sync()
        assert model("a:1").status == "available"
        assert Host.objects.get().is_demo

    def test_a_name_that_is_taken_is_not_taken_away(self):
        hosts.save_host(Host(name="demo", url="http://mine"), by="ada")
        hosts.set_demo_host("http://127.0.0.1:11535")
        assert Host.objects.get(origin=Host.Origin.DEMO).name == "demo-2"
