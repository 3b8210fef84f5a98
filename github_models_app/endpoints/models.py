"""OpenAI-compatible servers."""

from __future__ import annotations

import json
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models as db

from unified_app import vault
from unified_app.models.servers import Server, ServerQuerySet


class EndpointQuerySet(ServerQuerySet["Endpoint"]):
    pass


class Endpoint(Server):
    """One OpenAI-compatible server; `url` is its base URL as it was typed, with or without `/v1`."""

    sealed_headers = db.TextField(blank=True, default="", editable=False)
    timeout = db.PositiveIntegerField(
        default=300,
        validators=[MinValueValidator(1), MaxValueValidator(3600)],
        help_text="Seconds that one answer may take.",
    )
    rate_limit_per_minute = db.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Calls that the server allows a minute, to all its models. Empty: no limit is kept to.",
    )
    models = db.JSONField(
        default=list,
        blank=True,
        help_text="Names of models, when the server lists none or only some are wanted. Empty: what it lists.",
    )

    objects: ClassVar = EndpointQuerySet.as_manager()

    class Meta(Server.Meta):
        db_table = "endpoints"
        verbose_name = "endpoint"

    @property
    def headers(self) -> dict[str, str]:
        """Extra headers in clear; only for the client. Raises Conflict when SECRET_KEY has changed."""
        found: dict[str, str] = json.loads(vault.unseal(self.sealed_headers) or "{}")
        return found
