"""From an ensemble's recipe to the program that the gateway runs. No Django, no input or output of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments_app.ensembles.cascade import THRESHOLD, cascade
from experiments_app.ensembles.fan_out import fan_out
from experiments_app.ensembles.judging import best_of_n
from experiments_app.ensembles.running import Member, Run
from experiments_app.ensembles.voting import majority_vote
from unified_app.programs import CallModel, ProgramReply
from unified_app.recipes import ENSEMBLE

STRATEGIES = ("majority_vote", "best_of_n", "cascade", "fan_out")


class Ensemble:
    """Several models that answer as one."""

    def __init__(self, recipe: Mapping[str, Any]) -> None:
        self._strategy = str(recipe["strategy"])
        self._members = [Member(m["model"], float(m.get("weight", 1.0))) for m in recipe["members"]]
        self._judge = str(recipe.get("judge") or "")
        self._n = int(recipe.get("n") or 1)
        self._threshold = float(recipe.get("threshold", THRESHOLD))

    async def __call__(self, body: dict[str, Any], call: CallModel) -> ProgramReply:
        run = Run(self._strategy, body, call)
        match self._strategy:
            case "majority_vote":
                return await majority_vote(run, self._members)
            case "best_of_n":
                return await best_of_n(run, self._members, judge=self._judge, n=self._n)
            case "cascade":
                return await cascade(run, self._members, threshold=self._threshold, judge=self._judge)
            case _:
                return await fan_out(run, self._members, judge=self._judge)


def build(recipe: Mapping[str, Any]) -> Ensemble | None:
    """Return the program of a recipe; None when it is no ensemble, or one whose strategy is not known here."""
    is_ours = recipe.get("kind") == ENSEMBLE and recipe.get("strategy") in STRATEGIES and recipe.get("members")
    return Ensemble(recipe) if is_ours else None
