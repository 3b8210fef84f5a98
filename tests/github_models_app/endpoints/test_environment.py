from __future__ import annotations

from django.test import SimpleTestCase, TestCase, override_settings

from github_models_app.checks import endpoints_can_be_read
from github_models_app.endpoints import endpoints
from github_models_app.endpoints.models import Endpoint
from tests.github_models_app.endpoints.endpoint_server import MARK, EndpointServer, endpoint, models, sync
from unified_app.models import HistoryEntry


def ensure(*entries: str, **keys: str) -> dict[str, tuple[str, str, bool]]:
    named = {f"OPENAI_ENDPOINT_{name}_KEY": key for name, key in keys.items()}
    with override_settings(OPENAI_ENDPOINTS=list(entries), OPENAI_ENDPOINT_KEYS=named):
        endpoints.ensure_environment_endpoints()
    return {row.name: (row.url, row.token, row.enabled) for row in Endpoint.objects.all()}


class EnvironmentTests(TestCase):
    def test_endpoints_are_made_changed_and_disabled_as_the_variables_say(self):
        assert ensure("a=http://a/v1", "b-2=http://b", A="one", B_2="two") == {
            "a": ("http://a/v1", "one", True),
            "b-2": ("http://b", "two", True),
        }
        assert ensure("a=http://a/v1", A="one")["b-2"] == ("http://b", "two", False)
        assert ensure()["a"] == ("http://a/v1", "one", False)

    def test_the_key_is_kept_sealed(self):
        ensure("a=http://a", A=MARK)
        assert MARK not in str(list(Endpoint.objects.values()))

    def test_a_changed_key_is_taken_over_and_the_same_one_changes_nothing(self):
        ensure("a=http://a", A="one")
        before = list(Endpoint.objects.values()), HistoryEntry.objects.count()
        ensure("a=http://a", A="one")
        assert (list(Endpoint.objects.values()), HistoryEntry.objects.count()) == before
        assert ensure("a=http://a", A="two")["a"][1] == "two"
        with override_settings(SECRET_KEY="another"):
            assert ensure("a=http://a", A="two")["a"][1] == "two"

    def test_a_new_address_keeps_the_key_that_comes_with_it_and_no_other(self):
        ensure("a=http://a", A="one")
        assert ensure("a=http://other", A="one")["a"] == ("http://other", "one", True)
        assert ensure("a=http://third")["a"] == ("http://third", "", True)

    def test_a_key_that_was_typed_stays_while_the_environment_has_none(self):
        ensure("a=http://a")
        endpoints.save_endpoint(Endpoint.objects.get(), by="ada", token="typed")
        assert ensure("a=http://a")["a"][1] == "typed"

    def test_what_a_person_made_or_changed_stays_as_it_is(self):
        endpoint("http://mine", "mine", token="typed")
        ensure("a=http://a", A="one")
        row = Endpoint.objects.get(name="a")
        row.timeout = 5
        endpoints.save_endpoint(row, by="ada")
        found = ensure("a=http://other", "mine=http://x", A="two", MINE="x")
        assert found == {"a": ("http://a", "one", True), "mine": ("http://mine", "typed", True)}

    def test_what_a_person_has_renamed_is_not_made_again_whatever_else_was_changed(self):
        ensure("a=http://a", A="one")
        row = Endpoint.objects.get()
        row.name = "mine"
        endpoints.save_endpoint(row, by="ada", headers={"X-Team": "us"})
        assert set(ensure("a=http://a/v1", A="one")) == {"mine"}
        endpoints.save_endpoint(row, by="ada", token="typed")
        assert set(ensure("a=http://a/v1")) == {"mine"}

    def test_one_address_may_stand_twice_with_two_keys(self):
        endpoint("http://a", "mine", token="typed")
        assert set(ensure("x=http://a", "y=http://a", X="one", Y="two")) == {"mine", "x", "y"}
        Endpoint.objects.exclude(name="mine").delete()
        assert set(ensure("same=http://a/v1", SAME="typed")) == {"mine"}

    def test_an_endpoint_that_only_got_another_name_keeps_its_row_and_its_models(self):
        with EndpointServer("a") as server:
            ensure(f"old={server.url}", OLD="k")
            sync("old")
            pk, model_id = Endpoint.objects.get().pk, models()["a"].pk
            ensure(f"new={server.url}", NEW="k")
        assert Endpoint.objects.get().pk == pk
        assert (models()["a"].pk, models()["a"].name) == (model_id, "new/a")

    def test_a_new_name_under_which_models_were_known_is_told_and_stops_no_start(self):
        with EndpointServer("a") as server:
            endpoints.delete_endpoint(self.synced("new", server.url), by="ada")
            ensure(f"old={server.url}")
            sync("old")
            with self.assertLogs("unified_app.servers", "WARNING") as said:
                assert set(ensure(f"new={server.url}", "b=http://b")) == {"old", "b"}
        assert "'new', which cannot be taken over" in said.output[0]

    def synced(self, name: str, url: str) -> Endpoint:
        row = endpoint(url, name)
        sync(name)
        return row

    def test_the_demo_is_an_endpoint_while_it_runs(self):
        endpoints.set_demo_endpoint("http://127.0.0.1:11600")
        assert Endpoint.objects.get().is_demo
        endpoints.set_demo_endpoint(None)
        assert not Endpoint.objects.get().enabled


class CheckTests(SimpleTestCase):
    def check(self, *entries: str, **keys: str) -> list[str]:
        named = {f"OPENAI_ENDPOINT_{name}_KEY": key for name, key in keys.items()}
        with override_settings(OPENAI_ENDPOINTS=list(entries), OPENAI_ENDPOINT_KEYS=named):
            found = endpoints_can_be_read()
        assert MARK not in str(found)
        return [message.id for message in found]

    def test_good_settings_pass(self):
        assert self.check("a=http://a", "b-2=https://b/v1", A="x", B_2=" y ") == []

    def test_bad_settings_are_refused_without_repeating_what_may_be_secret(self):
        for entry in ("http://a", "a=ftp://x", f"a=http://u:{MARK}@x", "a b=http://x", "a=http://169.254.169.254"):
            with self.subTest(entry):
                assert self.check(entry) == ["endpoints.E001"]
        assert self.check("a=http://a", "a=http://b") == ["endpoints.E001"]
        assert self.check("a-b=http://a", "a.b=http://b") == ["endpoints.E002"]
        assert self.check("a=http://a", A=f"two {MARK}") == ["endpoints.E003"]
        assert self.check("a=http://a", B=MARK) == ["endpoints.W001"]
