"""Two models on the same cases: how they differ, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, isfinite, nan
from typing import Literal

from experiments_app.evaluation.formulas.bootstrap import RESAMPLES, bootstrap_ci, deviation, paired_bootstrap
from experiments_app.evaluation.formulas.effect_sizes import cohens_dz, cohens_g
from experiments_app.evaluation.formulas.proportions import mcnemar_exact, paired_proportion_interval, wilson
from experiments_app.evaluation.formulas.signed_ranks import rank_biserial, wilcoxon

Kind = Literal["binary", "continuous"]

MCNEMAR, WILCOXON, BOOTSTRAP, NONE = "mcnemar_exact", "wilcoxon", "paired_bootstrap", "none"
# A bootstrap draws from the differences that were seen: of fewer that are not zero, the ranks tell more safely.
_FEW = 30
# 0.9 - 0.8 and 0.2 - 0.1 are the same difference.
_DIGITS = 12


@dataclass(frozen=True)
class Paired:
    """How two models, a and b, differ on the cases that both have a score for."""

    # Mean of a minus mean of b, and its interval; nan without a case.
    difference: float
    low: float
    high: float
    p_value: float
    # mcnemar_exact, wilcoxon, paired_bootstrap, or none.
    test: str
    # Cohen's g, matched-pairs rank-biserial correlation, or Cohen's d_z, as `effect` says; positive speaks for a.
    effect_size: float
    effect: str
    # Pairs that counted, and pairs that did not since one of the two was undecided.
    n: int
    dropped: int
    # Standard deviation of the differences, and the largest difference that one case can make.
    sd: float
    scale: float = 1.0
    confidence: float = 0.95


def kind_of(scores: Iterable[float | None]) -> Kind:
    """Return binary when all scores that are there are 0 or 1 (or False, True), else continuous."""
    return "binary" if all(score is None or score in (0, 1) for score in scores) else "continuous"


def compare_paired(
    a: Sequence[float | None],
    b: Sequence[float | None],
    *,
    kind: Kind,
    seed: int = 0,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    scale: float = 1.0,
) -> Paired:
    """Compare two models' scores on the same cases, in the same order. None and nan are undecided: the pair is dropped.

    kind: "binary" for passes without repeats: McNemar's exact test and Newcombe's interval. "continuous" for all
    other scores, and for passes averaged over a case's repeats: the paired bootstrap; with less than 30 differences
    that are not zero Wilcoxon's test, whose level is right there, beside the bootstrap's interval of the mean. Sources:
    Dror et al., The Hitchhiker's Guide to Testing Statistical Significance in Natural Language Processing, ACL 2018;
    Miller, Adding Error Bars to Evals, 2024.
    scale: the largest difference that one case can make, in the scores' unit: 1.0 for scores of 0..1. When all
    differences are equal, the interval still allows for unlike cases not seen yet.
    ValueError: the lengths differ, or a binary score is neither 0 nor 1.
    """
    if len(a) != len(b):
        raise ValueError(f"Scores on the same cases are needed, not {len(a)} and {len(b)} scores.")
    pairs = _decided(a, b)
    dropped = len(a) - len(pairs)
    if not pairs:
        return Paired(nan, nan, nan, 1.0, NONE, nan, "", 0, dropped, nan, scale, confidence)
    if kind == "binary":
        return _binary(pairs, dropped, confidence)
    return _continuous(pairs, dropped, seed, confidence, resamples, scale)


def unseen(n: int, confidence: float = 0.95) -> float:
    """Return how large a share of all cases may be unlike all of n cases that were alike: the high end of 0 of n.

    0.05 at 73 cases. Source: Wilson 1927, as in `wilson`; compare Hanley & Lippman-Hand, If nothing goes wrong, is
    everything all right?, JAMA 249, 1983.
    """
    return wilson(0, n, confidence)[1]


def _decided(a: Sequence[float | None], b: Sequence[float | None]) -> list[tuple[float, float]]:
    pairs = ((x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None)
    return [(float(x), float(y)) for x, y in pairs if isfinite(x) and isfinite(y)]


def _binary(pairs: Sequence[tuple[float, float]], dropped: int, confidence: float) -> Paired:
    n10, n01 = pairs.count((1.0, 0.0)), pairs.count((0.0, 1.0))
    n11, n00, n = pairs.count((1.0, 1.0)), pairs.count((0.0, 0.0)), len(pairs)
    if n11 + n10 + n01 + n00 != n:
        raise ValueError("A binary score must be 0 or 1; passes averaged over repeats are continuous.")
    low, high = paired_proportion_interval(n11, n10, n01, n00, confidence)
    p_value, effect = mcnemar_exact(n10, n01), cohens_g(n10, n01)
    spread = _deviation([x - y for x, y in pairs])
    return Paired((n10 - n01) / n, low, high, p_value, MCNEMAR, effect, "cohens_g", n, dropped, spread, 1.0, confidence)


def _continuous(
    pairs: Sequence[tuple[float, float]], dropped: int, seed: int, confidence: float, resamples: int, scale: float
) -> Paired:
    differences = [round(x - y, _DIGITS) for x, y in pairs]
    zeros = [0.0] * len(differences)
    if sum(map(bool, differences)) < _FEW:
        difference = fsum(differences) / len(differences)
        low, high = bootstrap_ci(differences, seed, confidence=confidence, resamples=resamples)
        p_value, test = wilcoxon(differences, zeros), WILCOXON
        size, effect = rank_biserial(differences, zeros), "rank_biserial"
    else:
        difference, low, high, p_value = paired_bootstrap(
            differences, zeros, seed, confidence=confidence, resamples=resamples
        )
        test, size, effect = BOOTSTRAP, cohens_dz(differences), "cohens_dz"
    if low == high:
        slack = scale * unseen(len(differences), confidence)
        low, high = max(low - slack, min(low, -scale)), min(high + slack, max(high, scale))
    spread = _deviation(differences)
    return Paired(
        difference, low, high, p_value, test, size, effect, len(differences), dropped, spread, scale, confidence
    )


def _deviation(differences: Sequence[float]) -> float:
    return deviation(differences) if len(differences) > 1 else nan
