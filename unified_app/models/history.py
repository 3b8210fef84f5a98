"""Who changed what, one row per field."""

from __future__ import annotations

from django.db import models


class HistoryEntry(models.Model):
    """A change of one field of one thing. Secrets are recorded as "set" or "cleared", never by value."""

    kind = models.CharField(max_length=40, help_text="What kind of thing: model, host, key, job, ...")
    object_id = models.TextField()
    at = models.DateTimeField()
    by = models.TextField(help_text="User name, or `sync`.")
    field = models.CharField(max_length=60)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)

    class Meta:
        db_table = "history"
        ordering = ["-at", "-id"]
        verbose_name_plural = "history entries"
        indexes = [
            # The history of one thing, newest first.
            models.Index(fields=["kind", "object_id", "-at"], name="idx_history_object"),
            # "What changed" on the home page; retention.
            models.Index(fields=["-at"], name="idx_history_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.field}"
