"""When a host is read without waiting for the schedule."""

from __future__ import annotations

import threading
from unittest import mock

from django.db import connection
from django.test import TestCase, TransactionTestCase

from ollama_app import hosts
from ollama_app.models import Host
from ollama_app.source import mark_down
from tests.ollama_app.ollama_server import OllamaServer, chat, only_host
from unified_app import syncing
from unified_app.errors import InvalidInput, UpstreamUnreachable
from unified_app.models import Job


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
            mark_down(host, UpstreamUnreachable("Nothing answers."))
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
        with mock.patch.object(hosts, "_validate", lambda host: barrier.wait(5)):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
        assert Host.objects.filter(name="twin").count() == 1
        assert refused == [["name"]]
