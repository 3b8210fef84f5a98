"""How big a difference is, whatever the number of cases: one measure for each test. For `wilcoxon`: `rank_biserial`."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, nan

from experiments_app.evaluation.formulas.bootstrap import deviation


def cohens_g(b: int, c: int) -> float:
    """Return Cohen's g, -0.5..0.5, of McNemar's test: the share of b among the cases that differ, minus 1/2.

    b: cases that only the first passed; c: that only the second passed; 0.0 when there is none. 0.05 is small, 0.15
    medium, 0.25 large. Source: Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed. 1988, chapter 5.
    """
    return b / (b + c) - 0.5 if b + c else 0.0


def cohens_dz(differences: Sequence[float]) -> float:
    """Return Cohen's d_z of paired differences: their mean in standard deviations; nan when they have no spread.

    0.0 when all are zero. Source: Cohen 1988, chapter 2; Lakens, Frontiers in Psychology 4:863, 2013.
    """
    if not any(differences):
        return 0.0
    spread = deviation(differences) if len(differences) > 1 else 0.0
    return fsum(differences) / len(differences) / spread if spread else nan
