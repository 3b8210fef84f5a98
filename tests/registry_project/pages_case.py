"""What the tests of the pages share: people of every role, hosts and models, and a way to read a page."""

from __future__ import annotations

import html
import re

from django.http import HttpResponse
from django.test import TestCase

from ollama_app.models import Host
from tests.unified_app.api_case import register, user_with
from unified_app.models import User
from unified_app.scopes import ROLES

MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL)


def words(answer: HttpResponse) -> str:
    """The page as it reads: without tags, with single spaces and none before a stop."""
    text = html.unescape(MARKUP.sub(" ", answer.content.decode()))
    return re.sub(r" (?=[.,:;])", "", re.sub(r"[\s\u00a0\u202f]+", " ", text))


def add_host(name: str, state: str = "up", **more: object) -> Host:
    return Host.objects.create(name=name, url=f"http://{name}.example:11434", state=state, **more)


class PagesTestCase(TestCase):
    """Logged in as `role`; `act_as` changes it, None logs out."""

    role: str | None = "Viewer"

    @classmethod
    def setUpTestData(cls):
        cls.users = {role: user_with(role) for role in ROLES}
        cls.users["nobody"] = User.objects.create_user("nobody", password="right horse")

    def setUp(self):
        self.act_as(self.role)

    def act_as(self, role: str | None) -> None:
        self.client.logout()
        if role:
            self.client.force_login(self.users[role])

    def page(self, path: str, status: int = 200, **parameters: object) -> str:
        """Return what a page says."""
        answer = self.client.get(path, parameters)
        assert answer.status_code == status, answer.status_code
        return words(answer)

    def source(self, path: str, **parameters: object) -> str:
        """Return the HTML of a page."""
        return self.client.get(path, parameters).content.decode()


__all__ = ["PagesTestCase", "add_host", "register", "words"]
