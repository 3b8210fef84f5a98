from __future__ import annotations

import re

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session

from tests.unified_app.admin_case import AdminTestCase, person
from unified_app import keys
from unified_app.models import ApiKey, HistoryEntry, RegistryEpoch, User


class KeyAdminTests(AdminTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.vera = person("vera", "Viewer")

    def setUp(self):
        self.client.force_login(self.otto)

    def add(self, **changes):
        data = {"name": "ci", "user": self.vera.pk, "scopes": ["read", "call"], "days": "", **changes}
        return self.client.post(self.url("apikey", "add"), data)

    def test_the_secret_is_shown_once_on_the_page_after_saving_and_is_nowhere_kept(self):
        response = self.add()
        page = self.client.get(response.url).content.decode()
        secret = re.search(r"mr_[\w-]{30,}", page)[0]
        key = keys.find_key(secret)
        assert (key.name, key.user, key.scopes, key.expires_at) == ("ci", self.vera, ["read", "call"], None)
        assert secret not in self.client.get(response.url).content.decode()
        kept = [*LogEntry.objects.values(), *HistoryEntry.objects.values(), *Session.objects.values()]
        assert secret not in str(kept)
        assert HistoryEntry.objects.filter(kind="key", by="otto").exists()

    def test_a_key_gets_no_scope_that_its_user_lacks(self):
        response = self.add(scopes=["read", "curate"])
        assert "cannot have: curate" in response.content.decode()
        assert not ApiKey.objects.exists()

    def test_nobody_gives_a_key_more_than_they_have(self):
        helper = person("hans", "Curator")
        helper.user_permissions.add(Permission.objects.get(codename="add_apikey"))
        self.client.force_login(helper)
        response = self.add(user=self.root.pk, scopes=["operate"])
        assert "cannot have: operate" in response.content.decode()
        assert not ApiKey.objects.exists()

    def test_the_form_learns_which_scopes_a_user_may_have(self):
        url = self.url("apikey", "scopes", self.vera.pk)
        assert self.client.get(url).json() == {"scopes": ["read", "call"]}
        self.client.force_login(self.cora)
        assert self.client.get(url).json() == {"scopes": []}

    def test_a_key_ends_after_its_days_and_days_are_above_0(self):
        self.add(days="7")
        key = ApiKey.objects.get()
        assert (key.expires_at - key.created_at).days in (6, 7)
        assert self.add(days="0").status_code == 200
        assert ApiKey.objects.count() == 1

    def test_a_key_may_have_a_rate_limit_of_its_own(self):
        for sent, kept, told in (("", None, "600, as for all"), ("0", 0, "no limit"), ("1200", 1200, "1,200")):
            page = self.client.get(self.add(rate_limit_per_minute=sent).url).content.decode()
            assert ApiKey.objects.first().rate_limit_per_minute == kept and told in page
        assert self.add(rate_limit_per_minute="-1").status_code == 200
        assert "no limit" in self.add(rate_limit_per_minute="2000000").content.decode()
        assert ApiKey.objects.count() == 3

    def test_revoking_asks_by_naming_the_key_and_then_is_for_good(self):
        key, secret = keys.create_key(user=self.vera, name="ci", scopes=["read"])
        epoch = RegistryEpoch.current()
        asked = self.press("apikey", "revoke", key.pk)
        assert "ci (mr_" in asked.content.decode()
        assert keys.find_key(secret) == key
        self.press("apikey", "revoke", key.pk, confirmed="1")
        assert keys.find_key(secret) is None
        assert RegistryEpoch.current() == epoch + 1
        again = self.act("apikey", "revoke", key.pk, confirmed="1")
        assert "revoked already" in self.messages(again)

    def test_a_key_is_neither_edited_nor_deleted_and_a_curator_may_not_revoke(self):
        key, _ = keys.create_key(user=self.vera, name="ci", scopes=["read"])
        page = self.client.get(self.url("apikey", "change", key.pk)).content.decode()
        assert key.digest not in page
        assert "_save" not in page
        assert self.client.post(self.url("apikey", "change", key.pk), {"scopes": "operate"}).status_code == 403
        assert self.client.post(self.url("apikey", "delete", key.pk), {"post": "yes"}).status_code == 403
        self.client.force_login(self.cora)
        assert self.press("apikey", "revoke", key.pk, confirmed="1").status_code == 403
        assert self.client.get(self.url("apikey", "add")).status_code == 403

    def test_a_user_with_keys_cannot_be_deleted_with_them(self):
        keys.create_key(user=self.vera, name="ci", scopes=["read"])
        self.client.force_login(self.root)
        self.client.post(self.url("user", "delete", self.vera.pk), {"post": "yes"})
        assert User.objects.filter(pk=self.vera.pk).exists()
        assert ApiKey.objects.count() == 1
