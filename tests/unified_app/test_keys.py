from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import TestCase
from django.utils import timezone

from unified_app import keys
from unified_app.errors import InvalidInput
from unified_app.models import ApiKey, HistoryEntry, RegistryEpoch, User
from unified_app.scopes import scopes_of_user


class KeyTests(TestCase):
    def setUp(self):
        self.user = User.objects.create_user("vera")
        self.user.groups.add(Group.objects.get(name="Viewer"))

    def make(self, **options):
        return keys.create_key(**{"user": self.user, "name": "test", "scopes": ["read"], **options})

    def test_a_key_is_found_by_its_secret_which_is_nowhere_kept(self):
        key, secret = self.make()
        assert keys.find_key(secret) == key
        row = ApiKey.objects.values().get(pk=key.pk)
        assert secret not in str(row)
        assert secret not in str(list(HistoryEntry.objects.values()))

    def test_a_wrong_an_expired_and_a_revoked_key_are_not_found(self):
        key, secret = self.make(days=1)
        assert keys.find_key(secret + "x") is None
        assert keys.find_key("") is None
        ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        assert keys.find_key(secret) is None
        other, second = self.make()
        keys.revoke(other, by="vera")
        assert keys.find_key(second) is None
        assert other.state == "revoked"

    def test_the_key_of_a_user_who_was_locked_out_is_not_found(self):
        _, secret = self.make()
        User.objects.update(is_active=False)
        assert keys.find_key(secret) is None

    def test_a_key_may_not_more_than_its_user(self):
        with pytest.raises(InvalidInput, match="curate"):
            self.make(scopes=["read", "curate"])
        with pytest.raises(InvalidInput, match="fly"):
            self.make(scopes=["fly"])
        with pytest.raises(InvalidInput):
            self.make(scopes=[])

    def test_a_rate_of_its_own_is_kept_and_within_bounds(self):
        assert [self.make(rate_limit_per_minute=rate)[0].rate_limit_per_minute for rate in (None, 0, 7)] == [None, 0, 7]
        for rate in (-1, 1_000_001):
            with pytest.raises(InvalidInput) as caught:
                self.make(rate_limit_per_minute=rate)
            assert "rate_limit_per_minute" in caught.value.details

    def test_a_key_loses_what_its_user_loses(self):
        key, secret = self.make(scopes=["read", "call"])
        self.user.groups.clear()
        assert keys.scopes_of_key(keys.find_key(secret)) == frozenset()
        assert key.scopes == ["read", "call"]

    def test_making_and_revoking_bump_the_epoch(self):
        epoch = RegistryEpoch.current()
        key, _ = self.make()
        keys.revoke(key, by="vera")
        keys.revoke(key, by="vera")
        assert RegistryEpoch.current() == epoch + 2

    def test_use_is_noted_to_the_minute(self):
        _, secret = self.make()
        keys.note_use(keys.find_key(secret))
        used = ApiKey.objects.get().last_used_at
        keys.note_use(keys.find_key(secret))
        assert ApiKey.objects.get().last_used_at == used is not None


class RoleTests(TestCase):
    def test_each_role_may_all_that_the_one_before_it_may(self):
        ladder = []
        for role in ("Viewer", "Evaluator", "Curator", "Operator"):
            user = User.objects.create_user(role)
            user.groups.add(Group.objects.get(name=role))
            ladder.append(scopes_of_user(user))
        assert all(lower < higher for lower, higher in zip(ladder, ladder[1:], strict=False))
        assert ladder[0] == {"read", "call"}
        assert ladder[-1] == {"read", "call", "experiment", "curate", "operate"}

    def test_only_curators_and_operators_are_staff_and_only_while_they_are(self):
        for role, is_staff in (("Viewer", False), ("Evaluator", False), ("Curator", True), ("Operator", True)):
            user = User.objects.create_user(role)
            user.groups.add(Group.objects.get(name=role))
            assert User.objects.get(pk=user.pk).is_staff is is_staff
            user.groups.clear()
            assert User.objects.get(pk=user.pk).is_staff is False

    def test_a_user_without_a_role_may_nothing(self):
        assert scopes_of_user(User.objects.create_user("nobody")) == frozenset()
