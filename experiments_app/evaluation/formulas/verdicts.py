"""What can honestly be said of two models, and how many cases it would take to say more."""

from __future__ import annotations

from math import ceil, isfinite, log2
from typing import Literal

from experiments_app.evaluation.formulas.distributions import two_sided_z
from experiments_app.evaluation.formulas.paired import MCNEMAR, Paired, unseen
from experiments_app.evaluation.formulas.power import cases_needed_mcnemar, cases_needed_paired

Verdict = Literal["a", "b", "same", "not enough cases"]

MARGIN = 0.05
ALPHA = 0.05
POWER = 0.8


def verdict(
    paired: Paired, p_adjusted: float, margin: float = MARGIN, *, alpha: float = ALPHA, lower_is_better: bool = False
) -> Verdict:
    """Return which of the two is better, that they are the same for all purposes, or that the cases do not tell.

    p_adjusted: the pair's p-value after `holm` over all pairs that are compared. a or b: p_adjusted is below alpha and
    the interval agrees, so that no verdict contradicts the interval that is shown with it. same: the interval lies
    within +-margin, in the scores' unit, and so many cases were seen that unlike ones could not hide (`unseen`). It is
    the test of equivalence by interval inclusion of Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15,
    1987, at half of alpha a side. lower_is_better: for latency and cost.
    """
    if p_adjusted < alpha and (paired.low > 0 or paired.high < 0):
        return "a" if (paired.low > 0) != lower_is_better else "b"
    return "same" if _within(paired, margin) else "not enough cases"


def cases_needed(
    paired: Paired, p_adjusted: float, margin: float = MARGIN, *, alpha: float = ALPHA, power: float = POWER
) -> int | None:
    """Return how many cases in all would probably settle "not enough cases", if they go on as those that were seen.

    The smaller of two numbers: what it takes to call the difference that was seen more than chance, with the alpha
    that many comparisons leave to this pair; and what it takes to call the two the same. A forecast from a difference
    that is itself uncertain. None when the cases do not even tell how much the two differ: fewer than two, or values
    of which there is no difference.
    """
    if paired.n < 2 or not isfinite(paired.difference):
        return None
    size = abs(paired.difference)
    left = alpha * min(1.0, paired.p_value / p_adjusted) if p_adjusted and paired.p_value else alpha
    options = []
    if size:
        # No test of signs can tell with less.
        options.append(max(_for_size(paired, size, left, power), ceil(1 - log2(left))))
    if size < margin:
        needed = _for_size(paired, margin - size, 1 - paired.confidence, power)
        options.append(max(needed, _cases_to_see(margin / paired.scale, paired.confidence)))
    return max(paired.n + 1, min(options)) if options else None


def _within(paired: Paired, margin: float) -> bool:
    if not paired.n or not -margin <= paired.low <= paired.high <= margin:
        return False
    return paired.scale * unseen(paired.n, paired.confidence) <= margin


def _for_size(paired: Paired, size: float, alpha: float, power: float) -> int:
    if paired.test != MCNEMAR:
        return cases_needed_paired(paired.sd, size, alpha, power)
    # The share of cases on which they differ, with one case more of each sort: none seen does not mean none.
    differing = round(paired.sd**2 * (paired.n - 1) + paired.n * paired.difference**2)
    share = (differing + 1) / (paired.n + 2)
    return cases_needed_mcnemar(max(share, min(size, 1.0)), min(size, 1.0), alpha, power)


def _cases_to_see(share: float, confidence: float) -> int:
    """Return at how many cases `unseen` is down to that share."""
    return ceil(two_sided_z(confidence) ** 2 * (1 / share - 1) - 1e-9) if share < 1 else 1
