"""What a call costs, in USD. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from experiments_app.evaluation.replies import Usage

# What the tables can hold.
PLACES = Decimal("0.000000001")


@dataclass(frozen=True)
class Price:
    """USD for one token of the question, and of the answer."""

    prompt: Decimal
    completion: Decimal

    def of(self, usage: Usage) -> Decimal:
        return (usage.prompt * self.prompt + usage.completion * self.completion).quantize(PLACES)


FREE = Price(Decimal(0), Decimal(0))


def price_of(told: Any) -> Price | None:
    """Return the price that a catalog tells, as texts of USD for one token; None where it tells none."""
    if not isinstance(told, Mapping) or not ({"prompt", "completion"} & set(told)):
        return None
    prompt, completion = (_amount(told.get(name, 0)) for name in ("prompt", "completion"))
    return None if prompt is None or completion is None else Price(prompt, completion)


def _amount(told: Any) -> Decimal | None:
    try:
        amount = Decimal(str(told))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
