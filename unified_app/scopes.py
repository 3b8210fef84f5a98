"""Who may do what: a ladder of roles, and keys that never may more than their user. Pure but for the user's groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

SCOPES = ("read", "call", "experiment", "curate", "operate")
# Role (a group of that name) -> scopes. Each role may all that the one before it may.
ROLES: dict[str, tuple[str, ...]] = {
    "Viewer": SCOPES[:2],
    "Evaluator": SCOPES[:3],
    "Curator": SCOPES[:4],
    "Operator": SCOPES,
}
STAFF_ROLES = frozenset({"Curator", "Operator"})


def scopes_of_roles(roles: Iterable[str]) -> frozenset[str]:
    """Return what a user in the groups `roles` may do; groups that are no role give nothing."""
    return frozenset(scope for role in roles for scope in ROLES.get(role, ()))


def scopes_of_user(user: Any) -> frozenset[str]:
    """Return what `user` may do; queries the user's groups once and remembers them on the object."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(SCOPES)
    if not hasattr(user, "_scopes"):
        # `all` takes what was prefetched; a list of values would ask again for each user.
        user._scopes = scopes_of_roles(group.name for group in user.groups.all())
    return user._scopes  # type: ignore[no-any-return]


def in_order(scopes: Iterable[str]) -> list[str]:
    """Return `scopes` in the order of the ladder."""
    wanted = set(scopes)
    return [scope for scope in SCOPES if scope in wanted]
