"""A model to show how calls are made: one that chats, costs nothing and answers soon."""

from __future__ import annotations

from django.db.models import F

from unified_app.models import UnifiedModel
from unified_app.models.catalog import Category, ModelStatus, UnifiedModelQuerySet


def chat_models() -> UnifiedModelQuerySet:
    """Return what can be called now, smallest first. What runs in a cloud has no size that tells its cost."""
    callable_now = UnifiedModel.objects.shown().filter(status=ModelStatus.AVAILABLE)
    chat = callable_now.with_capability("text_generation").exclude(source_category=Category.CLOUD)
    found: UnifiedModelQuerySet = chat.order_by(F("size").asc(nulls_last=True), "name")
    return found
