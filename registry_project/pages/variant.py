"""The page of one variant: what it is, how to call it, its family, how it differs, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from experiments_app import promoting, realising
from experiments_app.diffing import diff
from experiments_app.lineage import lineage
from experiments_app.models import Variant
from registry_project.pages import gateway_calls, lineage_picture, text_diff, variant_words
from registry_project.pages.access import may, needs
from registry_project.pages.errors import Missing
from unified_app.errors import Conflict, InvalidInput, NotFound
from unified_app.models import Alias, HistoryEntry, UnifiedModel
from unified_app.recipes import ENSEMBLE

HISTORY_SHOWN = 50
SIBLINGS_OFFERED = 200
RELATIVES_LISTED = 200


class PromoteForm(forms.Form):
    """Why, and under which stable name."""

    reason = forms.CharField(max_length=2_000, label="Why", help_text="Kept in the history, for those who ask later.")
    alias = forms.CharField(
        required=False,
        max_length=200,
        help_text="A stable name, such as champion: this variant becomes the first model behind it. May stay empty.",
    )


@needs("read")
def variant_page(request: HttpRequest, called: str) -> HttpResponse:
    variant = _find(called)
    if variant.model_id != called:
        return redirect("experiment", called=variant.model_id)
    return _page(request, variant, PromoteForm(label_suffix=""))


@needs("experiment")
@require_POST
def archive(request: HttpRequest, called: str) -> HttpResponse:
    return _act(request, called, promoting.archive, "{} is archived: it cannot be called. Restore brings it back.")


@needs("experiment")
@require_POST
def restore(request: HttpRequest, called: str) -> HttpResponse:
    return _act(request, called, promoting.restore, "{} is back and can be called.")


@needs("experiment")
@require_POST
def realise(request: HttpRequest, called: str) -> HttpResponse:
    return _act(request, called, realising.request_again, "{} is being made on its host again.")


@needs("curate")
@require_POST
def promote(request: HttpRequest, called: str) -> HttpResponse:
    variant, form = _find(called), PromoteForm(request.POST, label_suffix="")
    if not form.is_valid():
        return _page(request, variant, form, status=400)
    try:
        promoting.promote(variant, by=request.user.get_username(), **form.cleaned_data)
    except InvalidInput as error:
        for name, told in (error.details or {}).items():
            form.add_error(name if name in form.fields else None, told)
        return _page(request, variant, form, status=400)
    except Conflict as error:
        form.add_error(None, error.message)
        return _page(request, variant, form, status=409)
    alias = form.cleaned_data["alias"]
    messages.success(request, f"{variant.model} is promoted{f' and is what {alias} calls' if alias else ''}.")
    return redirect("experiment", called=variant.model_id)


def _act(request: HttpRequest, called: str, act: Callable[..., Variant], done: str) -> HttpResponse:
    variant = _find(called)
    try:
        act(variant, by=request.user.get_username())
        messages.success(request, done.format(variant.model))
    except Conflict as error:
        messages.error(request, _told(error, variant))
    return redirect("experiment", called=variant.model_id)


def _told(error: Conflict, variant: Variant) -> str:
    """Return a refusal as a sentence with the names of what is in the way."""
    users = (error.details or {}).get("used_by")
    if not users:
        return error.message
    names = list(UnifiedModel.objects.filter(pk__in=users).order_by("name").values_list("name", flat=True)) or users
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{variant.model} was left as it is, because {shown} {verb} made from it. Archive what is made from it first."
    )


def _page(request: HttpRequest, variant: Variant, form: PromoteForm, status: int = 200) -> HttpResponse:
    model = variant.model
    assert model is not None
    recipe = model.recipe or {}
    told = lineage(model)
    word, said = variant_words.state_of(variant)
    context = {
        "variant": variant,
        "model": model,
        "base": variant.experiment.base,
        "recipe": recipe,
        "word": word,
        "said": said,
        "type": variant_words.TYPES[variant.experiment.experiment_type],
        "parameters": variant_words.parameters(recipe),
        "change": variant_words.change_line(recipe),
        "search": variant_words.search_line(variant.experiment.parameters),
        **_ensemble(recipe),
        "may_realise": may(request, "experiment") and _may_be_made_again(variant),
        "gateway_calls": _calls(request, variant),
        "picture": lineage_picture.picture(model.pk, model.name, told),
        "ancestors": told["ancestors"][:RELATIVES_LISTED],
        "descendants": told["descendants"][:RELATIVES_LISTED],
        "more_relatives": max(0, len(told["descendants"]) - RELATIVES_LISTED),
        **_comparison(request, variant),
        "description": variant_words.description(variant),
        "history": list(_history(model)[:HISTORY_SHOWN]),
        "aliases": [alias for alias in Alias.objects.order_by("name") if model.pk in alias.targets],
        "form": form,
        "may_experiment": may(request, "experiment"),
        "may_promote": may(request, "curate") and variant.shown_status in ("active", "promoted"),
    }
    return render(request, "site/experiment.html", context, status=status)


def _history(model: UnifiedModel) -> QuerySet[HistoryEntry]:
    """A promotion's own entry says more than the change of the model's type that it brings."""
    return HistoryEntry.objects.filter(kind="model", object_id=model.pk).exclude(field="model_type")


def _find(called: str) -> Variant:
    if "\0" in called:  # PostgreSQL refuses to compare it
        raise Missing("No variant's name has such a character.")
    try:
        return promoting.find_variant(called)
    except NotFound as error:
        raise Missing(error.message) from None


def _calls(request: HttpRequest, variant: Variant) -> list[Any]:
    model = variant.model
    if model is None or variant.shown_status in (Variant.Status.ARCHIVED, Variant.Status.FAILED):
        return []
    base = request.build_absolute_uri("/").rstrip("/")
    return gateway_calls.for_model(base, model.name, model.capabilities)


def _may_be_made_again(variant: Variant) -> bool:
    return bool(variant.host) and (variant.is_lost or variant.shown_status == Variant.Status.FAILED)


def _ensemble(recipe: dict[str, Any]) -> dict[str, Any]:
    if recipe.get("kind") != ENSEMBLE:
        return {"members": [], "judge": None, "strategy": ""}
    ids = [member["model"] for member in recipe["members"]]
    rows = UnifiedModel.objects.in_bulk([*ids, recipe.get("judge")])
    return {
        "members": [{**member, "row": rows.get(member["model"])} for member in recipe["members"]],
        "judge": rows.get(recipe.get("judge") or ""),
        "strategy": variant_words.STRATEGIES.get(recipe["strategy"], ""),
    }


def _is_ensemble(model: UnifiedModel) -> bool:
    return (model.recipe or {}).get("kind") == ENSEMBLE


def _comparison(request: HttpRequest, variant: Variant) -> dict[str, Any]:
    """Return the differences to the base, or to the model that the address names."""
    model, base = variant.model, variant.experiment.base
    assert model is not None
    siblings = Variant.objects.listed().filter(experiment__base=base).exclude(pk=variant.pk).order_by("-pk")
    offered = list(siblings.values_list("model_id", "model__name")[:SIBLINGS_OFFERED])
    wanted = request.GET.get("compare", "")
    other = UnifiedModel.objects.filter(pk=wanted).first() if wanted and "\0" not in wanted else None
    if other is not None and other.pk not in dict(offered) and other.pk != base.pk:
        offered.append((other.pk, other.name))
    return {
        "differences": text_diff.rows(diff(model, other)),
        "is_unlike": _is_ensemble(model) != _is_ensemble(other or base),
        "other": other or base,
        "siblings": offered,
        "compare_unknown": wanted if wanted and other is None else "",
    }
