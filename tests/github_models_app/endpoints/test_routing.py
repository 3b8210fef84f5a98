from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

from django.test import TestCase, override_settings
from django.utils import timezone

from github_models_app.endpoints import endpoints
from github_models_app.endpoints.models import Endpoint
from github_models_app.endpoints.routing import MAX_HOLD_SECONDS, hold_of
from github_models_app.endpoints.source import EndpointSource
from tests import nasty_server as nasty
from tests.github_models_app.endpoints.endpoint_server import MARK, EndpointServer, endpoint, sync
from unified_app import pacing
from unified_app.models import Placement


class RouteTests(TestCase):
    def setUp(self):
        pacing.shared.cache_clear()
        self.addCleanup(pacing.shared.cache_clear)
        self.server = self.enterContext(EndpointServer("a", "b"))
        self.endpoint = endpoint(
            self.server.url, token=MARK, headers={"X-Team": "us"}, timeout=7, rate_limit_per_minute=2
        )
        sync()
        self.placements = list(Placement.objects.order_by("upstream_name"))

    def test_a_route_has_the_base_the_headers_the_timeout_and_the_upstreams_name(self):
        with self.assertNumQueries(1):
            found = EndpointSource.routes(self.placements)
        first = found[self.placements[0].pk]
        assert (first.url, first.protocol, first.model, first.timeout) == (f"{self.server.url}/v1", "openai", "a", 7.0)
        assert first.headers == {"Authorization": f"Bearer {MARK}", "X-Team": "us"}
        assert MARK not in repr(found) + repr(self.endpoint)

    def test_an_own_authorization_takes_the_place_of_the_key(self):
        endpoints.save_endpoint(self.endpoint, by="ada", headers={"authorization": "Basic abc"})
        assert EndpointSource.routes(self.placements[:1]).popitem()[1].headers == {"authorization": "Basic abc"}

    def test_an_endpoint_that_is_off_or_cannot_be_read_has_no_route_and_says_why(self):
        with override_settings(SECRET_KEY="another"):
            assert EndpointSource.routes(self.placements) == {}
            assert "cannot be read" in EndpointSource.why_unroutable("far")
        assert EndpointSource.why_unroutable("far") == ""
        Endpoint.objects.update(enabled=False)
        assert EndpointSource.routes(self.placements) == {}
        assert "disabled" in EndpointSource.why_unroutable("far")

    def test_all_models_of_an_endpoint_share_its_limit(self):
        one, two = (EndpointSource.routes(self.placements)[p.pk].pace for p in self.placements)
        assert (one.acquire(), two.acquire()) == (0.0, 0.0)
        assert one.acquire() > 0

    def test_a_refusal_holds_the_endpoint_for_as_long_as_it_says(self):
        Endpoint.objects.update(rate_limit_per_minute=None)
        pace = EndpointSource.routes(self.placements)[self.placements[0].pk].pace
        pace.learn(500, {"Retry-After": "30"}, "")
        assert pace.acquire() == 0.0
        pace.learn(429, {"retry-after": "30"}, "slow down")
        assert 25 < pace.acquire() <= 31

    def test_it_takes_no_slot(self):
        assert not EndpointSource.takes_slot(self.placements[0])


class HoldTests(TestCase):
    def test_seconds_dates_and_nonsense_are_read(self):
        soon = format_datetime(timezone.now() + timedelta(seconds=60))
        assert 50 < hold_of({"Retry-After": soon}) <= 60
        assert hold_of({"RETRY-AFTER": "12"}) == 12.0
        for text in ("", "soon", "-5", "9" * 400, "Thu, 99 Foo"):
            assert 0 < hold_of({"Retry-After": text}) <= MAX_HOLD_SECONDS


class ObservingTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(EndpointServer("a", "b"))
        self.endpoint = endpoint(self.server.url)
        sync()
        self.placements = list(Placement.objects.all())
        self.server.requests.clear()

    def test_what_a_sync_saw_lately_is_believed_by_the_schedule(self):
        assert {seen.state for seen in EndpointSource.observe(self.placements).values()} == {"ready"}
        assert self.server.requests == []

    def test_later_each_endpoint_is_asked_once_for_all_its_models(self):
        Endpoint.objects.update(last_seen=timezone.now() - timedelta(minutes=6))
        EndpointSource.observe(self.placements)
        assert len(self.server.requests) == 1

    def test_health_asks_now_and_notes_what_it_found(self):
        assert EndpointSource.health(self.placements[0]).state == "ready"
        self.server.answers["/v1/models"] = nasty.html(503)
        seen = EndpointSource.health(self.placements[0])
        assert (seen.state, seen.code) == ("failed", "upstream_error")
        self.endpoint.refresh_from_db()
        assert self.endpoint.state == "down"
        assert set(Placement.objects.values_list("state", flat=True)) == {"unreachable"}

    def test_a_test_that_goes_well_brings_the_routes_back(self):
        Endpoint.objects.update(state="down")
        Placement.objects.update(state="unreachable")
        assert endpoints.test_connection(Endpoint.objects.get()).ok
        assert set(Placement.objects.values_list("state", flat=True)) == {"available"}

    def test_an_endpoint_that_is_gone_is_failed(self):
        Endpoint.objects.all().delete()
        assert EndpointSource.health(self.placements[0]).code == "no_placement"
