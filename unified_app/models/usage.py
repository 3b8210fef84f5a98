"""What was called, by whom and what it took: single calls for a while, hours for good."""

from __future__ import annotations

from django.db import models


class UsageNumbers(models.Model):
    """The numbers that a call and an hour of calls share."""

    # By value, not by foreign key: deleting a key keeps its usage. 0 = none, such as a session's call.
    model_ref = models.TextField(db_column="model_id")
    key_ref = models.BigIntegerField(default=0, db_column="key_id")
    user_ref = models.BigIntegerField(default=0, db_column="user_id")
    tokens_in = models.BigIntegerField(default=0)
    tokens_out = models.BigIntegerField(default=0)
    tokens_cached = models.BigIntegerField(default=0)
    tokens_thinking = models.BigIntegerField(default=0)
    cost = models.DecimalField(max_digits=18, decimal_places=9, default=0)
    estimated = models.BooleanField(default=False, help_text="Tokens were counted by length, not told upstream.")

    class Meta:
        abstract = True


class UsageRecord(UsageNumbers):
    """One call, kept for RETENTION_DAYS."""

    at = models.DateTimeField(db_index=True)
    request_id = models.CharField(max_length=128)
    placement = models.TextField(blank=True, default="")
    status = models.PositiveSmallIntegerField()
    latency_ms = models.FloatField(null=True)
    first_token_ms = models.FloatField(null=True)

    class Meta:
        db_table = "usage_records"

    def __str__(self) -> str:
        return f"{self.model_ref} {self.status}"


class UsageHour(UsageNumbers):
    """The sum of one hour's calls of one key to one model; never deleted by retention."""

    hour = models.DateTimeField(db_index=True)
    requests = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)

    class Meta:
        db_table = "usage_hours"
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "model_ref", "key_ref", "user_ref", "estimated"],
                name="unique_usage_hour",
            )
        ]

    def __str__(self) -> str:
        return f"{self.model_ref} {self.hour:%Y-%m-%d %H}h"
