"""What others change that MLflow should know: aliases, and the state of a variant's model."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from experiments_app import tracking
from unified_app.models import Alias, UnifiedModel


@receiver([post_save, post_delete], sender=Alias)
def tell_of_alias(**_: Any) -> None:
    """Queue every variant that has got or lost an alias, with the alias: both are written or neither."""
    tracking.catch_up()


@receiver(post_save, sender=UnifiedModel)
def tell_of_model(instance: UnifiedModel, created: bool, **_: Any) -> None:
    if instance.recipe is not None and not created:
        tracking.catch_up(model_id=instance.pk)
