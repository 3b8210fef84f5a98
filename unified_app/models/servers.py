"""What the servers of every source have in common: an address, a credential, whether they answer."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.core.validators import RegexValidator
from django.db import models

from unified_app import vault
from unified_app.addresses import validate_url
from unified_app.sources import Place

Row = TypeVar("Row", bound=models.Model)


class ServerQuerySet(models.QuerySet[Row]):
    def enabled(self) -> Self:
        return self.filter(enabled=True)


class Server(models.Model):
    """One upstream server, kept by people or by the environment."""

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
    url = models.CharField(max_length=300, validators=[validate_url])
    sealed_token = models.TextField(blank=True, default="", editable=False)
    enabled = models.BooleanField(
        default=True, help_text="A disabled one is not asked; models that only it has are retired."
    )
    origin = models.CharField(max_length=12, choices=Origin.choices, default=Origin.MANUAL, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.UNKNOWN, editable=False)
    version = models.CharField(max_length=60, blank=True, default="", editable=False)
    last_seen = models.DateTimeField(null=True, editable=False)
    down_since = models.DateTimeField(null=True, editable=False)
    last_error = models.TextField(blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = ServerQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["name"]

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

    def as_place(self) -> Place:
        """Return the server as pages and syncs see it."""
        return Place(
            name=self.name,
            url=self.url,
            state=self.state,
            version=self.version,
            last_seen=self.last_seen,
            down_since=self.down_since,
            error=self.last_error,
            is_demo=self.is_demo,
        )
