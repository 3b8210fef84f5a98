"""Ollama hosts, and what their servers told of each digest."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from unified_app.models.servers import Server, ServerQuerySet


class HostQuerySet(ServerQuerySet["Host"]):
    pass


class Host(Server):
    """One Ollama server; `url` such as http://gpu1.example:11434, without credentials."""

    objects: ClassVar = HostQuerySet.as_manager()

    class Meta(Server.Meta):
        db_table = "ollama_hosts"
        verbose_name = "Ollama host"


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
