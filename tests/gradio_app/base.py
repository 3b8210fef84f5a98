"""What the page's tests share: a fake registry and sessions on it."""

from __future__ import annotations

from unittest import TestCase

from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.replies import LogIn
from registry_project.gradio_app.selector import SimplifiedModelSelector
from registry_project.gradio_app.session import Session
from tests.gradio_app.fake_registry import KEY, fake_registry


class PageCase(TestCase):
    """`self.fake` is the registry, `self.session` is logged in and has seen all models."""

    def setUp(self) -> None:
        self.fake = self.enterContext(fake_registry())
        self.fake.pause = 0
        self.client = RegistryClient(self.fake.url)
        self.selector = SimplifiedModelSelector(self.client)
        self.session = self.logged_in()

    def logged_in(self) -> Session:
        session = Session()
        session.begin("ada", LogIn(KEY, tuple(self.fake.scopes)))
        session.models = {model.id: model for model in self.client.with_key(KEY).models("")}
        return session
