"""What the tests of adapters share: a data folder of their own, and uploads."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from tests.experiments_app.experiments_case import ExperimentCase

PATH = "/api/adapters"


class AdapterCase(ExperimentCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        settings = override_settings(REGISTRY_HOME=self.home)
        settings.enable()
        self.addCleanup(settings.disable)

    def upload(self, content: bytes, name: str = "manners.gguf"):
        return self.upload_all({name: content})

    def upload_all(self, files: dict[str, bytes], **more):
        sent = [SimpleUploadedFile(name, content) for name, content in files.items()]
        return self.client.post(PATH, {"file": sent, **more}, format="multipart")

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.home / "adapters").iterdir())
