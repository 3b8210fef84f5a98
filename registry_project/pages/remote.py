"""What the page of a remote model says beside: what it costs, what limits its calls, why it cannot be called."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from github_models_app.endpoints.endpoints import SOURCE as ENDPOINTS
from github_models_app.mapping import SOURCE as GITHUB
from github_models_app.tiers import PAID, TierLimits, limits_of
from registry_project.pages.places import places_of
from registry_project.templatetags.words import counted, number
from unified_app.models import Placement, UnifiedModel
from unified_app.serving.places import takes_slot
from unified_app.sources import source_classes

PER = 1_000_000


def is_remote(model: UnifiedModel, present: Sequence[Placement]) -> bool:
    """Whether the model runs elsewhere and takes no slot; one that is nowhere now is judged by its source."""
    if present:
        return not any(takes_slot(placement) for placement in present)
    return model.source in (ENDPOINTS, GITHUB)


def why_not(request: HttpRequest, present: Sequence[Placement]) -> str:
    """Return a sentence why a remote model cannot be called now, or "". A remote model has one placement."""
    for placement in present[:1]:
        source = source_classes().get(placement.source)
        reason = source.why_unroutable(placement.place) if source else ""
        if reason or placement.state == Placement.State.AVAILABLE:
            return reason
        place = next((here.place for here in places_of(request) if here.place.name == placement.place), None)
        return place.error if place and place.error else "It did not answer when it was last asked."
    return ""


def facts(model: UnifiedModel) -> list[tuple[str, str]]:
    """Return what is told of price and limits."""
    told = model.parameters
    rows = [
        ("Price", price(told.get("pricing") or {})),
        ("Longest answer", _tokens(told.get("max_output_tokens"))),
        ("Takes", _words(told, "input")),
        ("Makes", _words(told, "output")),
    ]
    if model.source == GITHUB:
        tier = told.get("rate_limit_tier") or ""
        rows.append(("Rate limit tier", tier or "not told"))
        rows.append(("Which means", tier_told(limits_of(settings.GITHUB_MODELS_PLAN, model.name, tier))))
    return [(label, value) for label, value in rows if value]


def price(pricing: dict[str, str]) -> str:
    """Return prices per million tokens, from those per token: `$0.40 in, $1.20 out per million tokens`."""
    told = [(pricing[key], word) for key, word in (("prompt", "in"), ("completion", "out")) if key in pricing]
    if told and not any(Decimal(value) for value, _ in told):
        return "free"
    parts = ", ".join(f"${_dollars(value)} {word}" for value, word in told)
    return f"{parts} per million tokens" if parts else ""


def tier_told(limits: TierLimits) -> str:
    """Return what a plan lets through of a model, as a sentence's end."""
    plan = settings.GITHUB_MODELS_PLAN
    if plan == PAID:
        return "paid use: its limits are not published, and what refusals tell is kept to"
    each, day = limits.limits.per_minute, limits.limits.per_day
    calls = [f"{counted(each, 'call')} a minute"] if each else []
    calls += [f"{number(day)} a day"] if day else []
    calls += [f"{number(limits.concurrent)} at once"] if limits.concurrent else []
    calls += [f"{number(limits.max_input_tokens)} tokens in"] if limits.max_input_tokens else []
    calls += [f"{number(limits.max_output_tokens)} out"] if limits.max_output_tokens else []
    offered = f"plan {plan}" if limits.is_offered else f"the plan {plan} does not offer it; these are the next plan's"
    return f"{', '.join(calls)} ({offered})"


def _dollars(per_token: str) -> str:
    """Return the price of a million, exact, with two decimals or more."""
    amount = Decimal(per_token) * PER
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount.normalize():f}"


def _tokens(count: Any) -> str:
    return counted(count, "token") if isinstance(count, int) and count else ""


def _words(told: dict[str, Any], way: str) -> str:
    words = (told.get("modalities") or {}).get(way) or []
    return ", ".join(str(word) for word in words)
