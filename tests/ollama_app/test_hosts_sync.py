"""When a host is read without waiting for the schedule."""

from __future__ import annotations

import threading
from unittest import mock

from django.db import connection
from django.test import TestCase, TransactionTestCase

from ollama_app import hosts
from ollama_app.hosts import HOSTS
from ollama_app.models import Host
from tests.ollama_app.ollama_server import OllamaServer, chat, only_host
from unified_app import syncing
from unified_app.errors import InvalidInput, UpstreamUnreachable
from unified_app.models import HistoryEntry, Job


def asked() -> list[tuple[str, str]]:
    jobs = Job.objects.filter(kind="sync").order_by("id")
    return [(job.arguments["place"], job.created_by) for job in jobs]


class HostSyncTests(TestCase):
    def save(self, **values: object) -> Host:
        host = Host.objects.filter(name="one").first() or Host(name="one", url="http://127.0.0.1:9")
        for name, value in values.items():
            setattr(host, name, value)
        with self.captureOnCommitCallbacks(execute=True):
            return hosts.save_host(host, by="olga")

    def test_a_new_host_is_read_at_once(self):
        self.save()
        assert asked() == [("one", "olga")]

    def test_an_enabled_or_moved_host_is_read_and_a_renamed_or_disabled_one_is_not(self):
        self.save()
        Job.objects.all().delete()
        self.save(enabled=False)
        assert asked() == []
        self.save(enabled=True)
        assert asked() == [("one", "olga")]
        Job.objects.all().delete()
        self.save(url="http://127.0.0.1:10")
        assert asked() == [("one", "olga")]

    def test_a_host_that_comes_back_is_read_by_the_check_that_finds_it(self):
        with OllamaServer(chat("a:1")) as server:
            host = only_host(server, "one")
            hosts.check_hosts()
            assert asked() == []
            HOSTS.mark_down(host, UpstreamUnreachable("Nothing answers."))
            hosts.check_hosts()
            hosts.check_hosts()
        assert asked() == [("one", "check")]

    def test_the_default_host_may_be_named_although_a_sync_of_all_leaves_it_out(self):
        Host.objects.all().delete()
        Host.objects.create(name="localhost", url="http://127.0.0.1:9", origin=Host.Origin.DEFAULT)
        Host.objects.create(name="real", url="http://127.0.0.1:10")
        assert syncing.request_sync(place="localhost").arguments["place"] == "localhost"
        assert [s.place for s in syncing.places_to_sync("ollama", "localhost")] == ["localhost"]
        assert [s.place for s in syncing.places_to_sync(None, None)] == ["real"]

    def test_the_queued_sync_of_a_deleted_or_disabled_host_is_cancelled(self):
        self.save()
        self.save(enabled=False)
        assert Job.objects.get().state == "cancelled"
        host = self.save(enabled=True)
        hosts.delete_host(host, by="olga")
        assert set(Job.objects.values_list("state", flat=True)) == {"cancelled"}

    def test_a_disabled_host_is_neither_up_nor_down(self):
        host = self.save()
        HOSTS.mark_down(host, UpstreamUnreachable("Nothing answers."))
        self.save(enabled=False)
        row = Host.objects.get(name="one")
        assert (row.state, row.last_error, row.down_since) == ("unknown", "", None)


class TwinTests(TestCase):
    def setUp(self):
        hosts.save_host(Host(name="one", url="http://127.0.0.1:9"), by="olga")

    def refused(self, host: Host) -> list[str]:
        with self.assertRaises(InvalidInput) as caught:
            hosts.save_host(host, by="olga")
        return list(caught.exception.details)

    def test_one_server_is_one_host(self):
        assert self.refused(Host(name="two", url="http://127.0.0.1:9/")) == ["url"]
        assert self.refused(Host(name="ONE", url="http://127.0.0.1:10")) == ["name"]
        hosts.save_host(Host(name="two", url="http://127.0.0.1:9", enabled=False), by="olga")


class TokenTests(TestCase):
    def test_a_token_does_not_follow_to_another_address(self):
        host = hosts.save_host(Host(name="one", url="http://127.0.0.1:9"), by="olga", token="topsecret")
        host.url = "http://127.0.0.1:9/below"
        assert hosts.save_host(host, by="olga").token == "topsecret"
        host.url = "http://127.0.0.1:10"
        hosts.save_host(host, by="olga")
        assert Host.objects.get(name="one").has_token is False
        entry = HistoryEntry.objects.filter(field="token").first()
        assert (entry.old, entry.new) == ("set", "not set")
        host.url = "http://127.0.0.1:11"
        assert hosts.save_host(host, by="olga", token="another").token == "another"


class RaceTests(TransactionTestCase):
    def test_two_hosts_saved_at_once_under_one_name_are_one_host_and_one_refusal(self):
        barrier, refused = threading.Barrier(2), []

        def save(url: str) -> None:
            try:
                hosts.save_host(Host(name="twin", url=url), by="olga")
            except InvalidInput as error:
                refused.append(list(error.details))
            finally:
                connection.close()

        threads = [threading.Thread(target=save, args=(f"http://127.0.0.1:{port}",)) for port in (9, 10)]
        # Patched once around both: patches of one name that end in another order than they began would stay.
        with mock.patch.object(hosts.HOSTS, "_validate", lambda host: barrier.wait(5)):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
        assert Host.objects.filter(name="twin").count() == 1
        assert refused == [["name"]]
