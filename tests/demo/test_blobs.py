from __future__ import annotations

import hashlib
from unittest import TestCase

import requests

from tests.demo_server import demo_server

FILE = b"no real adapter"
DIGEST = f"sha256:{hashlib.sha256(FILE).hexdigest()}"


class BlobTests(TestCase):
    def setUp(self):
        self.url = self.enterContext(demo_server())

    def create(self, **more) -> requests.Response:
        body = {"model": "mine", "from": "llama3.1:8b", "stream": False, **more}
        return requests.post(f"{self.url}/api/create", json=body, timeout=10)

    def test_a_model_with_a_pushed_adapter_says_so_and_answers(self):
        blob = f"{self.url}/api/blobs/{DIGEST}"
        assert requests.head(blob, timeout=5).status_code == 404
        assert requests.post(blob, data=FILE, timeout=5).status_code == 201
        assert requests.head(blob, timeout=5).status_code == 200
        assert self.create(adapters={"adapter.gguf": DIGEST}).json() == {"status": "success"}
        shown = requests.post(f"{self.url}/api/show", json={"model": "mine"}, timeout=5).json()
        assert f"\nADAPTER /srv/demo/blobs/{DIGEST.replace(':', '-')}\n" in shown["modelfile"]
        digests = {m["name"]: m["digest"] for m in requests.get(f"{self.url}/api/tags", timeout=5).json()["models"]}
        assert digests["mine:latest"] != digests["llama3.1:8b"]
        asked = {"model": "mine", "messages": [{"role": "user", "content": "Hi"}], "stream": False}
        assert requests.post(f"{self.url}/api/chat", json=asked, timeout=10).json()["message"]["content"]

    def test_what_does_not_fit_its_digest_or_was_not_pushed_is_refused(self):
        told = requests.post(f"{self.url}/api/blobs/{DIGEST}", data=b"something else", timeout=5)
        assert told.status_code == 400 and "digest mismatch" in told.json()["error"]
        assert self.create(adapters={"adapter.gguf": DIGEST}).status_code == 400
        two = {"one.gguf": DIGEST, "two.gguf": DIGEST}
        assert self.create(adapters=two).json()["error"] == "only one adapter is currently supported"

    def test_safetensors_need_their_configuration_and_a_version_that_takes_them(self):
        assert requests.post(f"{self.url}/api/blobs/{DIGEST}", data=FILE, timeout=5).status_code == 201
        both = {"adapter_config.json": DIGEST, "a.safetensors": DIGEST}
        assert self.create(adapters=both).json() == {"status": "success"}
        assert "adapter_config.json" in self.create(adapters={"a.safetensors": DIGEST}).json()["error"]
        with demo_server(version="0.34.1") as newer:
            requests.post(f"{newer}/api/blobs/{DIGEST}", data=FILE, timeout=5)
            body = {"model": "mine", "from": "llama3.1:8b", "stream": False, "adapters": both}
            assert requests.post(f"{newer}/api/create", json=body, timeout=10).status_code == 400

    def test_a_model_without_one_is_made_as_before(self):
        assert self.create(system="Be brief.").json() == {"status": "success"}
        shown = requests.post(f"{self.url}/api/show", json={"model": "mine"}, timeout=5).json()
        assert "ADAPTER" not in shown["modelfile"]
