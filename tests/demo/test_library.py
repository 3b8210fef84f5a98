from __future__ import annotations

import re

import requests

from tests.demo_server import demo_server


def get(url: str, path: str) -> dict:
    answer = requests.get(url + path, timeout=5)
    assert answer.status_code == 200
    return answer.json()


def post(url: str, path: str, **body: object) -> requests.Response:
    return requests.post(url + path, json=body, timeout=10)


def by_name(url: str) -> dict[str, dict]:
    return {row["name"]: row for row in get(url, "/api/tags")["models"]}


def test_every_answer_is_labelled_as_a_demo(demo: str) -> None:
    for path in ("/", "/api/tags", "/nope", "/demo/mode"):
        assert requests.get(demo + path, timeout=5).headers["X-Demo-Upstream"] == "true"
    assert "no weights" in post(demo, "/api/show", model="phi4:14b").json()["license"]


def test_the_library_holds_a_model_of_every_kind(demo: str) -> None:
    models = by_name(demo)
    abilities = [set(row.get("capabilities", [])) for row in models.values()]
    assert len(models) >= 14
    assert sum("embedding" in able for able in abilities) >= 2
    assert {"vision", "tools"} <= set().union(*(able for able in abilities if "vision" in able))
    assert models["gpt-oss:120b-cloud"]["remote_host"] == "https://ollama.com:443"
    assert "capabilities" not in models["orca-mini:3b"]
    assert models["llama3.1:8b"]["digest"] == models["llama3.1:latest"]["digest"]
    assert models["llama3.1:8b"]["digest"] != models["acme/support-bot:latest"]["digest"]


def test_times_have_nine_digits_and_the_local_offset(demo: str) -> None:
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\+01:00"
    assert all(re.fullmatch(pattern, row["modified_at"]) for row in by_name(demo).values())


def test_equal_seconds_have_no_stable_order() -> None:
    with demo_server(models=60) as url:
        orders = {tuple(row["name"] for row in get(url, "/api/tags")["models"]) for _ in range(5)}
        assert len(orders) > 1
        assert len({tuple(sorted(order)) for order in orders}) == 1


def test_the_version_sets_where_capabilities_are_told() -> None:
    for version, in_tags, in_show in (("0.5.7", False, False), ("0.12.0", False, True), ("0.30.1", True, True)):
        with demo_server(version=version) as url:
            assert ("capabilities" in by_name(url)["qwen3:8b"]) is in_tags
            assert ("context_length" in by_name(url)["qwen3:8b"]["details"]) is in_tags
            assert ("capabilities" in post(url, "/api/show", model="qwen3:8b").json()) is in_show


def test_so_many_models_are_made_and_always_the_same() -> None:
    with demo_server(models=1000) as one, demo_server(models=1000) as other:
        assert len(by_name(one)) == 1000
        assert by_name(one) == by_name(other)


def test_an_empty_store() -> None:
    with demo_server(models=0) as url:
        assert get(url, "/api/tags") == {"models": []}
        assert get(url, "/v1/models")["data"] is None


def test_show_tells_parameters_as_go_prints_them(demo: str) -> None:
    shown = post(demo, "/api/show", model="ACME/Support-Bot").json()
    assert re.search(r"^num_predict {20}1e\+06$", shown["parameters"], re.M)
    assert re.search(r'^stop {27}"\\n\\nUser:"$', shown["parameters"], re.M)
    assert len(shown["tensors"]) > 200
    assert shown["model_info"]["tokenizer.ggml.tokens"] is None
    assert shown["details"]["parent_model"] == "llama3.1:8b"


def test_a_lora_made_from_uploaded_blobs() -> None:
    with demo_server() as url:
        digest = "sha256:63aff11f8a2e16b0f21a2cc7b4e8b4c5a0a2ed3f0a8a6b4ff0a0e3c1b2d4e5f6"
        wrong = requests.post(f"{url}/api/blobs/{digest}", data=b"GGUFdemo", timeout=5)
        found = re.search(r'got "(sha256:[0-9a-f]{64})"', wrong.json()["error"])
        assert wrong.status_code == 400 and found
        assert requests.head(f"{url}/api/blobs/{found[1]}", timeout=5).status_code == 200
        body = {"model": "bot", "from": "llama3.1:8b", "adapters": {"a.gguf": found[1]}, "parameters": {"top_k": 5}}
        lines = post(url, "/api/create", **body).text.splitlines()
        assert lines[-1] == '{"status":"success"}'
        shown = post(url, "/api/show", model="bot").json()
        assert f"ADAPTER /srv/demo/blobs/sha256-{found[1][7:]}" in shown["modelfile"]
        assert by_name(url)["bot:latest"]["details"]["parent_model"] == "llama3.1:8b"


def test_pull_reports_progress_per_digest_and_installs() -> None:
    with demo_server() as url:
        lines = post(url, "/api/pull", model="llama3.2:3b").content.splitlines()
        assert lines[0] == b'{"status":"pulling manifest"}'
        assert lines[-1] == b'{"status":"success"}'
        assert b"completed" not in lines[1] and b'"completed":2019393171' in lines[5]
        assert "llama3.2:3b" in by_name(url)
        again = post(url, "/api/pull", model="llama3.2:3b").text
        assert again.count('"digest"') == 2  # cached layers: one line each


def test_delete_forgets_the_name() -> None:
    with demo_server() as url:
        body = {"model": "phi4:14b"}
        assert requests.delete(f"{url}/api/delete", json=body, timeout=5).status_code == 200
        assert requests.delete(f"{url}/api/delete", json=body, timeout=5).status_code == 404
        assert "phi4:14b" not in by_name(url)
