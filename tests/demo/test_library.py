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


def test_times_have_the_nine_digits_that_go_prints(demo: str) -> None:
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"
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


def test_show_tells_parameters_as_go_prints_them(demo: str) -> None:
    shown = post(demo, "/api/show", model="ACME/Support-Bot").json()
    assert re.search(r"^num_predict {20}1e\+06$", shown["parameters"], re.M)
    assert re.search(r'^stop {27}"\\n\\nUser:"$', shown["parameters"], re.M)
    assert shown["details"]["parent_model"] == "llama3.1:8b"


def test_a_model_made_from_another_has_its_own_digest_and_texts() -> None:
    with demo_server() as url:
        body = {"model": "acme/bot", "from": "llama3.1:8b", "system": "Be kind.", "parameters": {"top_k": 5}}
        lines = post(url, "/api/create", **body).text.splitlines()
        assert lines[-1] == '{"status":"success"}'
        shown = post(url, "/api/show", model="acme/bot").json()
        assert shown["system"] == "Be kind."
        assert re.fullmatch(r"top_k {26}5", shown["parameters"])
        assert by_name(url)["acme/bot:latest"]["digest"] != by_name(url)["llama3.1:8b"]["digest"]


def test_a_copy_keeps_the_digest() -> None:
    with demo_server() as url:
        assert post(url, "/api/copy", source="phi4:14b", destination="mine").status_code == 200
        assert by_name(url)["mine:latest"]["digest"] == by_name(url)["phi4:14b"]["digest"]


def test_pull_reports_progress_per_digest_and_installs() -> None:
    with demo_server() as url:
        lines = post(url, "/api/pull", model="llama3.2:3b").content.splitlines()
        assert lines[0] == b'{"status":"pulling manifest"}'
        assert lines[-1] == b'{"status":"success"}'
        assert b"completed" not in lines[1] and b'"completed":2019393189' in lines[5]
        assert "llama3.2:3b" in by_name(url)
        assert post(url, "/api/pull", model="llama3.2:3b", stream=False).json() == {"status": "success"}


def test_delete_forgets_the_name() -> None:
    with demo_server() as url:
        body = {"model": "phi4:14b"}
        assert requests.delete(f"{url}/api/delete", json=body, timeout=5).status_code == 200
        assert requests.delete(f"{url}/api/delete", json=body, timeout=5).status_code == 404
        assert "phi4:14b" not in by_name(url)
