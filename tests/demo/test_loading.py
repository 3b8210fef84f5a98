from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import requests

from tests.demo_server import demo_server


def generate(url: str, model: str, **more: object) -> dict:
    body = {"model": model, "stream": False, **more}
    return requests.post(f"{url}/api/generate", json=body, timeout=10).json()


def loaded(url: str) -> dict[str, dict]:
    return {row["name"]: row for row in requests.get(f"{url}/api/ps", timeout=5).json()["models"]}


def test_names_of_one_file_share_a_runner() -> None:
    with demo_server() as url:
        assert generate(url, "llama3.1:8b")["done_reason"] == "load"
        assert generate(url, "llama3.1")["done_reason"] == "load"
        assert list(loaded(url)) == ["llama3.1:8b"]
        assert generate(url, "llama3.1", keep_alive=0)["done_reason"] == "unload"
        assert loaded(url) == {}


def test_keep_alive_sets_the_end() -> None:
    with demo_server() as url:
        generate(url, "phi4:14b", keep_alive=-1)
        generate(url, "gemma2:2b", keep_alive=0.2)
        assert list(loaded(url)) == ["phi4:14b", "gemma2:2b"]
        assert datetime.fromisoformat(loaded(url)["phi4:14b"]["expires_at"][:19]).year > 2300
        time.sleep(0.3)
        assert list(loaded(url)) == ["phi4:14b"]


def test_a_loading_model_is_not_listed_and_the_load_is_in_the_metrics() -> None:
    with demo_server(load_delay=0.4) as url:
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(generate, url, "phi4:14b", prompt="Hello")
            time.sleep(0.2)
            assert loaded(url) == {}
            assert answer.result()["load_duration"] > 350_000_000
        assert "phi4:14b" in loaded(url)
        assert generate(url, "phi4:14b", prompt="Hello")["load_duration"] < 100_000_000


def test_leaving_aborts_the_load() -> None:
    with demo_server(load_delay=0.6) as url:
        try:
            requests.post(f"{url}/api/generate", json={"model": "phi4:14b"}, timeout=0.2)
        except requests.Timeout:
            time.sleep(0.7)
        assert loaded(url) == {}


def test_a_busy_model_is_unloaded_when_its_answer_is_done() -> None:
    with demo_server(token_delay=0.005) as url:
        running = threading.Thread(target=generate, args=(url, "phi4:14b"), kwargs={"prompt": "Count to 40"})
        running.start()
        time.sleep(0.1)
        assert generate(url, "phi4:14b", keep_alive=0)["done_reason"] == "unload"
        assert "phi4:14b" in loaded(url)
        running.join()
        assert loaded(url) == {}
