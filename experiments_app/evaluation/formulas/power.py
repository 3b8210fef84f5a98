"""How many cases are needed to tell two models apart."""

from __future__ import annotations

from math import ceil, sqrt

from experiments_app.evaluation.formulas.distributions import normal_quantile


def cases_needed_mcnemar(p_discordant: float, difference: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return how many cases McNemar's test needs to see a difference of two shares, with that power.

    p_discordant: the share of cases that exactly one of the two passes; difference: share one minus share two, as
    large as p_discordant at most. Source: Connor, Sample size for testing differences in proportions for the
    paired-sample design, Biometrics 43, 1987. ValueError: no difference, more of it than p_discordant,
    p_discordant above 1, or alpha or power outside 0..1.
    """
    size = abs(difference)
    if not 0 < size <= p_discordant <= 1:
        raise ValueError(f"A difference of {difference} is not possible with {p_discordant} of the cases differing.")
    z_alpha, z_power = _quantiles(alpha, power)
    # Rounding must not cost a case.
    root = z_alpha * sqrt(p_discordant) + z_power * sqrt(max(0.0, p_discordant - size * size))
    return ceil((root / size) ** 2 - 1e-9)


def cases_needed_paired(sd: float, difference: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return how many cases are needed to see a mean of paired differences, with that power.

    sd: standard deviation of the differences, in the unit of `difference`. The normal approximation
    ((z_alpha/2 + z_power) sd / difference)^2, at least 2. Source: Chow, Shao & Wang, Sample Size Calculations in
    Clinical Research, 2nd ed. 2008. ValueError: no difference, a negative sd, or alpha or power outside 0..1.
    """
    if difference == 0 or sd < 0:
        raise ValueError(f"No number of cases shows a difference of {difference} with a deviation of {sd}.")
    return max(2, ceil((sum(_quantiles(alpha, power)) * sd / difference) ** 2 - 1e-9))


def _quantiles(alpha: float, power: float) -> tuple[float, float]:
    if not (0 < alpha < 1 and 0 < power < 1):
        raise ValueError(f"alpha and power must be between 0 and 1, not {alpha} and {power}.")
    return normal_quantile(1 - alpha / 2), normal_quantile(power)
