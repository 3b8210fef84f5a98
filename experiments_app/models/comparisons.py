"""What was computed from results once: metrics of models, and comparisons, which are made anew when they are lost."""

from __future__ import annotations

from django.db import models

from experiments_app.models.results import RunModel


class Measure(models.Model):
    """One metric of one model in one run that has ended."""

    run_model = models.ForeignKey(RunModel, models.CASCADE, related_name="measures")
    metric = models.CharField(max_length=300)
    is_main = models.BooleanField(default=False, help_text="What the suite is about; each model has one of them.")
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.PositiveIntegerField(default=0, help_text="Cases that have a value.")
    undecided = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "evaluation_measures"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run_model", "metric"], name="unique_measure")]

    def __str__(self) -> str:
        return f"{self.metric} of {self.run_model_id}"


class KeptComparison(models.Model):
    """A comparison of results that no longer change. The key is a SHA-256 of what was compared, and how."""

    key = models.CharField(max_length=64, primary_key=True)
    document = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "kept_comparisons"

    def __str__(self) -> str:
        return self.key[:12]
