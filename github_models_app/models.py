"""Remote models: endpoints, and the catalog and state of the GitHub Models contract."""

from __future__ import annotations

from django.db import models

from github_models_app.endpoints.models import Endpoint

__all__ = ["CatalogEntry", "Endpoint", "GitHubService"]


class CatalogEntry(models.Model):
    """One row of the GitHub Models catalog, as it was last told."""

    id = models.CharField(max_length=200, primary_key=True, help_text="The catalog id: publisher/model.")
    model = models.OneToOneField("unified_app.UnifiedModel", models.CASCADE, related_name="github_entry")
    name = models.TextField(help_text="Display name.")
    publisher = models.TextField()
    publisher_slug = models.CharField(max_length=100, db_index=True)
    version = models.TextField(default="1")
    rate_limit_tier = models.CharField(max_length=40, blank=True, default="")
    summary = models.TextField(blank=True, default="")
    input_modalities = models.JSONField(default=list)
    output_modalities = models.JSONField(default=list)
    capabilities = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    limits = models.JSONField(default=dict, help_text="max_input_tokens and max_output_tokens; null is not told.")
    registry = models.TextField(blank=True, default="")
    html_url = models.TextField(blank=True, default="")
    archived_on = models.DateField(null=True, help_text="The day of the archive that it came from; null: it was live.")

    class Meta:
        db_table = "github_catalog"
        ordering = ["id"]
        verbose_name = "GitHub catalog entry"
        verbose_name_plural = "GitHub catalog"

    def __str__(self) -> str:
        return self.id


class GitHubService(models.Model):
    """What is known of the service behind the GitHub Models contract; one row.

    `demo_url` is set while the demo's stand-in answers for it.
    """

    class State(models.TextChoices):
        UNKNOWN = "unknown"
        OK = "ok"
        RETIRED = "retired"
        ERROR = "error"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # The address that the state was found at; another one starts anew.
    url = models.CharField(max_length=300, blank=True, default="")
    demo_url = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNKNOWN)
    reason = models.TextField(blank=True, default="")
    since = models.DateTimeField(null=True)
    last_sync = models.DateTimeField(null=True)

    class Meta:
        db_table = "github_service"
        verbose_name = "GitHub Models service"
        verbose_name_plural = "GitHub Models service"

    def __str__(self) -> str:
        return "GitHub Models"
