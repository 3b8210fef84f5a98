"""What evaluators say of an answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments_app.evaluation.replies import Reply

NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Score:
    """One evaluator's verdict. `value` and `passed` are None where it could not be made, and `error` says why."""

    name: str
    value: float | None
    passed: bool | None
    details: str = ""
    # unparsed (a judge's words), judge_failed (no answer from the judge), timed_out (a pattern that takes too long):
    # undecided. not_applicable (the case has nothing to score). None of them and no verdict: a measure without a limit.
    error: str = ""
    # Further numbers of the same case, such as {"ndcg@10": 0.8}; each is a metric `<name>.<key>`.
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_undecided(self) -> bool:
        """Whether a verdict was due and could not be made."""
        return self.passed is None and self.error not in ("", NOT_APPLICABLE)

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
        """True when every evaluator that has a say passed it, False when one did not; else None: nobody can tell.

        A measure without a limit has no say, and neither has an evaluator that finds nothing to score. A case in which
        all found nothing to score is undecided, not passed; one that nothing limits passes, as without evaluators.
        """
        verdicts = [score.passed for score in self.scores if score.passed is not None or score.is_undecided]
        if False in verdicts:
            return False
        is_unjudged = not verdicts and any(score.error for score in self.scores)
        return None if None in verdicts or is_unjudged else True
