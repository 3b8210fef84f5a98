"""Ollama hosts, and what their servers told of each digest."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models

from ollama_app.addresses import validate_url
from unified_app import vault


class HostQuerySet(models.QuerySet["Host"]):
    def enabled(self) -> HostQuerySet:
        return self.filter(enabled=True)


class Host(models.Model):
    """One Ollama server."""

    class Origin(models.TextChoices):
        MANUAL = "manual"
        ENVIRONMENT = "environment"
        DEFAULT = "default"
        DEMO = "demo"

    class State(models.TextChoices):
        UNKNOWN = "unknown"
        UP = "up"
        DOWN = "down"

    name = models.CharField(
        max_length=60,
        unique=True,
        validators=[
            RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z", "Use letters, digits, dots, dashes and underscores.")
        ],
        help_text="Short and stable: pages, filters and headers show it.",
    )
    url = models.CharField(
        max_length=300,
        validators=[validate_url],
        help_text="Such as http://gpu1.example:11434, without credentials.",
    )
    sealed_token = models.TextField(blank=True, default="", editable=False)
    enabled = models.BooleanField(
        default=True, help_text="A disabled host is not asked; models that only it has are retired."
    )
    origin = models.CharField(max_length=12, choices=Origin.choices, default=Origin.MANUAL, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.UNKNOWN, editable=False)
    version = models.CharField(max_length=60, blank=True, default="", editable=False)
    last_seen = models.DateTimeField(null=True, editable=False)
    down_since = models.DateTimeField(null=True, editable=False)
    last_error = models.TextField(blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = HostQuerySet.as_manager()

    class Meta:
        db_table = "ollama_hosts"
        ordering = ["name"]
        verbose_name = "Ollama host"

    def __str__(self) -> str:
        return self.name

    @property
    def has_token(self) -> bool:
        return bool(self.sealed_token)

    @property
    def token(self) -> str:
        """The bearer token in clear; only for the client. Raises Conflict when SECRET_KEY has changed."""
        return vault.unseal(self.sealed_token)

    @property
    def is_demo(self) -> bool:
        return self.origin == self.Origin.DEMO


class DigestFacts(models.Model):
    """What `show` told of one digest; asked once, and again when a newer server may derive more from it."""

    digest = models.CharField(max_length=64, primary_key=True)
    server_version = models.CharField(max_length=60)
    capabilities = models.JSONField(null=True, help_text="As the server names them; null = it did not tell.")
    facts = models.JSONField(default=dict)
    texts = models.JSONField(default=dict, help_text="template, system, license: long, read one at a time.")
    error = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "ollama_digest_facts"
        verbose_name_plural = "digest facts"

    def __str__(self) -> str:
        return self.digest[:12]
