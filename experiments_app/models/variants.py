"""Experiments, the variants that they made, and the adapters that were uploaded for them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.fields.json import KeyTextTransform

from unified_app.models.catalog import ModelStatus, Placement


class ExperimentType(models.TextChoices):
    PARAMETER_TUNING = "parameter_tuning"
    PROMPT_ENGINEERING = "prompt_engineering"
    FINE_TUNING = "fine_tuning"
    ENSEMBLE = "ensemble"


class Experiment(models.Model):
    """One request for variants of a base: one variant, or the family that a search makes."""

    base = models.ForeignKey("unified_app.UnifiedModel", models.PROTECT, related_name="experiments")
    experiment_type = models.CharField(max_length=24, choices=ExperimentType.choices)
    name = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    parameters = models.JSONField(default=dict, help_text="As they were given.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.TextField()

    class Meta:
        db_table = "experiments"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["-created_at"], name="idx_experiment_created")]

    def __str__(self) -> str:
        return self.name or f"{self.experiment_type} of {self.base_id}"


class VariantQuerySet(models.QuerySet["Variant"]):
    def listed(self) -> VariantQuerySet:
        """For lists: rows with their model, experiment and base, in one query; `is_lost` is known."""
        rows = self.filter(model__isnull=False).select_related("model", "experiment__base")
        there = Placement.objects.present().filter(model_id=OuterRef("made"), place=OuterRef("host")).order_by()
        return rows.alias(made=KeyTextTransform("model", "model__recipe")).annotate(is_there=Exists(there))

    def shown(self) -> VariantQuerySet:
        return self.exclude(model__status=ModelStatus.RETIRED)

    def in_status(self, status: str) -> VariantQuerySet:
        """The variants whose `shown_status` is this."""
        if status == Variant.Status.ARCHIVED:
            return self.filter(model__status=ModelStatus.RETIRED)
        return self.shown().filter(status=status)


class Variant(models.Model):
    """What an experiment knows of a model that it made, beside the model's own row.

    `model` is null only inside the transaction that makes both: the model's id holds this row's number.
    `host` is the Ollama host on which it is realised as a model of its own; empty for an overlay. `status` is never
    `archived` here: that is the model's own state, and `shown_status` tells both.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        PROMOTED = "promoted"
        ARCHIVED = "archived"
        FAILED = "failed"

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="variants")
    model = models.OneToOneField("unified_app.UnifiedModel", models.CASCADE, null=True, related_name="variant")
    parameters = models.JSONField(default=dict, help_text="Of this variant: one point of a search.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    host = models.TextField(blank=True, default="")
    realised = models.BooleanField(default=False)
    error = models.TextField(blank=True, default="")
    promoted_at = models.DateTimeField(null=True)
    mlflow_run_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null until it is logged
    mlflow_model_id = models.CharField(max_length=64, blank=True, default="")
    mlflow_version = models.CharField(max_length=20, blank=True, default="")
    mlflow_experiment_id = models.CharField(max_length=64, blank=True, default="")
    mlflow_told = models.JSONField(default=dict, help_text="What MLflow was told of its state: status and aliases.")
    artifacts = models.JSONField(default=dict, help_text="Name of each file -> its sha256 and size.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "variants"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="idx_variant_created"),
            models.Index(fields=["status"], name="idx_variant_status"),
        ]

    objects: ClassVar = VariantQuerySet.as_manager()

    def __str__(self) -> str:
        return self.model_id or f"variant {self.pk}"

    @property
    def shown_status(self) -> str:
        """What people are told: a variant whose model is retired is archived, whatever it was before."""
        if self.model is not None and self.model.is_retired:
            return self.Status.ARCHIVED.value
        return str(self.status)

    @property
    def is_lost(self) -> bool:
        """Whether its host no longer has the model that it is there; only rows of `listed()` know."""
        return self.realised and not getattr(self, "is_there", True)

    @property
    def mlflow_url(self) -> str | None:
        """Where people see its run; None until it is logged, and where no MLFLOW_UI_URL is set."""
        if not (settings.MLFLOW_UI_URL and self.mlflow_run_id):
            return None
        return f"{settings.MLFLOW_UI_URL}/#/experiments/{self.mlflow_experiment_id}/runs/{self.mlflow_run_id}"


class Adapter(models.Model):
    """A LoRA adapter as it was uploaded; its files stand in REGISTRY_HOME, each under its own digest.

    `sha256` is that of a GGUF file, and of a set of files that of the list that `sha256sum` prints of them.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    name = models.TextField(help_text="As its uploader called it, or its largest file.")
    format = models.CharField(max_length=12, help_text="gguf or safetensors.")
    size = models.BigIntegerField(help_text="Bytes, of all files.")
    files = models.JSONField(default=list, help_text="Name, sha256 and size of each.")
    architecture = models.TextField(blank=True, default="")
    rank = models.PositiveIntegerField(null=True)
    alpha = models.FloatField(null=True)
    width = models.PositiveIntegerField(null=True, help_text="Embedding length of the models that it fits.")
    modules = models.JSONField(default=list, help_text="The parts of a layer that it changes.")
    base_model = models.TextField(blank=True, default="", help_text="The base that the file claims to fit.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.TextField()

    class Meta:
        db_table = "adapters"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name or self.sha256[:12]


class IdempotentCreate(models.Model):
    """What a caller's Idempotency-Key stands for: the same key and body give the same experiment."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    key = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    experiment = models.ForeignKey(Experiment, models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "idempotent_creates"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="unique_idempotency_key")]

    def __str__(self) -> str:
        return self.key
