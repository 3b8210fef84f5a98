"""What a model's values of one metric come to: a number with its interval. Pure.

The cases are what is drawn from all that could be asked, so repeats of a case are averaged first (Miller, Adding Error
Bars to Evals, 2024).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum, isfinite, nan

from experiments_app.evaluation.formulas.bootstrap import bootstrap_ci
from experiments_app.evaluation.formulas.correlation_resamples import correlation_interval
from experiments_app.evaluation.formulas.paired import unseen
from experiments_app.evaluation.formulas.proportions import wilson
from experiments_app.evaluation.formulas.verdicts import MARGIN
from experiments_app.evaluation.measures import Metric, Row, Value, values_of
from experiments_app.evaluation.metrics import pass_at_k, pass_hat_k, pearson, spearman

CONFIDENCE = 0.95
WILSON, BOOTSTRAP = "wilson", "bootstrap"


@dataclass(frozen=True)
class Sample:
    """One model's values of one metric: one for each case that has any."""

    model: str
    values: Mapping[int, Value]
    undecided: int = 0
    failed: int = 0

    def only(self, cases: Iterable[int]) -> Sample:
        """Return the sample of some cases; what was undecided is not told apart."""
        wanted = set(cases)
        return Sample(self.model, {case: value for case, value in self.values.items() if case in wanted})

    @property
    def numbers(self) -> list[float]:
        return [value for value in self.values.values() if not isinstance(value, tuple)]


@dataclass(frozen=True)
class Estimate:
    """A number and the interval in which it would mostly lie with other cases of the same kind; nan of nothing."""

    value: float
    low: float
    high: float
    n: int
    # wilson, bootstrap, or empty.
    interval: str = ""


@dataclass(frozen=True)
class Scale:
    """In what unit all models' values of a metric are: their bounds, and which difference does not matter."""

    low: float = 0.0
    high: float = 1.0
    margin: float = MARGIN
    is_binary: bool = False
    bounds: tuple[float, float] = field(default=(-float("inf"), float("inf")))

    @property
    def size(self) -> float:
        return self.high - self.low


def sample_of(model: str, metric: Metric, rows: Iterable[Row]) -> Sample:
    """Return the values of one model's results, a case's repeats taken together."""
    found, undecided, failed = values_of(metric, rows)
    together = _together(metric)
    values = {case: together(values) for case, values in found.items()}
    return Sample(model, {case: value for case, value in values.items() if value is not None}, undecided, failed)


def scale_of(metric: Metric, samples: Sequence[Sample], repeats: int) -> Scale:
    """Return the scale on which these samples are compared.

    A difference does not matter below 5 % of what a score can differ, or of the mean of a time, a cost, a count or an
    error.
    """
    if metric.is_correlation:
        return Scale(-1.0, 1.0, MARGIN, bounds=(-1.0, 1.0))
    numbers = [number for sample in samples for number in sample.numbers]
    if metric.is_amount:
        mean = fsum(numbers) / len(numbers) if numbers else 0.0
        return Scale(0.0, max(numbers, default=0.0), MARGIN * mean, bounds=(0.0, float("inf")))
    low, high = min(0.0, *numbers, 0.0), max(1.0, *numbers, 1.0)
    is_binary = repeats == 1 and all(number in (0.0, 1.0) for number in numbers)
    return Scale(low, high, MARGIN * (high - low), is_binary, (low, high))


def estimate(metric: Metric, sample: Sample, scale: Scale, confidence: float = CONFIDENCE) -> Estimate:
    """Return what the sample comes to: Wilson's interval of shares of cases, else one by the bootstrap over cases."""
    if metric.is_correlation:
        return _correlation(metric, sample, confidence)
    numbers = sample.numbers
    n = len(numbers)
    if not n:
        return Estimate(nan, nan, nan, 0)
    value = fsum(numbers) / n
    if scale.is_binary:
        return Estimate(value, *wilson(round(fsum(numbers)), n, confidence), n, WILSON)
    low, high = bootstrap_ci(numbers, confidence=confidence)
    if low == high:
        # Equal values show no spread, but unlike ones may just not have been seen.
        slack = scale.size * unseen(n, confidence)
        low, high = low - slack, high + slack
    least, most = scale.bounds
    return Estimate(value, max(low, least), min(high, most), n, BOOTSTRAP)


def _correlation(metric: Metric, sample: Sample, confidence: float) -> Estimate:
    pairs = [value for value in sample.values.values() if isinstance(value, tuple)]
    if len(pairs) < 2:
        return Estimate(nan, nan, nan, len(pairs))
    how = spearman if metric.aggregate == "spearman" else pearson
    value = how(*map(list, zip(*pairs, strict=True)))
    low, high = correlation_interval(pairs, metric.aggregate, confidence) if isfinite(value) else (nan, nan)
    return Estimate(value, low, high, len(pairs), BOOTSTRAP)


def _together(metric: Metric) -> Callable[[list[Value]], Value | None]:
    """Return what makes one value of a case's repeats; None: too few of them for it."""
    if metric.k:
        chance = pass_at_k if metric.aggregate == "pass@k" else pass_hat_k

        def tries(values: list[Value]) -> float | None:
            passed = sum(value == 1.0 for value in values)
            return chance(len(values), passed, metric.k) if len(values) >= metric.k else None

        return tries
    return _mean_pair if metric.is_correlation else _mean


def _mean(values: list[Value]) -> float:
    numbers = [value for value in values if not isinstance(value, tuple)]
    return fsum(numbers) / len(numbers)


def _mean_pair(values: list[Value]) -> tuple[float, float]:
    pairs = [value for value in values if isinstance(value, tuple)]
    return fsum(told for told, _ in pairs) / len(pairs), pairs[0][1]
