from __future__ import annotations

import requests


def test_any_letters_go_through(demo: str) -> None:
    body = {"model": "phi4:14b", "prompt": "<b> & ü €", "stream": False}
    answer = requests.post(f"{demo}/api/generate", json=body, timeout=5)
    assert "<b> & ü €" in answer.json()["response"]
