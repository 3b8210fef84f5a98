"""People and the keys that act for them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


class User(AbstractUser):
    """A person or a service that owns keys. Own model from day one, so that it can grow."""


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, now: datetime | None = None) -> ApiKeyQuerySet:
        """Keys that are neither revoked nor expired and whose user may log in."""
        now = now or timezone.now()
        return self.filter(revoked_at=None, user__is_active=True).exclude(expires_at__lte=now)


class ApiKey(models.Model):
    """A bearer key: the SHA-256 of the secret is kept, the secret is shown once."""

    name = models.CharField(max_length=100, help_text="What the key is for, such as the program that uses it.")
    user = models.ForeignKey(
        User,
        models.CASCADE,
        related_name="api_keys",
        help_text="Whom the key acts for; it never may more than this user.",
    )
    prefix = models.CharField(max_length=16, editable=False, help_text="First characters of the key, to recognise it.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, help_text="Any of read, call, experiment, curate, operate, as a JSON list.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never expires.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    rate_limit_per_minute = models.PositiveIntegerField(
        "requests a minute",
        null=True,
        blank=True,
        help_text="How many calls the key may send to the gateway. Empty: as RATE_LIMIT_PER_MINUTE says. 0: no limit.",
    )

    objects: ClassVar = ApiKeyQuerySet.as_manager()

    class Meta:
        db_table = "api_keys"
        ordering = ["-created_at", "-id"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def state(self) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "active"
