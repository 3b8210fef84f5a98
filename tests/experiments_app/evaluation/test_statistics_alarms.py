"""Two models that are the same, compared 3,000 times: called different no more often than the stated 5 %."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from experiments_app.evaluation.statistics import compare_paired, holm, verdict

TIMES = 3_000
STATED = 0.05


def two_alike(sample: str, cases: int, seed: int) -> Iterator[tuple[list[float], list[float]]]:
    """Yield what one model scored twice; cases are easy and hard, so that the two go together as real scores do."""
    chance = np.random.default_rng(seed)
    for _ in range(TIMES):
        ease = chance.beta(0.6, 0.4, cases)
        if sample == "passes":
            both = (chance.random((2, cases)) < ease).astype(float)
        elif sample == "repeats":
            both = chance.binomial(3, ease, (2, cases)) / 3
        elif sample == "rubric":
            both = chance.binomial(4, ease, (2, cases)) / 4
        else:
            both = chance.lognormal(ease, 0.8, (2, cases))
        yield both[0].tolist(), both[1].tolist()


def called_different(sample: str, cases: int, kind: str, seed: int) -> float:
    found = [compare_paired(a, b, kind=kind, resamples=2_000) for a, b in two_alike(sample, cases, seed)]
    return sum(verdict(one, one.p_value) in ("a", "b") for one in found) / TIMES


@pytest.mark.parametrize(
    ("sample", "cases", "kind"),
    [
        ("passes", 200, "binary"),
        ("repeats", 30, "continuous"),
        ("rubric", 60, "continuous"),
        ("seconds", 60, "continuous"),
    ],
)
def test_a_model_is_not_called_better_than_itself(sample, cases, kind):
    assert called_different(sample, cases, kind, seed=11) <= STATED


def test_among_many_alike_any_is_called_better_no_more_often_than_stated():
    alarms = 0
    for (a, b), (c, d) in zip(two_alike("passes", 60, 1), two_alike("passes", 60, 2), strict=True):
        pairs = [compare_paired(x, y, kind="binary") for x, y in ((a, b), (c, d), (a, d))]
        adjusted = holm([one.p_value for one in pairs])
        alarms += any(verdict(one, p) in ("a", "b") for one, p in zip(pairs, adjusted, strict=True))
    assert alarms / TIMES <= STATED
