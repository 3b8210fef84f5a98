"""Suites: named test cases with their evaluators, a version for each content that a suite has had."""

from __future__ import annotations

import json
from typing import ClassVar

from django.db import models

from unified_app.models.catalog import Category


class SuiteQuerySet(models.QuerySet["Suite"]):
    def listed(self) -> SuiteQuerySet:
        """For lists: suites with the version that counts, in one query; its document is read when it is asked for."""
        return self.select_related("latest").defer("latest__document")

    def with_word(self, word: str) -> SuiteQuerySet:
        # SQLite keeps JSON as text with escapes beyond ASCII, PostgreSQL without: one of the two finds the tag.
        escaped = json.dumps(word)[1:-1]
        in_tags = models.Q(tags__icontains=word) | models.Q(tags__icontains=escaped)
        return self.filter(models.Q(name__icontains=word) | in_tags)


class Suite(models.Model):
    """What people evaluate with; its content stands in its versions."""

    name = models.CharField(max_length=200, unique=True)
    category = models.CharField(max_length=20, choices=Category.choices, blank=True, default="")
    tags = models.JSONField(default=list, help_text="Words to find the suite by.")
    latest = models.ForeignKey(
        "SuiteVersion", models.PROTECT, null=True, related_name="+", help_text="The version that new runs use."
    )
    shipped = models.BooleanField(default=False, help_text="It came with the product.")
    shipped_file = models.CharField(max_length=100, blank=True, default="", help_text="The product's file of it.")
    shipped_digest = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of that file when it was last taken over."
    )
    archived_at = models.DateTimeField(null=True, blank=True, help_text="Archived suites are not listed.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.TextField()

    objects: ClassVar = SuiteQuerySet.as_manager()

    class Meta:
        db_table = "suites"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SuiteVersion(models.Model):
    """One content of a suite, which never changes; known by its digest."""

    suite = models.ForeignKey(Suite, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(help_text="1 for the first content.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content, without name and description.")
    document = models.JSONField(help_text="The whole suite, with the keys of a .prompt.yml.")
    case_count = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.TextField()

    class Meta:
        db_table = "suite_versions"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["suite", "digest"], name="unique_suite_digest"),
            models.UniqueConstraint(fields=["suite", "number"], name="unique_suite_number"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} ({self.digest[:12]})"
