"""Models: what the source tells, read-only, beside what curators edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html

from unified_app import rows
from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, RegistryForm, SyncsAll
from unified_app.admin.filters import CanDo, Curated, ListedIn, OnHost, Tagged
from unified_app.admin.panels import SHOWN, history_panel, placements_panel, runs_panel
from unified_app.admin.serving import ServesModels, serving_buttons
from unified_app.admin.words import WordsField
from unified_app.models import ModelVersion, Placement, SyncRun, UnifiedModel
from unified_app.models.catalog import Category
from unified_app.registry_manager import EDITABLE, UnifiedRegistryManager
from unified_app.sources import source_classes

_COLUMN_TO_FIELD = {column: name for name, column in EDITABLE.items()}
_HELP = {
    "told_name": "What the source calls the model; the API and the gateway find it by this name.",
    "version": "What is behind the name now: a new digest on the host is a new version.",
    "source_category": "The source's category; yours, if you choose one, replaces it.",
    "source_description": "The source's description; yours, if you write one, replaces it.",
    "told_capabilities": "What the model can do, as far as its source tells.",
    "told_categories": "Every category whose list shows the model.",
    "told_size": "On disk, as the source tells.",
    "told_context": "How many tokens the model was trained to read at once.",
    "told_parameters": "Family, quantisation and whatever else the source tells.",
    "told_texts": "Long texts that belong to this version.",
    "endpoint": "The upstream address. Programs call the registry's own endpoint instead.",
    "id": "Stored once and never computed again; an id is exact.",
    "state": "A sync never deletes: what has vanished is retired and returns by itself.",
    "model_type": "Base models come from a source, the other types are made from them.",
    "created_told": "When the registry first saw it.",
    "updated_told": "When anything of this row last changed.",
    "measured": "What its calls and evaluations measured.",
    "told_tags": "Free words to find models by.",
}


class CurationForm(RegistryForm):
    """What a curator edits; the rest of the page is read-only."""

    field_of = EDITABLE
    tags = WordsField(
        required=False,
        help_text="Free words, with commas between them: german, fast, approved.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    class Meta:
        model = UnifiedModel
        fields = tuple(EDITABLE.values())
        widgets: ClassVar = {
            "display_name": forms.TextInput(attrs={"class": "vTextField"}),
            "owner": forms.TextInput(attrs={"class": "vTextField"}),
            "notes": forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
            "description_override": forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Without the right to change there are no fields.
        if field := self.fields.get("category_override"):
            told = self.instance.source_category or self.instance.category
            field.choices = [("", f"As the source says: {told}"), *Category.choices]  # type: ignore[attr-defined]


class CategoryForm(forms.Form):
    """Which category the chosen models get."""

    category = forms.ChoiceField(
        choices=[*Category.choices, ("source", "As the source says (reset)")], widget=forms.RadioSelect
    )


@admin.register(UnifiedModel)
class UnifiedModelAdmin(ServesModels, SyncsAll):
    form = CurationForm
    history_kind = "model"
    site_page = "model"
    empty_text = "Models come from your hosts and endpoints: add a host, then sync all sources."
    help_texts = _HELP
    list_display = ("named", "category_mark", "state", "hosts", "version", "updated_told")
    list_filter = (ListedIn, "source", "status", OnHost, CanDo, Tagged, Curated, "model_type")
    search_fields = ("name", "display_name", "id", "description", "owner", "tags")
    date_hierarchy = "created_at"
    actions = ("start", "stop", "set_category", "retire", "restore")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # sources add models

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # retired, never deleted: what was called once must stay explained

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnifiedModel]:
        rows: QuerySet[UnifiedModel] = UnifiedModel.objects.listed()
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # As a form field tags are words; as a read-only column they would be JSON.
        editable = list(EDITABLE.values())
        if not self.has_change_permission(request, obj):
            editable[editable.index("tags")] = "told_tags"
        return (
            ("Curation", {"fields": editable, "classes": ["curation"]}),
            (f"From {source_label(obj.source)}", {"fields": self._facts(obj), "classes": ["facts"]}),
            (
                "In the registry",
                {
                    "fields": ["state", "id", "model_type", "created_told", "updated_told", "measured"],
                    "classes": ["facts"],
                },
            ),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*_HELP]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save through the registry, which keeps history, categories and the epoch right."""
        updates = {_COLUMN_TO_FIELD[name]: form.cleaned_data[name] for name in form.changed_data}
        self._manager(request).update_model(obj.pk, updates)

    def buttons(self, obj: Any) -> list[Button]:
        if obj.is_retired:
            return [Button("restore", "Restore")]
        return [*serving_buttons(rows.serving_of(obj).status), Button("retire", "Retire")]

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        placements = obj.placements.all()
        return [
            placements_panel(placements[:50], more=show.list_url(Placement, model__id__exact=obj.pk)),
            _versions_panel(obj),
            _capabilities_panel(obj),
            _runs_panel(obj, [p.place for p in placements]),
            history_panel("model", obj.pk),
        ]

    @admin.action(description="Set the category of the selected models", permissions=["change"])
    def set_category(self, request: HttpRequest, queryset: QuerySet[UnifiedModel]) -> TemplateResponse | None:
        form = CategoryForm(request.POST if "confirmed" in request.POST else None)
        page = self.confirm(
            request,
            queryset,
            form=form,
            title="Set the category",
            text="Your choice replaces the source's category and survives syncs.",
            submit="Set the category",
        )
        if page is None:
            chosen = form.cleaned_data["category"]
            update = {"category": None if chosen == "source" else chosen}
            done = "category as the source says" if chosen == "source" else f"category set to {chosen}"
            manager = self._manager(request)
            self.on_each(request, queryset, lambda m: manager.update_model(m.pk, update), done, "had it already")
        return page

    @admin.action(description="Retire the selected models", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[UnifiedModel]) -> None:
        self._do(request, queryset, UnifiedRegistryManager.delete_model, "retired")

    @admin.action(description="Restore the selected models", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[UnifiedModel]) -> None:
        self._do(request, queryset, UnifiedRegistryManager.restore_model, "restored")

    @admin.display(description="Name", ordering="name")
    def named(self, obj: UnifiedModel) -> str:
        parts = [obj.display_name, words_of(obj.tags), "hidden" if obj.hidden else ""]
        extra = " · ".join(part for part in parts if part)
        return format_html('{}<br><span class="quiet">{}</span>', obj.name, extra) if extra else obj.name

    @admin.display(description="Category", ordering="category")
    def category_mark(self, obj: UnifiedModel) -> str:
        if not obj.category_override:
            return obj.category
        return format_html('{} <span class="quiet">by a curator</span>', obj.category)

    @admin.display(description="Status", ordering="status")
    def state(self, obj: UnifiedModel) -> str:
        return show.mark(obj.status, obj.retired_reason)

    @admin.display(description="Hosts")
    def hosts(self, obj: Any) -> str:
        present = obj.present_placements
        names = ", ".join(p.place for p in present[:3]) or show.NONE
        more = f" and {len(present) - 3} more" if len(present) > 3 else ""
        drift = show.mark("drift") if len({p.digest for p in present}) > 1 else ""
        return format_html('{}{} {}<br><span class="quiet">{}</span>', names, more, drift, source_label(obj.source))

    @admin.display(description="Updated", ordering="updated_at")
    def updated_told(self, obj: UnifiedModel) -> str:
        return show.when(obj.updated_at)

    @admin.display(description="First seen")
    def created_told(self, obj: UnifiedModel) -> str:
        return show.when(obj.created_at)

    @admin.display(description="Name")
    def told_name(self, obj: UnifiedModel) -> str:
        return obj.name

    @admin.display(description="Capabilities")
    def told_capabilities(self, obj: UnifiedModel) -> str:
        return show.words(obj.capabilities)

    @admin.display(description="Listed in")
    def told_categories(self, obj: UnifiedModel) -> str:
        return show.words(row.category for row in obj.category_rows.all())

    @admin.display(description="Size")
    def told_size(self, obj: UnifiedModel) -> str:
        return show.size(obj.size)

    @admin.display(description="Context")
    def told_context(self, obj: UnifiedModel) -> str:
        return f"{show.number(obj.context_length)} tokens" if obj.context_length else show.NONE

    @admin.display(description="Parameters")
    def told_parameters(self, obj: UnifiedModel) -> str:
        return show.facts(obj.parameters)

    @admin.display(description="Texts")
    def told_texts(self, obj: Any) -> str:
        source = source_classes().get(obj.source)
        digest = next((p.digest for p in obj.present_placements), "")
        return show.texts(source.texts(digest)) if source and digest else show.NONE

    @admin.display(description="Measured")
    def measured(self, obj: UnifiedModel) -> str:
        return show.facts(obj.performance_metrics)

    @admin.display(description="Tags")
    def told_tags(self, obj: UnifiedModel) -> str:
        return show.words(obj.tags)

    def _facts(self, obj: UnifiedModel) -> list[str]:
        names = ["told_name", "version", "source_category", "source_description", "told_capabilities"]
        return [*names, "told_categories", "told_size", "told_context", "told_parameters", "told_texts", "endpoint"]

    def _manager(self, request: HttpRequest) -> UnifiedRegistryManager:
        return UnifiedRegistryManager(by=request.user.get_username())

    def _do(self, request: HttpRequest, queryset: Any, verb: Callable[..., bool], done: str) -> None:
        manager = self._manager(request)
        self.on_each(request, queryset, lambda model: verb(manager, model.pk), done, f"was {done} already")


def source_label(name: str) -> str:
    """Return what people call a source; one that is no longer set up keeps its own name."""
    source = source_classes().get(name)
    return source.label if source else name


def words_of(tags: list[str]) -> str:
    return ", ".join(tags)


def _versions_panel(obj: UnifiedModel) -> Panel:
    rows = [
        [show.page_link(v, v.version), show.digest(v.digest), show.when(v.first_seen), v.place, show.size(v.size)]
        for v in obj.versions.all()[:SHOWN]
    ]
    more = show.list_url(ModelVersion, model__id__exact=obj.pk)
    head = ("Version", "Digest", "First seen", "On", "Size")
    return Panel("Versions", head, rows, "No version is recorded.", more, "All versions")


def _capabilities_panel(obj: UnifiedModel) -> Panel:
    rows = [
        [show.words([c.capability_name]), c.capability_type.replace("_", " "), c.description or show.NONE]
        for c in obj.capability_rows.all()
    ]
    return Panel("Capabilities", ("Capability", "Type", "Meaning"), rows, "The source does not tell what it can do.")


def _runs_panel(obj: UnifiedModel, places: list[str]) -> Panel:
    """The runs that changed this model. The ids are looked for as text: SQLite cannot look into JSON."""
    did = Q(created__gt=0) | Q(updated__gt=0) | Q(retired__gt=0)
    runs = SyncRun.objects.filter(did, source=obj.source, place__in=places, changes__icontains=f'"{obj.pk}"')
    return runs_panel(
        runs.select_related("job")[:SHOWN],
        title="Syncs that changed it",
        empty="No kept run changed it.",
        more=show.list_url(SyncRun, place__in=",".join(places)) if places else "",
    )
