"""Gates as people make, change and delete them; what can be no rule is refused by its field."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from experiments_app.evaluation.measures import Metric, UnknownMetric, metric_named
from experiments_app.evaluation.results.result_rows import facts_of
from experiments_app.models import Gate
from unified_app.errors import InvalidInput, NotFound
from unified_app.history import record
from unified_app.lookup import find_model

KIND = "gate"
# What a rule says, beside its name and its suite.
RULE = (
    "metric",
    "compare_to",
    "max_drop_points",
    "p95_seconds",
    "alias",
    "on_promotion",
    "on_digest_change",
    "enabled",
)
_RECORDED = ("name", "suite_id", *RULE)
# As many repeats as a metric of tries may ask for.
_TRIES = 1_000_000


def find_gate(pk: int) -> Gate:
    """Return a gate. Raises NotFound."""
    if gate := Gate.objects.select_related("suite__latest").filter(pk=pk).first():
        return gate
    raise NotFound(f"There is no gate {pk}.")


def save_gate(gate: Gate, *, by: str) -> Gate:
    """Validate and write a new or changed gate; what it was is kept. Raises InvalidInput naming the fields."""
    problems = problems_of(gate)
    if problems:
        sentence = "; ".join(f"{name}: {message}" for name, message in problems.items())
        raise InvalidInput(sentence, details={name: [message] for name, message in problems.items()})
    try:
        gate.full_clean()
    except ValidationError as error:
        details = error.message_dict
        raise InvalidInput("; ".join(f"{k}: {' '.join(v)}" for k, v in details.items()), details=details) from None
    with transaction.atomic():
        before = Gate.objects.filter(pk=gate.pk).first() if gate.pk else None
        gate.created_by = gate.created_by or by
        gate.save()
        record(KIND, gate.pk, by, {name: (getattr(before, name, None), getattr(gate, name)) for name in _RECORDED})
    return gate


def delete_gate(gate: Gate, *, by: str) -> None:
    """Delete a gate with its checks."""
    with transaction.atomic():
        record(KIND, gate.pk, by, {"deleted": (gate.name, None)})
        gate.delete()


def problems_of(gate: Gate) -> dict[str, str]:
    """Return by field what is wrong with a gate."""
    found: dict[str, Any] = {}
    if gate.max_drop_points is None and gate.p95_seconds is None:
        found["max_drop_points"] = "Say how many points it may drop, or how fast it must be (p95_seconds)."
    for name in ("max_drop_points", "p95_seconds"):
        if (getattr(gate, name) or 0) < 0:
            found[name] = "It is 0 or more."
    found |= _compared(gate)
    if message := _metric_problem(gate):
        found["metric"] = message
    return found


def _compared(gate: Gate) -> dict[str, str]:
    try:
        if gate.compare_to:
            find_model(gate.compare_to)
    except NotFound as error:
        return {"compare_to": error.message}
    return {}


def _metric_problem(gate: Gate) -> str:
    if gate.suite_id is None or gate.suite.latest is None:
        return ""
    try:
        metric: Metric = metric_named(gate.metric, facts_of(gate.suite.latest).evaluators, _TRIES)
    except UnknownMetric as error:
        return str(error)
    if metric.is_correlation:
        return "A correlation is of all cases together, and the rule looks at each of them."
    if not metric.higher_is_better and gate.max_drop_points is not None:
        return f"Less of {metric.name} is better, so it cannot drop; use p95_seconds for time."
    return ""
