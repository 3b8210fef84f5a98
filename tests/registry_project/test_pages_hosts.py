"""The cards of hosts, and the button that syncs one."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tests.registry_project.pages_case import PagesTestCase, add_host, register, words
from unified_app import jobs
from unified_app.models import Job, SyncRun

CARD = "/hosts/ollama/one"


def add_run(place: str = "one", state: str = "success", **more: object) -> SyncRun:
    ended = None if state == "running" else timezone.now()
    values = {"started_at": timezone.now(), "finished_at": ended, **more}
    return SyncRun.objects.create(source="ollama", place=place, state=state, **values)


class HostCardTests(PagesTestCase):
    role = "Operator"

    def setUp(self):
        super().setUp()
        add_host("one", version="0.24.0", last_seen=timezone.now())

    def test_a_card_tells_state_version_models_and_the_last_sync(self):
        register("llama3:8b")
        add_run(seen=1, created=1)
        said = self.page(CARD)
        assert "one reachable" in said and "Ollama 0.24.0" in said and "Models 1 " in said
        assert "success 1 created" in said

    def test_a_host_that_is_down_says_since_when_why_and_what_we_do(self):
        add_host("two", "down", down_since=timezone.now(), last_error="Nothing answers at http://two.example:11434.")
        said = self.page("/hosts")
        assert "2 hosts, two is down since" in said
        assert "Nothing answers at http://two.example:11434. Its models stay in the registry" in said

    def test_what_failed_in_a_sync_is_on_the_card(self):
        add_run(state="partial", failed=[{"message": "odd: no digest"}, {"message": "more"}])
        assert "odd: no digest and 1 more" in self.page(CARD)

    def test_an_unknown_host_is_a_missing_page(self):
        assert "No enabled host is named 'ghost'" in self.page("/hosts/ollama/ghost", status=404)

    def test_the_number_of_queries_does_not_depend_on_hosts(self):
        with self.assertNumQueries(11):
            self.client.get("/hosts")
        for number in range(12):
            add_host(f"gpu{number}")
            add_run(f"gpu{number}")
            register(f"m{number}:1b", place=f"gpu{number}")
        with self.assertNumQueries(11):
            self.client.get("/hosts")


class SyncButtonTests(PagesTestCase):
    role = "Operator"

    def setUp(self):
        super().setUp()
        add_host("one")
        add_host("two")

    def test_it_queues_a_sync_and_shows_at_once_that_it_began(self):
        answer = self.client.post(f"{CARD}/sync", headers={"HX-Request": "true"})
        assert "sync queued" in words(answer)
        assert 'hx-trigger="every 1s"' in answer.content.decode()
        job = Job.objects.get()
        assert (job.arguments, job.created_by) == ({"source": "ollama", "place": "one"}, "operator")

    def test_it_survives_a_reload_and_a_second_press_joins(self):
        for _ in range(2):
            assert self.client.post(f"{CARD}/sync").headers["Location"] == "/hosts"
        assert Job.objects.count() == 1
        assert "sync queued" in self.page(CARD) and "Sync now" not in self.page(CARD)
        assert "Sync now" in self.page("/hosts/ollama/two")

    def test_without_a_worker_it_says_so(self):
        job = jobs.enqueue("sync", {"source": None, "place": None}, unique_key="sync:*")
        Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(minutes=1))
        assert "No worker has taken it yet" in self.page(CARD)

    def test_a_sync_of_everything_leaves_a_card_when_its_host_is_done(self):
        job = Job.objects.create(kind="sync", state="running", arguments={"source": None, "place": None})
        assert "syncing" in self.page(CARD)
        add_run(job=job, unchanged=3)
        assert "success 3 unchanged" in self.page(CARD) and "syncing" not in self.page(CARD)
        assert "syncing" in self.page("/hosts/ollama/two")

    def test_only_operators_have_it(self):
        self.act_as("Curator")
        assert "Sync now" not in self.page("/hosts")
        assert self.client.post(f"{CARD}/sync").status_code == 403
        assert self.client.post("/syncs/start").status_code == 403
        assert not Job.objects.exists()

    def test_it_is_no_link(self):
        assert self.client.get(f"{CARD}/sync").status_code == 405
