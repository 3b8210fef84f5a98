"""One row that says how often the registry changed: readers compare it instead of re-reading tables."""

from __future__ import annotations

from django.db import models
from django.db.models import F


class RegistryEpoch(models.Model):
    """Bumped inside every transaction that changes keys, models, placements, aliases or configurations."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.PositiveBigIntegerField(default=1, db_default=1)

    class Meta:
        db_table = "registry_epoch"

    def __str__(self) -> str:
        return f"epoch {self.value}"

    @classmethod
    def current(cls) -> int:
        """Return the epoch; 0 before the first change."""
        return cls.objects.filter(pk=1).values_list("value", flat=True).first() or 0

    @classmethod
    def lock(cls) -> None:
        """Let one transaction at a time write the registry; call it first in the transaction.

        PostgreSQL holds the row until the end. SQLite ignores it, but took its only write lock at BEGIN.
        """
        cls.objects.get_or_create(pk=1)
        cls.objects.select_for_update().get(pk=1)

    @classmethod
    def bump(cls) -> None:
        """Say that something changed; call it inside the transaction that changes it."""
        if not cls.objects.filter(pk=1).update(value=F("value") + 1):
            cls.objects.create(pk=1, value=1)
