"""Files in and out over the API."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from experiments_app.models import Variant
from tests.experiments_app.experiments_case import MODELS, ExperimentCase

PATH = "/api/experimental/import"


class ExchangeTests(ExperimentCase):
    def test_a_modelfile_becomes_variants_and_comes_out_again(self):
        text = "FROM llama3.1:8b\nPARAMETER seed 5\nSYSTEM Be kind.\nLICENSE MIT\n"
        answer = self.client.post(PATH, {"format": "modelfile", "text": text, "name": "kind"})
        told = answer.json()
        assert answer.status_code == 201, told
        assert (told["name"], told["experiment_type"]) == ("kind", "prompt_engineering")
        assert len(told["ignored"]) == 1
        out = self.client.get(f"{MODELS}/{told['id']}/export?format=modelfile")
        assert out.content.decode() == "FROM llama3.1:8b\nPARAMETER seed 5\nSYSTEM Be kind.\n"
        assert "attachment" in out["Content-Disposition"]

    def test_a_prompt_file_is_uploaded_for_another_base(self):
        file = SimpleUploadedFile("a.prompt.yml", b"model: x\nmodelParameters: {maxTokens: 3}\n")
        body = {"format": "prompt.yml", "file": file, "base_model": "qwen3:8b"}
        told = self.client.post(PATH, body, format="multipart").json()
        assert told["recipe"]["parameters"] == {"max_tokens": 3}
        out = self.client.get(f"{MODELS}/{told['id']}/export?format=prompt.yml").content.decode()
        assert "maxTokens: 3" in out
        assert "model: qwen3:8b" in out

    def test_the_same_key_and_file_make_one_family_of_variants(self):
        text = "FROM llama3.1:8b\nPARAMETER seed 5\nSYSTEM Be kind.\n"

        def send(**more):
            body = {"format": "modelfile", "text": text, **more}
            return self.client.post(PATH, body, HTTP_IDEMPOTENCY_KEY="once")

        first, again, other = send(), send(), send(text="FROM llama3.1:8b\nSYSTEM x")
        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
        assert again.json()["id"] == first.json()["id"]
        assert Variant.objects.count() == 2

    def test_what_is_wrong_names_the_field(self):
        for body, name in (
            ({"format": "modelfile", "text": "nothing"}, "text"),
            ({"format": "modelfile"}, "text"),
            ({"format": "docx", "text": "x"}, "format"),
            ({"format": "modelfile", "text": "FROM llama3.1:8b"}, "text"),
            ({"format": "modelfile", "text": "FROM nobody\nSYSTEM x"}, "base_model"),
        ):
            answer = self.client.post(PATH, body)
            assert answer.status_code == 400
            assert name in answer.json()["error"]["details"], answer.json()

    def test_an_ensemble_has_no_file(self):
        made = self.make(
            "ensemble", {"members": [{"model": "qwen3:8b"}, {"model": "llama3.1:8b"}], "strategy": "majority_vote"}
        )
        assert self.client.get(f"{MODELS}/{made['id']}/export").status_code == 409
