"""What the tests of the API share: a client with a role's key, and models in the registry."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import TestCase
from rest_framework.test import APIClient

from tests.unified_app.plans import fetched
from unified_app.keys import create_key
from unified_app.models import UnifiedModel, User
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.scopes import ROLES


def user_with(role: str) -> User:
    user = User.objects.create_user(role.lower(), password="right horse")
    user.groups.add(Group.objects.get(name=role))
    return user


def register(name: str, place: str = "one", **more: object) -> UnifiedModel:
    """Put one model into the registry, as a sync of `place` would."""
    model = fetched(name, place=place, **more)
    UnifiedRegistryManager().register_model(model)
    return UnifiedModel.objects.get(name=name)


class ApiTestCase(TestCase):
    """`role` is whose key the client sends; `act_as` changes it, None takes it away."""

    client_class = APIClient
    role = "Viewer"

    @classmethod
    def setUpTestData(cls):
        cls.users = {role: user_with(role) for role in ROLES}
        cls.keys = {r: create_key(user=u, name=r, scopes=ROLES[r])[1] for r, u in cls.users.items()}

    def setUp(self):
        cache.clear()
        self.act_as(self.role)

    def act_as(self, role: str | None) -> None:
        self.client.credentials(**({"HTTP_AUTHORIZATION": f"Bearer {self.keys[role]}"} if role else {}))

    def get(self, path: str, **parameters: object) -> dict:
        answer = self.client.get(path, parameters)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def names(self, **parameters: object) -> list[str]:
        return [row["name"] for row in self.get("/api/models", **parameters)["models"]]

    def error(self, answer, status: int) -> dict:
        """Return the error of an answer, which has the one shape and nothing else."""
        assert answer.status_code == status, answer.content
        assert list(answer.json()) == ["error"]
        return answer.json()["error"]
