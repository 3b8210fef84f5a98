"""OpenAI-compatible servers."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models as db

from github_models_app.endpoints.addresses import api_base
from unified_app import values, vault
from unified_app.errors import Conflict
from unified_app.models.servers import Server, ServerQuerySet
from unified_app.naming import name_key

MAX_MODELS = 1_000
MAX_MODEL_NAME = 400


class EndpointQuerySet(ServerQuerySet["Endpoint"]):
    pass


def validate_models(names: Any) -> None:
    """Raise ValidationError unless `names` is a list of different names that a call can carry."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValidationError("Give a list of names.")
    if len(names) > MAX_MODELS:
        raise ValidationError(f"There are more than {MAX_MODELS:,} names.")
    for name in names:
        if not name_key(name) or name != name.strip() or len(name) > MAX_MODEL_NAME or not values.is_one_line(name):
            raise ValidationError(f"A name is one line of at most {MAX_MODEL_NAME} characters.")
    if len({name_key(name) for name in names}) < len(names):
        raise ValidationError("A name stands twice; case does not matter, and `:latest` may be left out.")


class Endpoint(Server):
    """One OpenAI-compatible server; `url` is its base URL as it was typed, with or without `/v1`.

    `version` holds what kind of server it is, as far as its answers show that.
    """

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
        validators=[validate_models],
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

    @property
    def has_headers(self) -> bool:
        return bool(self.sealed_headers)

    @property
    def header_names(self) -> list[str]:
        """The names alone; empty when SECRET_KEY has changed, which a test of the connection tells."""
        try:
            return list(self.headers)
        except Conflict:
            return []

    @property
    def api_base(self) -> str:
        return api_base(self.url)
