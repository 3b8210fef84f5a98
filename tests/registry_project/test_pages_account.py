"""A person's own page: scopes, keys, password."""

from __future__ import annotations

import re

from tests.registry_project.pages_case import PagesTestCase, words
from unified_app.keys import create_key, digest_of, find_key
from unified_app.models import ApiKey

FORM = {"name": "ci", "scopes": ["read"], "days": "30"}
SECRET = re.compile(r"mr_[\w-]{20,}")


class KeyTests(PagesTestCase):
    def make(self, **changes: object):
        return self.client.post("/account", {**FORM, **changes})

    def test_a_new_key_is_shown_once_and_works(self):
        answer = self.make()
        secret = SECRET.search(answer.content.decode())[0]
        assert find_key(secret).name == "ci"
        assert "no-store" in answer.headers["Cache-Control"]
        later = self.client.get("/account").content.decode()
        assert secret not in later and digest_of(secret) not in later
        assert secret[:9] in later

    def test_it_has_what_was_ticked_and_ends_when_told(self):
        self.make(scopes=["read", "call"])
        key = ApiKey.objects.get()
        assert key.scopes == ["read", "call"]
        assert 29 <= (key.expires_at - key.created_at).days <= 30
        self.make(name="for ever", days="")
        assert ApiKey.objects.get(name="for ever").expires_at is None

    def test_nobody_makes_a_key_that_may_more_than_they(self):
        answer = self.make(scopes=["operate"])
        assert "operate is not one of the available choices" in words(answer)
        assert not ApiKey.objects.exists()

    def test_nothing_ticked_is_told(self):
        assert "Tick at least one thing" in words(self.make(scopes=[]))

    def test_a_form_sent_twice_makes_one_key(self):
        self.make()
        answer = self.make()
        assert "You have a key of this name already" in words(answer)
        assert ApiKey.objects.count() == 1 and not SECRET.search(answer.content.decode())

    def test_a_name_is_escaped(self):
        assert "<script>x" not in self.make(name="<script>x</script>").content.decode()
        assert "<script>x" not in self.source("/account")

    def test_revoking_asks_and_names_the_key(self):
        key, secret = create_key(user=self.users["Viewer"], name="ci", scopes=["read"])
        assert "Revoke the key ci?" in self.page(f"/account/keys/{key.pk}/revoke")
        assert find_key(secret)
        answer = self.client.post(f"/account/keys/{key.pk}/revoke", follow=True)
        assert "The key ci is revoked" in words(answer) and "revoked" in words(answer)
        assert find_key(secret) is None

    def test_somebody_elses_key_is_neither_seen_nor_revoked(self):
        key, secret = create_key(user=self.users["Operator"], name="deploy", scopes=["operate"])
        assert "deploy" not in self.page("/account")
        assert self.client.post(f"/account/keys/{key.pk}/revoke").status_code == 404
        assert find_key(secret)


class PersonTests(PagesTestCase):
    def test_it_says_what_one_may_do(self):
        said = self.page("/account")
        assert "call: call models yes" in said
        assert "manage hosts and jobs no" in said

    def test_the_password_can_be_changed(self):
        form = {"old_password": "right horse", "new_password1": "9 wild donkeys", "new_password2": "9 wild donkeys"}
        answer = self.client.post("/account/password", form, follow=True)
        assert "Your password is changed." in words(answer)
        self.users["Viewer"].refresh_from_db()
        assert self.users["Viewer"].check_password("9 wild donkeys")

    def test_a_wrong_old_password_is_told(self):
        form = {"old_password": "no", "new_password1": "9 wild donkeys", "new_password2": "9 wild donkeys"}
        assert "incorrectly" in words(self.client.post("/account/password", form))
