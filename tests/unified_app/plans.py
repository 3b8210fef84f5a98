"""Small makers of stored and fetched models for the tests of the plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from unified_app.model_objects import PlacementObject, UnifiedModelObject
from unified_app.naming import name_key
from unified_app.planning import Names, StoredModel, StoredPlacement, SyncPlan, plan_sync

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def fetched(name="llama3:8b", place="one", digest="a" * 64, age=10, capabilities=("text_generation",), **more):
    """What `place` lists; `age` is in days before DAY."""
    placement = PlacementObject(
        place=place,
        upstream_name=name,
        base_url=f"http://{place}",
        protocol="ollama",
        digest=digest,
        version=digest[:12],
        modified_at=DAY - timedelta(days=age),
    )
    caps = None if capabilities is None else list(capabilities)
    return UnifiedModelObject(name=name, source="ollama", capabilities=caps, placements=[placement], **more)


def store(plan: SyncPlan, before: dict[str, StoredModel] | None = None) -> dict[str, StoredModel]:
    """What is stored once the plan was performed."""
    after = dict(before or {})
    for planned in (*plan.create, *plan.update, *plan.retire):
        old = after.get(name_key(planned.name))
        columns = {**(old.columns if old else {}), **planned.columns}
        after[name_key(planned.name)] = StoredModel(
            id=planned.id,
            name=planned.name,
            columns=columns,
            categories=frozenset(planned.categories) if planned.columns else (old.categories if old else frozenset()),
            placements={**(old.placements if old else {}), **planned.placements},
            retired=planned in plan.retire
            or (bool(old and old.retired) and ("status", "retired", "available") not in planned.changes),
        )
    return after


def sync(stored=None, *items, place="one", **options) -> tuple[SyncPlan, dict[str, StoredModel]]:
    """Plan a whole listing of `place` and perform it on plain values."""
    stored = stored or {}
    plan = plan_sync("ollama", place, stored, items, names=options.pop("names", Names()), **options)
    return plan, store(plan, stored)


__all__ = ["DAY", "Names", "StoredPlacement", "fetched", "store", "sync"]
