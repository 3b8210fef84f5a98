"""Adapters of several files: PEFT's configuration and its safetensors."""

from __future__ import annotations

import hashlib

from experiments_app.models import Adapter
from ollama_app.models import Host
from tests.experiments_app.adapter_case import PATH, AdapterCase
from tests.experiments_app.gguf_files import lora
from tests.experiments_app.peft_files import CONFIG, WEIGHTS, adapter, config, matrices, safetensors


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class AdapterSetTests(AdapterCase):
    def test_a_set_is_one_adapter_with_the_digest_that_sha256sum_gives(self):
        files = adapter(4)
        answer = self.upload_all(files)
        told = answer.json()
        assert answer.status_code == 201, told
        printed = "".join(f"{digest(files[name])}  {name}\n" for name in sorted(files))
        assert told["sha256"] == digest(printed.encode())
        assert told["size"] == sum(map(len, files.values()))
        assert (told["format"], told["architecture"], told["rank"], told["alpha"]) == ("safetensors", "llama", 4, 16.0)
        assert (told["name"], told["width"], told["modules"]) == (WEIGHTS, 16, ["v_proj"])
        assert [file["name"] for file in told["files"]] == [CONFIG, WEIGHTS]
        assert self.files() == sorted(map(digest, files.values()))

    def test_the_order_and_the_name_that_is_given_make_no_other_adapter(self):
        files = adapter()
        first = self.upload_all(files, name="Manners")
        again = self.upload_all(dict(reversed(files.items())), name="Other")
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json() and again.json()["name"] == "Manners"

    def test_shards_belong_to_one_adapter(self):
        parts = {f"adapter_model-0000{n + 1}-of-00002.safetensors": safetensors(matrices(layer=n)) for n in (0, 1)}
        assert self.upload_all({CONFIG: config(), **parts}).status_code == 201
        again = {name: safetensors(matrices()) for name in parts}
        assert "twice" in self.upload_all({CONFIG: config(), **again}).json()["error"]["message"]

    def test_what_is_no_whole_set_is_told_and_leaves_nothing(self):
        weights = safetensors(matrices())
        for files, says in (
            ({WEIGHTS: weights}, "adapter_config.json"),
            ({CONFIG: config()}, "configuration alone"),
            ({WEIGHTS: weights, "other.safetensors": weights}, "adapter_config.json"),
            ({CONFIG: config(), "a.gguf": lora()}, "GGUF adapter is whole"),
            ({CONFIG: config(), "adapter_model.bin": b"PK\x03\x04" + b"x" * 30}, "pickle"),
            ({CONFIG: config(), WEIGHTS: b"\x80\x02ctorch" + b"x" * 30}, "pickle"),
            ({CONFIG: config(), WEIGHTS: weights, "README.md": b"# Adapter"}, "leave the others out"),
            ({CONFIG: config(), "é.safetensors": weights}, "Name it"),
            ({CONFIG: config(), WEIGHTS: weights[:-1]}, "cut off"),
            ({CONFIG: b" " * (2**20 + 1), WEIGHTS: weights}, "the most"),
            ({CONFIG: config(), **{f"{n}.safetensors": weights for n in range(64)}}, "multipart"),
        ):
            answer = self.upload_all(files)
            assert answer.status_code == 400, says
            assert list(answer.json()["error"]["details"]) == ["file"]
            assert says in answer.json()["error"]["message"], answer.json()
        assert self.files() == []

    def test_a_file_that_another_adapter_has_stays(self):
        first, second = (self.upload_all(adapter(seed=seed)).json() for seed in (1, 2))
        assert len(self.files()) == 3
        with self.captureOnCommitCallbacks(execute=True):
            assert self.client.delete(f"{PATH}/{first['sha256']}").status_code == 204
        assert self.files() == sorted(file["sha256"] for file in second["files"])

    def test_what_the_server_is_known_to_mix_up_is_told(self):
        weights = safetensors(matrices(module="self_attn.q_proj"))
        assert "q_proj" in self.upload_all({CONFIG: config(), WEIGHTS: weights}).json()["warnings"][0]
        assert self.upload_all(adapter()).json()["warnings"] == []


class FitTests(AdapterCase):
    def tune(self, **more):
        sha256 = self.upload_all(adapter(base_model_name_or_path="")).json()["sha256"]
        return self.send("fine_tuning", {"adapter": sha256}, **more)

    def test_a_host_that_takes_safetensors_gets_them(self):
        Host.objects.create(name="one", url="http://127.0.0.1:1", version="0.24.0")
        assert self.tune().status_code == 201

    def test_one_that_does_not_any_more_is_told_with_the_way_out(self):
        Host.objects.create(name="one", url="http://127.0.0.1:1", version="0.34.1")
        answer = self.tune()
        assert answer.status_code == 400
        told = answer.json()["error"]["details"]["adapter"][0]
        assert "0.34.1" in told and "convert_lora_to_gguf" in told
        gguf = Adapter.objects.get(pk=self.upload(lora()).json()["sha256"])
        assert self.send("fine_tuning", {"adapter": gguf.pk}).status_code == 201

    def test_a_base_of_an_architecture_that_is_not_converted_is_told(self):
        answer = self.tune(base_model="qwen3:8b")
        assert answer.status_code == 400
        assert "qwen3" in answer.json()["error"]["details"]["adapter"][0]
