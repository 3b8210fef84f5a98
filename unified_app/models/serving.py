"""How models are served: the specification's status table, configuration and the slots that bound it."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now

from unified_app.models.catalog import Placement, UnifiedModel


class ServingState(models.TextChoices):
    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"


def between(least: int, most: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(least), MaxValueValidator(most)]


class ServingStatusQuerySet(models.QuerySet["ModelServingStatus"]):
    def shown(self) -> ServingStatusQuerySet:
        """Every model whose state says something: being served, or failed at it."""
        return self.exclude(status=ServingState.STOPPED)

    def told(self) -> ServingStatusQuerySet:
        """Rows with everything that an answer tells of them, in one query."""
        return self.select_related("placement", "model__serving_config").order_by("model_id", "id")


class ModelServingStatus(models.Model):
    """What was last seen of a model that is, or was, served: one row for each model.

    `attempt` counts the starts and stops: who began one writes only while the number is still theirs, and says
    with `heartbeat_at` that they live.
    """

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

    # Ours, beside the specification's columns.
    reason = models.TextField(default="", db_default="", blank=True)
    error_code = models.TextField(default="", db_default="", blank=True)
    placement = models.ForeignKey(Placement, models.SET_NULL, null=True, blank=True, related_name="serving_rows")
    errors = models.IntegerField(default=0, db_default=0)
    last_used = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0, db_default=0)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = ServingStatusQuerySet.as_manager()

    class Meta:
        db_table = "model_serving_status"
        verbose_name = "served model"
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
    endpoint = models.TextField(  # noqa: DJ001 - null in answers too
        null=True,
        blank=True,
        validators=[RegexValidator(r"^https?://[^\s/]+\S*\Z", "Give an http or https URL.")],
        help_text="Told as the model's endpoint in place of the registry's own address, such as a proxy's.",
    )
    protocol = models.TextField(choices=Protocol.choices, default=Protocol.HTTP)
    timeout = models.PositiveIntegerField(
        default=300,
        validators=between(1, 86_400),
        help_text="Seconds of silence that end a call, before its first bytes or later; and for a load.",
    )
    max_concurrent_requests = models.PositiveIntegerField(
        default=8, validators=between(1, 10_000), help_text="Calls at a time; the next ones wait."
    )
    health_check_interval = models.PositiveIntegerField(default=30, validators=between(5, 86_400), help_text="Seconds.")
    max_queue = models.PositiveIntegerField(
        default=64, validators=between(0, 100_000), help_text="Calls that may wait; beyond it 429."
    )

    class Meta:
        db_table = "model_serving_configs"
        verbose_name = "serving configuration"
        ordering = ["model_id"]

    def __str__(self) -> str:
        return f"serving of {self.model_id}"


class ServingSlot(models.Model):
    """One of MAX_SERVING_MODELS places for a started model: both columns unique, so the constraint is the lock."""

    slot = models.PositiveSmallIntegerField(unique=True)
    model = models.OneToOneField(UnifiedModel, models.CASCADE, related_name="slot")
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "serving_slots"
        ordering = ["slot"]

    def __str__(self) -> str:
        return f"slot {self.slot}: {self.model_id}"


class GatewayProcess(models.Model):
    """One process that calls models, and the calls that it has under way."""

    id = models.TextField(primary_key=True)
    host = models.TextField()
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField()
    in_flight = models.JSONField(default=dict, help_text="Model id -> open calls.")

    class Meta:
        db_table = "gateway_processes"
        verbose_name_plural = "gateway processes"
        ordering = ["started_at"]

    def __str__(self) -> str:
        return f"{self.host} process {self.pid}"
