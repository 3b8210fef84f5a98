"""majority_vote: all members answer, and what most weight says is the answer."""

from __future__ import annotations

from collections.abc import Sequence

from experiments_app.ensembles.answers import Body, vote_of
from experiments_app.ensembles.running import Given, Member, Run, best_of


async def majority_vote(run: Run, members: Sequence[Member]) -> Body:
    return run.answered(winner(await run.ask_all([(member, run.asked) for member in members]), run))


def winner(given: Sequence[Given], run: Run) -> Given:
    """Return the answer that won. Of votes that weigh the same, the one with the heaviest member, then the first."""
    votes: dict[str, list[Given]] = {}
    for one in given:
        votes.setdefault(vote_of(one.answer), []).append(one)
    won = max(votes.values(), key=lambda group: (_weight(group), best_of(group).member.weight))
    run.note["votes"] = [
        {"models": [g.member.model for g in group], "weight": _weight(group)} for group in votes.values()
    ]
    return best_of(won)


def _weight(group: Sequence[Given]) -> float:
    # Rounded, so that 0.1 + 0.2 is as much as 0.3.
    return round(sum(one.member.weight for one in group), 9)
