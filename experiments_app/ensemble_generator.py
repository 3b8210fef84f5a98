"""Ensembles: members with a strategy. Pure, but for what `known` looks up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from experiments_app.base_generator import BaseVariantGenerator, Config
from experiments_app.facts import ModelFacts
from experiments_app.objects import ModelVariant
from experiments_app.validation import Problems
from unified_app.categories import all_categories, primary_category
from unified_app.errors import NotFound
from unified_app.recipes import ENSEMBLE, MAX_DEPTH

# Field -> the strategies that use it.
_USED_BY = {
    "judge": ("best_of_n", "fan_out", "cascade"),
    "n": ("best_of_n",),
    "threshold": ("cascade",),
}


class EnsembleGenerator(BaseVariantGenerator):
    """Several models that answer as one. It can do what all of its members can."""

    experiment_type = "ensemble"

    def check_base(self, base: ModelFacts, host: str, problems: Problems) -> None:
        if base.is_retired:
            problems.add("base_model", f"{base.name} is retired. Choose a model that is available.")
        if host:
            problems.add("realise", "An ensemble runs in the gateway and cannot be put on a host. Leave realise out.")

    def check(self, base: ModelFacts, config: Config, host: str, problems: Problems) -> None:
        strategy, members = config["strategy"], config["members"]
        for name, strategies in _USED_BY.items():
            if name in config and strategy not in strategies:
                text = f"{strategy} does not use it; {' and '.join(strategies)} do. Leave it out."
                problems.add(f"parameters.{name}", text)
        if strategy == "best_of_n" and "judge" not in config:
            problems.add("parameters.judge", "best_of_n needs the model that chooses among the answers.")
        if len(members) < 2 and not (strategy == "best_of_n" and config.get("n", 1) >= 2):
            text = "Name at least two members; only best_of_n with n of 2 or more may have one."
            problems.add("parameters.members", text)
        for at, member in enumerate(members):
            self._check_member(member["model"], f"parameters.members.{at}.model", problems)
        if "judge" in config:
            self._check_member(config["judge"], "parameters.judge", problems)

    def recipes(self, base: ModelFacts, config: Config, host: str) -> Iterable[dict[str, Any]]:
        members = [
            {"model": self.known.model(member["model"]).id, "weight": float(member.get("weight", 1.0))}
            for member in config["members"]
        ]
        recipe = {"kind": ENSEMBLE, "strategy": config["strategy"], "members": members}
        recipe |= {name: config[name] for name in ("n", "threshold") if name in config}
        yield recipe | ({"judge": self.known.model(config["judge"]).id} if "judge" in config else {})

    def variant(self, base: ModelFacts, config: Config, recipe: dict[str, Any]) -> ModelVariant:
        members = [self.known.model(member["model"]) for member in recipe["members"]]
        shared = set(members[0].capabilities).intersection(*(member.capabilities for member in members))
        known = shared if all(member.capabilities for member in members) else None
        is_cloud = any(member.category == "cloud" for member in members)
        category = primary_category(known, is_cloud=is_cloud)
        lengths = [member.context_length for member in members if member.context_length]
        return replace(
            super().variant(base, config, recipe),
            category=category,
            categories=tuple(all_categories(known, is_cloud=is_cloud, primary=category)),
            capabilities=tuple(sorted(known or ())),
            context_length=min(lengths, default=None),
            endpoint=None,
            facts={},
        )

    def _check_member(self, called: str, path: str, problems: Problems) -> None:
        try:
            member = self.known.model(called)
        except NotFound:
            problems.add(path, f"There is no model {called!r}. Give the id, alias or name of one.")
            return
        if member.is_retired:
            problems.add(path, f"{member.name} is retired. Choose a model that is available.")
        elif not member.can_chat:
            problems.add(path, f"{member.name} only embeds. Choose a model that chats.")
        if member.depth >= MAX_DEPTH:
            text = f"{member.name} is {member.depth} recipes deep or goes in a circle; a member may be {MAX_DEPTH - 1}."
            problems.add("members", f"{text} Name the models that it is made of instead.")
