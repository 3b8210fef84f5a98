from __future__ import annotations

from django.test import TestCase, override_settings

from github_models_app import service
from github_models_app.source import GitHubSource
from tests.github_models_app.github_case import WithService, configured, models
from tests.github_models_app.github_server import GitHubServer
from unified_app import syncing
from unified_app.errors import NotFound, UpstreamError, UpstreamRetired
from unified_app.models import HistoryEntry, Placement, RegistryEpoch
from unified_app.sources import ServingObservation


def states() -> set[str]:
    return set(Placement.objects.values_list("state", flat=True))


class NotConfiguredTests(TestCase):
    def test_without_token_and_demo_there_is_no_place_and_the_reason_names_the_setting(self):
        assert (GitHubSource.places(), GitHubSource.place_names()) == ([], set())
        told = service.status()
        assert (told.state, told.url) == ("not_configured", "")
        assert "GITHUB_TOKEN" in told.reason
        assert GitHubSource.why_unroutable("github") == told.reason
        with self.assertRaises(NotFound):
            GitHubSource("github")

    def test_asking_costs_one_query(self):
        service.row()
        with self.assertNumQueries(1):
            GitHubSource.places()


class StateTests(WithService, TestCase):
    def test_one_that_was_not_asked_yet_says_so(self):
        told = service.status()
        assert (told.state, told.reason, told.last_sync) == ("ok", service.NOT_ASKED, None)
        assert GitHubSource.places()[0].state == "unknown"

    def test_a_sync_makes_it_ok_since_then(self):
        self.sync()
        told = service.status()
        assert (told.state, told.reason) == ("ok", "")
        assert told.last_sync >= told.since
        assert (GitHubSource.places()[0].state, GitHubSource.why_unroutable("github")) == ("up", "")

    def test_since_stays_while_the_state_does(self):
        self.sync()
        since = service.status().since
        self.sync()
        assert service.status().since == since

    def test_a_failure_takes_the_models_out_of_the_routes_and_the_next_success_brings_them_back(self):
        self.sync()
        self.server.mode = "outage"
        self.scheduled()
        told = service.status()
        assert (told.state, states()) == ("error", {"unreachable"})
        assert told.reason
        assert GitHubSource.places()[0].down_since == told.since
        assert len(models(status="available")) == 43
        self.server.mode = "healthy"
        self.scheduled()
        assert (service.status().state, states()) == ("ok", {"available"})

    def test_another_address_starts_anew(self):
        self.server.mode = "retired"
        self.sync()
        with self.enterContext(GitHubServer()) as other, configured(other.url):
            assert service.status().state == "ok"
            assert GitHubSource.places()
        assert service.status().state == "retired"

    def test_credentials_in_the_address_are_shown_nowhere(self):
        with configured("https://ada:secret@models.example/x?key=secret"):
            assert service.status().url == "https://models.example/x"
            assert "secret" not in str(GitHubSource.places())

    def test_health_is_known_without_a_call(self):
        self.sync()
        placements = list(Placement.objects.all())
        asked = len(self.server.requests)
        assert set(GitHubSource.observe(placements).values()) == {ServingObservation("ready")}
        service.mark_retired(service.configuration())
        assert {seen.state for seen in GitHubSource.observe(placements).values()} == {"failed"}
        assert len(self.server.requests) == asked

    def test_a_410_of_a_call_retires_the_service_and_other_errors_teach_the_pace(self):
        self.sync()
        epoch = RegistryEpoch.current()
        pace = next(iter(GitHubSource.routes(Placement.objects.all()[:1]).values())).pace
        pace.learn(500, {}, "")
        assert service.status().state == "ok"
        pace.learn(429, {"Retry-After": "44", "x-ratelimit-type": "UserByModelByMinute"}, "")
        assert pace.acquire() > 40
        pace.learn(410, {}, "")
        assert (service.status().state, states()) == ("retired", {"unreachable"})
        assert RegistryEpoch.current() > epoch

    def test_each_change_of_the_state_is_in_the_history_once(self):
        config = service.configuration()
        for error in (UpstreamError("Broken."), UpstreamError("Broken still."), UpstreamRetired("Gone.")):
            service.mark_failed(config, error)
        changes = HistoryEntry.objects.filter(kind=service.HISTORY_KIND, field="state").order_by("pk")
        assert list(changes.values_list("old", "new")) == [("unknown", "error"), ("error", "retired")]


@override_settings(GITHUB_TOKEN="")
class DemoTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(GitHubServer())
        self.server.tokens.add("demo")
        service.set_demo(self.server.url + "/")

    def test_it_stands_in_when_no_token_is_set_and_is_marked(self):
        (place,) = GitHubSource.places()
        assert (place.url, place.is_demo) == (self.server.url, True)
        assert service.configuration().token == "demo"
        assert service.status().demo

    def test_a_token_goes_before_it(self):
        with configured("https://models.example"):
            assert GitHubSource.places()[0].is_demo is False

    def test_when_it_is_not_running_its_models_retire_and_come_back_with_it(self):
        sync_demo()
        assert len(models(status="available")) == 12
        service.set_demo(None)
        assert len(models(status="retired")) == 12
        assert service.status().state == "not_configured"
        service.set_demo(self.server.url)
        sync_demo()
        assert len(models(status="available")) == 12

    def test_a_stand_in_that_was_started_again_is_asked_again(self):
        service.mark_retired(service.configuration())
        assert GitHubSource.places() == []
        service.set_demo(self.server.url)
        assert len(GitHubSource.places()) == 1


def sync_demo() -> None:
    syncing.sync_places([GitHubSource("github")], by="start")
