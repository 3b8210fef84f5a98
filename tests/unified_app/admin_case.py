"""People of each role and a few models, for the tests of the admin."""

from __future__ import annotations

from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group
from django.test import TestCase
from django.urls import reverse

from tests.unified_app.plans import fetched
from unified_app.models import User
from unified_app.registry_manager import UnifiedRegistryManager


def person(name: str, role: str) -> User:
    user = User.objects.create_user(name, password="pw")
    user.groups.add(Group.objects.get(name=role))
    return user


def register(count: int, place: str = "one", **more: object) -> None:
    registry = UnifiedRegistryManager(by="sync")
    for number in range(count):
        registry.register_model(fetched(f"model-{number:03}", place=place, **more))


class AdminTestCase(TestCase):
    """`cora` curates, `otto` operates, `root` is a superuser; `root` is logged in."""

    @classmethod
    def setUpTestData(cls):
        cls.cora = person("cora", "Curator")
        cls.otto = person("otto", "Operator")
        cls.root = User.objects.create_superuser("root", password="pw")

    def setUp(self):
        self.client.force_login(self.root)

    def url(self, model: str, page: str = "changelist", *args: object) -> str:
        label, _, name = model.rpartition(".")
        if page in ("change", "delete", "do"):
            args = (quote(str(args[0])), *args[1:])
        return reverse(f"admin:{label or 'unified_app'}_{name}_{page}", args=args)

    def act(self, model: str, action: str, *ids: object, **more: object):
        """Do a list's action and follow to the page that tells of it."""
        data = {"action": action, "_selected_action": [str(i) for i in ids], **more}
        return self.client.post(self.url(model), data, follow=True)

    def press(self, model: str, button: str, pk: object, **data: object):
        """Press a button of a page."""
        return self.client.post(self.url(model, "do", pk, button), data, follow=True)

    def messages(self, response) -> str:
        return " | ".join(str(message) for message in response.context["messages"])
