"""Models, what they can do, where they run and what was behind their names before."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Category(models.TextChoices):
    EMBEDDING = "embedding"
    VISION = "vision"
    TOOLS = "tools"
    THINKING = "thinking"
    CLOUD = "cloud"
    EXTERNAL = "external"


class ModelType(models.TextChoices):
    BASE = "base"
    EXPERIMENTAL = "experimental"
    VARIANT = "variant"


class ModelStatus(models.TextChoices):
    AVAILABLE = "available"
    BUSY = "busy"
    ERROR = "error"
    RETIRED = "retired"


class UnifiedModelQuerySet(models.QuerySet["UnifiedModel"]):
    def shown(self) -> UnifiedModelQuerySet:
        """What a list shows unless it asks for more: neither retired nor hidden."""
        return self.filter(hidden=False).exclude(status=ModelStatus.RETIRED)

    def in_category(self, category: str) -> UnifiedModelQuerySet:
        """Models that can do `category`, whatever their primary one is."""
        return self.filter(models.Exists(ModelCategory.objects.filter(model=models.OuterRef("pk"), category=category)))

    def with_capability(self, capability: str) -> UnifiedModelQuerySet:
        return self.filter(
            models.Exists(ModelCapability.objects.filter(model=models.OuterRef("pk"), capability_name=capability))
        )

    def on_host(self, place: str) -> UnifiedModelQuerySet:
        """Models that the host or endpoint named `place` answers for."""
        return self.filter(models.Exists(Placement.objects.present().filter(model=models.OuterRef("pk"), place=place)))

    def listed(self) -> UnifiedModelQuerySet:
        """For lists: rows with their categories and present placements, in a constant number of queries."""
        # Without their facts: JSON that lists do not tell and that costs more to read than all the rest.
        there = Placement.objects.present().defer("facts").order_by("place")
        present = models.Prefetch("placements", there, to_attr="present_placements")
        return self.prefetch_related("category_rows", present)


class UnifiedModel(models.Model):
    """The registry's row for one model: one per (source, name)."""

    id = models.TextField(primary_key=True)
    name = models.TextField()
    version = models.TextField()
    ollama_name = models.TextField(null=True, blank=True)  # noqa: DJ001 - the specification's NULL
    category = models.TextField(choices=Category.choices)
    model_type = models.TextField(choices=ModelType.choices)
    source = models.TextField()
    # Projections of what the preferred placement tells; filters join ModelCapability and ModelCategory.
    capabilities = models.JSONField(default=list, db_default=[])
    parameters = models.JSONField(default=dict, db_default={})
    endpoint = models.TextField(null=True, blank=True)  # noqa: DJ001 - the specification's NULL
    status = models.TextField(
        choices=ModelStatus.choices, default=ModelStatus.AVAILABLE, db_default=ModelStatus.AVAILABLE
    )
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 - the specification's NULL
    performance_metrics = models.JSONField(default=dict, db_default={})

    # Ours, beside the specification's columns.
    name_key = models.TextField(editable=False, db_default="", default="")
    size = models.BigIntegerField(null=True, blank=True, help_text="Bytes, as the source tells.")
    context_length = models.BigIntegerField(null=True, blank=True, help_text="Tokens the model was trained for.")
    source_category = models.TextField(default="", db_default="", blank=True, editable=False)
    source_description = models.TextField(default="", db_default="", blank=True, editable=False)
    category_override = models.TextField(
        choices=Category.choices,
        default="",
        db_default="",
        blank=True,
        help_text="Replaces the source's category and survives syncs. Empty: the source's.",
    )
    description_override = models.TextField(
        default="",
        db_default="",
        blank=True,
        help_text="Replaces the source's description and survives syncs. Empty: the source's.",
    )
    display_name = models.TextField(
        default="", db_default="", blank=True, help_text="Shown instead of the name on pages."
    )
    tags = models.JSONField(default=list, db_default=[], blank=True, help_text="Free words, as a JSON list.")
    hidden = models.BooleanField(default=False, db_default=False, help_text="Left out of lists unless they ask for it.")
    owner = models.TextField(default="", db_default="", blank=True, help_text="Who answers for this model.")
    notes = models.TextField(default="", db_default="", blank=True, help_text="For other curators.")
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_reason = models.TextField(default="", db_default="", blank=True, editable=False)
    deleted_by = models.TextField(default="", db_default="", blank=True, editable=False)
    # What makes a variant of its base: plain data, see unified_app.recipes. Null for every model that is no variant.
    recipe = models.JSONField(null=True, blank=True, editable=False)

    objects: ClassVar = UnifiedModelQuerySet.as_manager()

    class Meta:
        db_table = "unified_models"
        ordering = ["name", "id"]
        verbose_name = "model"
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="unique_name_version"),
            models.UniqueConstraint(
                fields=["source", "name_key"], condition=~Q(name_key=""), name="unique_source_name"
            ),
        ]
        indexes = [
            models.Index(fields=["category"], name="idx_category"),
            models.Index(fields=["model_type"], name="idx_model_type"),
            models.Index(fields=["source"], name="idx_source"),
            models.Index(fields=["status"], name="idx_status"),
            models.Index(fields=["ollama_name"], name="idx_ollama_name"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.name

    @property
    def is_retired(self) -> bool:
        return self.status == ModelStatus.RETIRED


class ModelOrigin(models.Model):
    """What a variant is made from: its base, the members of an ensemble, its judge."""

    class Role(models.TextChoices):
        BASE = "base"
        MEMBER = "member"
        JUDGE = "judge"

    model = models.ForeignKey(UnifiedModel, models.CASCADE, related_name="origins")
    origin = models.ForeignKey(UnifiedModel, models.PROTECT, related_name="derived")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.BASE)

    class Meta:
        db_table = "model_origins"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["model", "origin", "role"], name="unique_model_origin")]

    def __str__(self) -> str:
        return f"{self.model_id} from {self.origin_id}"


class ModelCapability(models.Model):
    """One thing that a model can do."""

    class Type(models.TextChoices):
        TEXT = "text"
        VISION = "vision"
        EMBEDDING = "embedding"
        FUNCTION_CALLING = "function_calling"

    model = models.ForeignKey(UnifiedModel, models.CASCADE, related_name="capability_rows", db_index=False)
    capability_name = models.TextField()
    capability_type = models.TextField(choices=Type.choices)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 - the specification's NULL
    parameters = models.JSONField(default=dict, db_default={})
    examples = models.JSONField(default=list, db_default=[])

    class Meta:
        db_table = "model_capabilities"
        verbose_name_plural = "model capabilities"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["model", "capability_name"], name="unique_model_capability")]
        indexes = [
            models.Index(fields=["model"], name="idx_model_id"),
            models.Index(fields=["capability_type"], name="idx_capability_type"),
            # `?capability=` and the capability filter of the admin.
            models.Index(fields=["capability_name", "model"], name="idx_capability_name_model"),
        ]

    def __str__(self) -> str:
        return self.capability_name


class ModelCategory(models.Model):
    """A category that a model belongs to; the primary one stands in the model's column too."""

    model = models.ForeignKey(UnifiedModel, models.CASCADE, related_name="category_rows", db_index=False)
    category = models.TextField(choices=Category.choices)

    class Meta:
        db_table = "model_categories"
        verbose_name_plural = "model categories"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["model", "category"], name="unique_model_category")]
        # Listing a category.
        indexes = [models.Index(fields=["category", "model"], name="idx_category_model")]

    def __str__(self) -> str:
        return self.category


class ModelVersion(models.Model):
    """What was behind a model's name from a moment on; append-only per (model, digest)."""

    model = models.ForeignKey(UnifiedModel, models.CASCADE, related_name="versions")
    digest = models.TextField()
    version = models.TextField()
    place = models.TextField(help_text="Host or endpoint where it was seen first.")
    size = models.BigIntegerField(null=True)
    parameters = models.JSONField(default=dict)
    first_seen = models.DateTimeField()

    class Meta:
        db_table = "model_versions"
        ordering = ["-first_seen", "-id"]
        constraints = [models.UniqueConstraint(fields=["model", "digest"], name="unique_model_digest")]

    def __str__(self) -> str:
        return f"{self.model_id} {self.version}"


class PlacementQuerySet(models.QuerySet["Placement"]):
    def present(self) -> PlacementQuerySet:
        """Placements that the host still has, reachable or not."""
        return self.exclude(state=Placement.State.GONE)


class Placement(models.Model):
    """One place that answers for a model: what the gateway routes by."""

    class State(models.TextChoices):
        AVAILABLE = "available"
        UNREACHABLE = "unreachable"
        GONE = "gone"

    class Protocol(models.TextChoices):
        OLLAMA = "ollama"
        OPENAI = "openai"

    model = models.ForeignKey(UnifiedModel, models.CASCADE, related_name="placements")
    source = models.TextField()
    place = models.TextField(verbose_name="host", help_text="Name of the host or endpoint.")
    upstream_name = models.TextField(help_text="What the host calls the model.")
    base_url = models.TextField()
    protocol = models.TextField(choices=Protocol.choices)
    digest = models.TextField(blank=True, default="")
    version = models.TextField(default="1")
    size = models.BigIntegerField(null=True)
    modified_at = models.DateTimeField(null=True, help_text="When the host says it last changed.")
    state = models.TextField(choices=State.choices, default=State.AVAILABLE)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    pinned = models.BooleanField(default=False, help_text="The curator's choice among drifting placements.")
    credential = models.TextField(blank=True, default="", help_text="Names the row that holds the key; never the key.")
    # What this host tells of the model; the model's row is projected from the preferred placement's facts.
    facts = models.JSONField(default=dict)

    objects: ClassVar = PlacementQuerySet.as_manager()

    class Meta:
        db_table = "placements"
        ordering = ["model_id", "place"]
        constraints = [
            models.UniqueConstraint(fields=["model", "place"], name="unique_model_place"),
            models.UniqueConstraint(fields=["model"], condition=Q(pinned=True), name="unique_pinned_placement"),
        ]
        # A sync reads one host's placements; `?host=` joins by place and state.
        indexes = [models.Index(fields=["source", "place", "state"], name="idx_placement_place")]

    def __str__(self) -> str:
        return f"{self.place}/{self.upstream_name}"


class Alias(models.Model):
    """A curated name for an ordered list of models; the first that can answer does."""

    name = models.TextField(unique=True)
    targets = models.JSONField(default=list, help_text="Ids of models, the preferred one first.")
    description = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "aliases"
        ordering = ["name"]
        verbose_name_plural = "aliases"

    def __str__(self) -> str:
        return self.name


class AliasChange(models.Model):
    """One change of what an alias names; the newest one can be taken back."""

    alias = models.TextField(help_text="The name; it outlives the alias.")
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    at = models.DateTimeField()
    by = models.TextField()
    reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "alias_changes"
        ordering = ["-at", "-id"]
        # The history of one alias, newest first.
        indexes = [models.Index(fields=["alias", "-at"], name="idx_alias_change")]

    def __str__(self) -> str:
        return f"{self.alias} at {self.at:%Y-%m-%d %H:%M}"
