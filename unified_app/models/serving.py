"""How models are served: the specification's status table, configuration and the slots that bound it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from unified_app.models.catalog import UnifiedModel


class ServingState(models.TextChoices):
    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"


class ModelServingStatus(models.Model):
    """What was last seen of a model that is, or was, served."""

    model = models.ForeignKey(UnifiedModel, models.CASCADE, related_name="serving_rows", db_index=False)
    endpoint = models.TextField(null=True, blank=True)  # noqa: DJ001 - the specification's NULL
    status = models.TextField(
        choices=ServingState.choices, default=ServingState.STOPPED, db_default=ServingState.STOPPED
    )
    started_at = models.DateTimeField(null=True, blank=True)
    last_health_check = models.DateTimeField(null=True, blank=True)
    health_status = models.TextField(default="unknown", db_default="unknown")
    concurrent_requests = models.IntegerField(default=0, db_default=0)
    total_requests = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "model_serving_status"
        verbose_name_plural = "model serving status"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["model"], name="idx_model_id_status"),
            models.Index(fields=["status"], name="idx_serving_status"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.status}"


class ModelServingConfig(models.Model):
    """How one model is served; a missing row means the defaults."""

    class Protocol(models.TextChoices):
        HTTP = "http"

    model = models.OneToOneField(UnifiedModel, models.CASCADE, related_name="serving_config")
    endpoint = models.TextField(blank=True, default="")
    protocol = models.TextField(choices=Protocol.choices, default=Protocol.HTTP)
    timeout = models.PositiveIntegerField(default=300, help_text="Seconds for one whole answer.")
    max_concurrent_requests = models.PositiveIntegerField(default=8)
    health_check_interval = models.PositiveIntegerField(default=30, help_text="Seconds.")
    max_queue = models.PositiveIntegerField(default=64, help_text="Calls that may wait; beyond it 429.")

    class Meta:
        db_table = "model_serving_configs"

    def __str__(self) -> str:
        return f"serving of {self.model_id}"


class ServingSlot(models.Model):
    """One of MAX_SERVING_MODELS places for a started model: both columns unique, so the constraint is the lock."""

    slot = models.PositiveSmallIntegerField(unique=True)
    model = models.OneToOneField(UnifiedModel, models.CASCADE, related_name="slot")
    taken_at = models.DateTimeField(db_default=Now())
    last_used = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "serving_slots"
        ordering = ["slot"]

    def __str__(self) -> str:
        return f"slot {self.slot}: {self.model_id}"
