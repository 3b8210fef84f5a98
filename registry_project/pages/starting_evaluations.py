"""The form that starts an evaluation: a suite, models, and how far it may go. It does what the API does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from experiments_app.evaluation import runs, suite_rows
from experiments_app.evaluation.run_checks import MAX_MODELS
from experiments_app.models import Suite
from registry_project.pages.access import needs
from unified_app.errors import InvalidInput, NotFound
from unified_app.lookup import find_model
from unified_app.models import Placement, UnifiedModel
from unified_app.models.catalog import ModelStatus

OFFERED = 40


class StartForm(forms.Form):
    """Beside these, the page has the models as check boxes of their own: there may be thousands to choose from."""

    suite = forms.ChoiceField(label="Suite")
    repeats = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=1,
        help_text="Times each case is asked. More than 1 shows how steady the answers are.",
    )
    judge = forms.CharField(
        required=False,
        max_length=500,
        help_text="The model that judges in suites with a judge; empty leaves it to the suite.",
    )
    budget_tokens = forms.IntegerField(
        required=False, min_value=1, label="At most so many tokens", help_text="Empty: no limit."
    )
    budget_cost = forms.DecimalField(
        required=False,
        min_value=Decimal("0.000001"),
        max_digits=18,
        decimal_places=9,
        label="At most so many dollars",
        help_text="Only where the price of every model is known.",
    )

    def __init__(self, suites: list[Suite], data: Any = None, **more: Any) -> None:
        super().__init__(data, label_suffix="", **more)
        choices = [(suite.name, f"{suite.name}, {suite.latest.case_count} cases") for suite in suites if suite.latest]
        self.fields["suite"].choices = choices  # type: ignore[attr-defined]
        for name in ("repeats", "budget_tokens", "budget_cost"):
            self.fields[name].widget.attrs["autocomplete"] = "off"


@needs("experiment")
def start(request: HttpRequest) -> HttpResponse:
    """Show the form, filled in with what the address names; a POST starts the run."""
    suites = list(Suite.objects.listed().filter(archived_at=None).defer("latest__document").order_by("name"))
    named = (request.POST if request.method == "POST" else request.GET).getlist("model")[: MAX_MODELS + 1]
    wanted, unknown = _wanted(named)
    if request.method == "POST":
        form, problems = StartForm(suites, request.POST), list(unknown)
        if form.is_valid() and not problems and (run := _started(request, form, wanted, problems)):
            return redirect("evaluation", run_id=run)
    else:
        form = StartForm(suites, initial={"suite": request.GET.get("suite", ""), "repeats": 1})
        problems = list(unknown)
    chosen = {row.pk for row in wanted}
    query = request.GET.get("q", "").strip()
    offered = list(_offered(query, _category(suites, form)).exclude(pk__in=chosen)[: OFFERED + 1])
    context = {
        "form": form,
        "suites": suites,
        "wanted": wanted,
        "offered": offered[:OFFERED],
        "has_more": len(offered) > OFFERED,
        "query": query,
        "problems": problems,
    }
    return render(request, "site/evaluation_new.html", context, status=400 if form.errors or problems else 200)


def _started(request: HttpRequest, form: StartForm, wanted: list[UnifiedModel], problems: list[str]) -> int | None:
    """Return the number of the run; None when the form, or `problems` of the models, now say what is wrong."""
    told = dict(form.cleaned_data)
    try:
        version = suite_rows.version_of(suite_rows.find(told.pop("suite")))
        run = runs.start(version, [row.pk for row in wanted], by=request.user.get_username(), **told)
    except InvalidInput as error:
        for path, said in (error.details or {"": [error.message]}).items():
            if path.startswith("models"):
                problems += [said] if isinstance(said, str) else said
            else:
                form.add_error(path if path in form.fields else None, said)
        return None
    messages.success(request, "The evaluation is queued. It goes on when you leave this page.")
    return run.pk


def _wanted(named: list[str]) -> tuple[list[UnifiedModel], list[str]]:
    """Return the models that are named by id, name or alias, each once, and what is wrong with the others."""
    rows: dict[str, UnifiedModel] = {}
    problems = []
    known = {row.pk: row for row in UnifiedModel.objects.filter(pk__in=[name.replace("\0", "") for name in named])}
    for name in named:
        try:
            row = known.get(name) or find_model(name.replace("\0", ""))
            rows[row.pk] = row
        except NotFound as error:
            problems.append(error.message)
    return list(rows.values()), problems


def _category(suites: list[Suite], form: StartForm) -> str:
    chosen = form["suite"].value() or (suites[0].name if suites else "")
    return next((suite.category for suite in suites if suite.name == chosen), "")


def _offered(query: str, category: str) -> QuerySet[UnifiedModel]:
    """Return what can be called, those of the suite's category first."""
    places = Q(placements__state=Placement.State.AVAILABLE) | Q(recipe__isnull=False)
    rows = UnifiedModel.objects.filter(places, status=ModelStatus.AVAILABLE, hidden=False).distinct()
    for word in query.replace("\0", "").split()[:10]:
        rows = rows.filter(Q(name__icontains=word) | Q(display_name__icontains=word))
    fits = Case(When(category=category, then=Value(0)), default=Value(1))
    found: QuerySet[UnifiedModel] = rows.alias(fits=fits).order_by("fits", "name")
    return found
