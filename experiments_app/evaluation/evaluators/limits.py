"""Limits of time and cost."""

from __future__ import annotations

from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.options import ABOVE_ZERO, refuse, schema
from experiments_app.evaluation.evaluators.trials import NotApplicable, Trial
from experiments_app.evaluation.scores import Score

LATENCY = {
    "max_seconds": ("seconds", "Seconds that the whole answer may take."),
    "max_first_token_seconds": ("first_token", "Seconds until its first token."),
}
COST = {
    "max_usd": ("usd", "US dollars that the answer may cost."),
    "max_tokens": ("tokens", "Tokens that question and answer may have together."),
    "max_completion_tokens": ("completion_tokens", "Tokens that the answer may have, thinking with it."),
}


class _Limit(Evaluator):
    """Passes an answer that is within all limits that are set. One that is not known limits nothing."""

    kind = "limit"
    limits: dict[str, tuple[str, str]]

    def prepare(self) -> None:
        if not any(option in self.options for option in self.limits):
            refuse(self.entry.path, f"It has at least one of {', '.join(self.limits)}.")

    def taken(self, trial: Trial) -> dict[str, float | None]:
        raise NotImplementedError

    def score(self, trial: Trial) -> Score:
        values = {name: value for name, value in self.taken(trial).items() if value is not None}
        limits = {name: self.options[option] for option, (name, _) in self.limits.items() if option in self.options}
        known = [name for name in limits if name in values]
        if not known:
            raise NotApplicable(f"Not known of this answer: {', '.join(limits)}.")
        told = "; ".join(f"{name} {values[name]:.6g}, at most {limits[name]:.6g}" for name in known)
        return self.said(all(values[name] <= limits[name] for name in known), told, **values)


class Latency(_Limit):
    description = "The answer came in time."
    needs = ("timed",)
    limits = LATENCY
    parameters = schema(**{option: {**ABOVE_ZERO, "description": told} for option, (_, told) in LATENCY.items()})

    def taken(self, trial: Trial) -> dict[str, float | None]:
        return {"seconds": trial.reply.latency, "first_token": trial.reply.first_token}


class Cost(_Limit):
    description = "The answer was cheap enough, in money or tokens. Without a known price money limits nothing."
    limits = COST
    parameters = schema(**{option: {**ABOVE_ZERO, "description": told} for option, (_, told) in COST.items()})

    def taken(self, trial: Trial) -> dict[str, float | None]:
        usage = trial.reply.usage
        told = {"tokens": usage.prompt + usage.completion, "completion_tokens": usage.completion}
        return {"usd": trial.reply.cost, **told}
