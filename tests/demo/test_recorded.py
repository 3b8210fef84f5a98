"""The demo answers recorded requests as the recorded servers did: status, error texts, keys and types."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.demo.replay import CASES, differences, load


def names(version: str) -> list[str]:
    return sorted(Path(path).stem for path in (CASES / version).glob("*.json"))


def test_there_are_cases_of_both_versions() -> None:
    assert len(names("v0.33.0-rc2")) > 125
    assert len(names("v0.24.0")) > 28


@pytest.mark.parametrize("name", names("v0.33.0-rc2"))
def test_it_answers_like_version_0_33(demo_033: str, name: str) -> None:
    assert differences(demo_033, load("v0.33.0-rc2", name)) == []


@pytest.mark.parametrize("name", names("v0.24.0"))
def test_it_answers_like_version_0_24(demo_024: str, name: str) -> None:
    assert differences(demo_024, load("v0.24.0", name)) == []


def test_a_difference_is_seen(demo_033: str) -> None:
    case = load("v0.24.0", "b019_show_missing_model")
    case["response"]["body"] = '{"error":"something else"}'
    assert differences(demo_033, case)
    assert differences(demo_033, load("v0.24.0", "a003_version")) == []
    assert differences(demo_033, load("v0.24.0", "a008_tags"))  # old servers tell fewer keys
