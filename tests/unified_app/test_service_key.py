"""The key of the registry's own calls: derived, made once, mended, and switched off by those who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import TestCase, override_settings
from django.utils import timezone

from tests.unified_app.admin_case import AdminTestCase, person
from tests.unified_app.serving_case import ServingRaceCase
from unified_app import keys
from unified_app.errors import RegistryError
from unified_app.models import ApiKey, HistoryEntry, RegistryEpoch, User
from unified_app.service_key import NAME, USER, is_service_key, service_key


class ServiceKeyTests(TestCase):
    def row(self) -> ApiKey:
        return ApiKey.objects.get()

    def test_every_process_with_one_secret_key_knows_it_and_it_is_nowhere_kept(self):
        secret = service_key()
        assert secret == service_key() and secret.startswith("mr_") and len(secret) == 46
        assert keys.find_key(secret) == self.row()
        assert secret not in str([*ApiKey.objects.values(), *HistoryEntry.objects.values()])

    def test_it_may_only_call_and_its_user_cannot_log_in(self):
        service_key()
        key, user = self.row(), User.objects.get(username=USER)
        assert keys.scopes_of_key(key) == {"call"}
        assert (key.name, key.user, key.expires_at, key.rate_limit_per_minute) == (NAME, user, None, 0)
        assert not user.is_staff and not user.is_superuser and not user.has_usable_password()

    def test_once_made_it_changes_nothing_and_costs_two_queries(self):
        service_key()
        epoch = RegistryEpoch.current()
        with self.assertNumQueries(2):
            service_key()
        assert RegistryEpoch.current() == epoch

    def test_what_it_has_lost_is_mended(self):
        for lost in ({"scopes": []}, {"expires_at": timezone.now() - timedelta(1)}, {"rate_limit_per_minute": None}):
            secret, epoch = service_key(), RegistryEpoch.current()
            ApiKey.objects.update(**lost)
            assert service_key() == secret and RegistryEpoch.current() > epoch
            assert (self.row().scopes, self.row().expires_at, self.row().rate_limit_per_minute) == (["call"], None, 0)
        User.objects.get(username=USER).groups.clear()
        assert keys.scopes_of_key(keys.find_key(service_key())) == {"call"}

    def test_once_revoked_it_stays_so_and_says_so(self):
        service_key()
        keys.revoke(self.row(), by="otto")
        for _ in range(2):
            with pytest.raises(RegistryError, match="revoked on .* switched off") as caught:
                service_key()
        assert caught.value.status_code == 403
        assert self.row().revoked_at

    def test_locking_its_user_out_switches_it_off_too(self):
        service_key()
        User.objects.filter(username=USER).update(is_active=False)
        with pytest.raises(RegistryError, match="may not log in"):
            service_key()
        User.objects.filter(username=USER).update(is_active=True)
        assert keys.find_key(service_key())

    def test_another_secret_key_makes_another_and_revokes_the_older(self):
        older = service_key()
        with override_settings(SECRET_KEY="another"):
            newer = service_key()
            assert keys.find_key(newer) and not keys.find_key(older)
            assert is_service_key(ApiKey.objects.get(revoked_at=None))

    def test_it_is_made_where_the_roles_are_not_yet(self):
        Group.objects.all().delete()
        assert keys.find_key(service_key())


class RaceTests(ServingRaceCase):
    def test_workers_that_need_it_first_at_once_make_one(self):
        told = self.at_once(*[service_key] * 6)
        assert told == [service_key()] * 6
        assert keys.find_key(service_key()) == ApiKey.objects.get()
        assert User.objects.filter(username=USER).count() == 1


class AdminTests(AdminTestCase):
    def setUp(self):
        service_key()
        self.key = ApiKey.objects.get()
        self.client.force_login(self.otto)

    def test_an_operator_revokes_it_and_puts_it_back(self):
        self.press("apikey", "revoke", self.key.pk, confirmed="1")
        with pytest.raises(RegistryError):
            service_key()
        assert "Put back in force" in self.client.get(self.url("apikey", "change", self.key.pk)).content.decode()
        epoch = RegistryEpoch.current()
        self.press("apikey", "put_back", self.key.pk)
        assert keys.find_key(service_key()) and RegistryEpoch.current() == epoch + 1
        assert HistoryEntry.objects.filter(kind="key", by="otto", field="revoked", new=False).exists()

    def test_no_other_key_comes_back_nor_may_a_curator_do_it(self):
        key, secret = keys.create_key(user=person("vera", "Viewer"), name="ci", scopes=["read"])
        keys.revoke(key, by="vera")
        keys.revoke(self.key, by="otto")
        assert self.press("apikey", "put_back", key.pk).status_code == 403
        assert "never works again" in self.messages(self.act("apikey", "put_back", key.pk))
        assert keys.find_key(secret) is None
        self.client.force_login(self.cora)
        assert self.press("apikey", "put_back", self.key.pk).status_code == 403

    def test_the_page_tells_its_limit(self):
        assert "no limit" in self.client.get(self.url("apikey", "change", self.key.pk)).content.decode()
