"""What the GitHub Models service lets through, by plan and rate limit tier. Pure.

Reference: https://docs.github.com/en/github-models/use-github-models/prototyping-with-ai-models#rate-limits
The numbers "may change without notice"; what a refusal tells goes before them.
"""

from __future__ import annotations

from dataclasses import dataclass

from unified_app.pacing import Limits

PLANS = ("free", "pro", "business", "enterprise")
# Production limits, which are not published: paced by what refusals tell alone.
PAID = "paid"


@dataclass(frozen=True)
class TierLimits:
    """The limits of one model for one plan; None is not known. `is_offered` is False where the plan leaves it out."""

    limits: Limits = Limits()
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    concurrent: int | None = None
    is_offered: bool = True


@dataclass(frozen=True)
class _Group:
    """One row of the published table, each column in the order of PLANS; 0 is not offered."""

    per_minute: tuple[int, int, int, int]
    per_day: tuple[int, int, int, int]
    input_tokens: tuple[int, int, int, int]
    output_tokens: tuple[int, int, int, int]
    concurrent: tuple[int, int, int, int]

    def for_plan(self, plan: str) -> TierLimits:
        """Return a plan's column; where it offers nothing, the next better plan's: the server has the last word."""
        index = PLANS.index(plan)
        used = next(number for number in range(index, len(PLANS)) if self.per_minute[number])
        return TierLimits(
            Limits(self.per_minute[used], self.per_day[used]),
            self.input_tokens[used],
            self.output_tokens[used],
            self.concurrent[used],
            used == index,
        )


_4K = (4000, 4000, 4000, 4000)
_8K = (8000, 8000, 8000, 8000)
_64K = (64000, 64000, 64000, 64000)
_4K_THEN_8K = (4000, 4000, 4000, 8000)

_TIERS = {
    "low": _Group((15, 15, 15, 20), (150, 150, 300, 450), _8K, _4K_THEN_8K, (5, 5, 5, 8)),
    "high": _Group((10, 10, 10, 15), (50, 50, 100, 150), (8000, 8000, 8000, 16000), _4K_THEN_8K, (2, 2, 2, 4)),
    "embeddings": _Group((15, 15, 15, 20), (150, 150, 300, 450), _64K, _64K, (5, 5, 5, 8)),
}
# The documentation spells the row in the singular, the catalog in the plural.
_TIERS["embedding"] = _TIERS["embeddings"]

_LARGE_REASONING = _Group((0, 1, 2, 2), (0, 8, 10, 12), _4K, _4K_THEN_8K, (0, 1, 1, 1))
_SMALL_REASONING = _Group((0, 2, 3, 3), (0, 12, 15, 20), _4K, _4K, (0, 1, 1, 1))
_DEEPSEEK = _Group((1, 1, 2, 2), (8, 8, 10, 12), _4K, _4K, (1, 1, 1, 1))
_GROK = _Group((1, 1, 2, 2), (15, 15, 20, 30), _4K, (4000, 4000, 8000, 16000), (1, 1, 1, 1))
_GROK_MINI = _Group((2, 2, 3, 3), (30, 30, 40, 50), _4K, (8000, 8000, 12000, 12000), (1, 1, 1, 1))

# The tier `custom` has numbers of each model's own; by the name without its publisher.
_CUSTOM = {
    **dict.fromkeys(("o1-preview", "o1", "o3", "gpt-5"), _LARGE_REASONING),
    **dict.fromkeys(("o1-mini", "o3-mini", "o4-mini", "gpt-5-mini", "gpt-5-nano", "gpt-5-chat"), _SMALL_REASONING),
    **dict.fromkeys(("deepseek-r1", "deepseek-r1-0528", "mai-ds-r1"), _DEEPSEEK),
    "grok-3": _GROK,
    "grok-3-mini": _GROK_MINI,
}
# A model that the table does not tell: one call at a time and a minute, and no invented end of the day.
_UNKNOWN_CUSTOM = TierLimits(Limits(1), 4000, 4000, 1)
_UNLIMITED = TierLimits()


def limits_of(plan: str, model: str, tier: str) -> TierLimits:
    """Return what `plan` lets through of a model. An unknown tier is that of a model we know, or else `high`."""
    if plan == PAID:
        return _UNLIMITED
    name, tier = bare_name(model), tier.strip().lower()
    group = _TIERS.get(tier) or _CUSTOM.get(name)
    if group is None:
        return _UNKNOWN_CUSTOM if tier == "custom" else _TIERS["high"].for_plan(plan)
    return group.for_plan(plan)


def bare_name(model: str) -> str:
    """Return the one name of a model that is spelt openai/gpt-4o, GPT-4o, or azureml://.../models/gpt-4o/versions/1."""
    text = model.strip().lower()
    if text.startswith("azureml://"):
        text = text.partition("/models/")[2].partition("/versions/")[0] or text
    return text.rpartition("/")[2]
