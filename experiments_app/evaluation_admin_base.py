"""What the admins of suites, evaluations and results share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from unified_app.admin.base import ReadOnlyAdmin
from unified_app.scopes import scopes_of_user


class EvaluationAdmin(ReadOnlyAdmin):
    """What evaluators may do, staff may do here."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    def has_experiment_permission(self, request: HttpRequest) -> bool:
        return "experiment" in scopes_of_user(request.user)

    def _do(self, request: HttpRequest, queryset: QuerySet[Any], verb: Callable[[Any, str], object], done: str) -> None:
        self.on_each(request, queryset, lambda row: verb(row, request.user.get_username()), done)
