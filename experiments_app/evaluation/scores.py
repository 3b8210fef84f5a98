"""What evaluators say of an answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments_app.evaluation.replies import Reply


@dataclass(frozen=True)
class Score:
    """One evaluator's verdict. `value` and `passed` are None where it could not be made, and `error` says why."""

    name: str
    value: float | None
    passed: bool | None
    details: str = ""
    # unparsed (a judge's words), judge_failed (no answer from the judge), not_applicable (nothing to score).
    error: str = ""
    # Further numbers of the same case, such as {"ndcg@10": 0.8}; each is a metric `<name>.<key>`.
    values: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {"name": self.name, "score": self.value, "passed": self.passed, "details": self.details}
        if self.error:
            told["error"] = self.error
        return told | ({"values": dict(self.values)} if self.values else {})


@dataclass(frozen=True)
class CaseOutcome:
    """A case's answer and all that was said of it."""

    reply: Reply
    scores: tuple[Score, ...] = ()
    # Both ways, of all judges.
    judge_tokens: int = 0
    judge_cost: float | None = None

    @property
    def passed(self) -> bool | None:
        """True when every evaluator passed it, False when one did not; else None: nobody can tell."""
        verdicts = [score.passed for score in self.scores if score.error != "not_applicable"]
        if False in verdicts:
            return False
        return None if None in verdicts else True
