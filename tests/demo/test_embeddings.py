from __future__ import annotations

import math
import random
from pathlib import Path

import requests

TEXT = (Path(__file__).parents[2] / "registry_project" / "demo" / "data" / "paraphrases.txt").read_text()
PAIRS = [line.split(" | ") for line in TEXT.splitlines()]


def embed(url: str, model: str, texts: list[str], **more: object) -> list[list[float]]:
    body = {"model": model, "input": texts, **more}
    return requests.post(f"{url}/api/embed", json=body, timeout=10).json()["embeddings"]


def near(first: list[float], second: list[float]) -> float:
    return sum(a * b for a, b in zip(first, second, strict=True))


def share_of_paraphrases_nearer(url: str, model: str) -> float:
    """Of 100 drawn comparisons, how often a sentence is nearer to its paraphrase than to another's."""
    ones, others = (embed(url, model, [pair[side] for pair in PAIRS]) for side in (0, 1))
    chance, won = random.Random(7), 0
    for _ in range(100):
        here, there = chance.sample(range(len(PAIRS)), 2)
        won += near(ones[here], others[here]) > near(ones[here], others[there])
    return won / 100


def test_the_good_model_knows_paraphrases_and_the_small_one_knows_fewer(demo: str) -> None:
    good = share_of_paraphrases_nearer(demo, "nomic-embed-text:v1.5")
    small = share_of_paraphrases_nearer(demo, "all-minilm:l6-v2")
    assert len(PAIRS) >= 55
    assert good >= 0.95
    assert 0.6 < small < good


def test_vectors_are_of_length_one_and_always_the_same(demo: str) -> None:
    for model, width in (("nomic-embed-text:v1.5", 768), ("all-minilm:l6-v2", 384)):
        texts = ["a cat", "", "income tax"]
        vectors = embed(demo, model, texts)
        assert [len(vector) for vector in vectors] == [width] * 3
        assert all(math.isclose(near(vector, vector), 1, abs_tol=1e-4) for vector in vectors)
        assert embed(demo, model, texts[::-1]) == vectors[::-1]


def test_fewer_dimensions_are_normalised_again(demo: str) -> None:
    short = embed(demo, "nomic-embed-text:v1.5", ["a cat"], dimensions=16)[0]
    assert len(short) == 16
    assert math.isclose(near(short, short), 1, abs_tol=1e-4)
