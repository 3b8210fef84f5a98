"""Suites: the list, and the page of one with its cases, its evaluators in words, its versions and its gates."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from experiments_app.evaluation import suite_rows
from experiments_app.evaluation.files.suite_files import FORMATS
from experiments_app.models import EvaluationRun, Gate, GateCheck, Suite, SuiteVersion
from registry_project.pages import gate_words
from registry_project.pages.access import needs
from registry_project.pages.errors import Missing
from registry_project.pages.evaluation_cases import content_of, shown_cases
from registry_project.pages.evaluator_words import evaluators_of
from unified_app.categories import CATEGORIES
from unified_app.errors import NotFound

PER_PAGE = 50
CASES_PER_PAGE = 10
VERSIONS_SHOWN = 20
RUNS_SHOWN = 5
CHECKS_SHOWN = 10
_PLAIN = re.compile(r"[^\W_][\w .:+-]*")


@needs("read")
def suite_list(request: HttpRequest) -> HttpResponse:
    chosen = {"q": request.GET.get("q", "").strip(), "category": request.GET.get("category", "")}
    found = _listed().filter(archived_at=None)
    for word in chosen["q"].replace("\0", "").split()[:10]:
        found = found.filter(name__icontains=word)
    if chosen["category"]:
        found = found.filter(category=chosen["category"].replace("\0", ""))
    page = Paginator(found.order_by("name"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [{"suite": suite, "called": address(suite)} for suite in page],
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "categories": CATEGORIES,
    }
    return render(request, "site/suites.html", context)


@needs("read")
def suite_page(request: HttpRequest, called: str) -> HttpResponse:
    suite = find(called)
    version = _version(suite, request.GET.get("version", ""))
    content = content_of(version)
    cases = shown_cases(version)
    tag = request.GET.get("tag", "")
    shown = [case for case in cases if not tag or tag in case.tags]
    context = {
        "suite": suite,
        "called": address(suite),
        "version": version,
        "is_latest": version.pk == suite.latest_id,
        "content": content,
        "system": [each for each in content.messages if each["role"] != "user"],
        "asked": [each for each in content.messages if each["role"] == "user"],
        "parameters": dict(content.parameters),
        "evaluators": evaluators_of(content),
        "page": Paginator(shown, CASES_PER_PAGE).get_page(request.GET.get("page")),
        "tag": tag,
        "tags": _counts(cases),
        "versions": list(suite.versions.defer("document")[:VERSIONS_SHOWN]),
        "runs": list(_runs(suite)[:RUNS_SHOWN]),
        "formats": list(FORMATS),
        "gates": _gates(suite),
    }
    return render(request, "site/suite.html", context)


@needs("experiment")
@require_POST
def archive(request: HttpRequest, called: str) -> HttpResponse:
    suite = find(called)
    suite_rows.archive(suite, by=request.user.get_username())
    messages.success(request, f"{suite} is archived. Its runs stay; a file of that name brings it back.")
    return redirect("suites")


def find(called: str) -> Suite:
    try:
        return suite_rows.find(called.replace("\0", ""))
    except NotFound as error:
        raise Missing(error.message) from None


def address(suite: Suite) -> str:
    """Return what stands in the address of a suite's page: its name, or its number where the name would not do."""
    is_plain = _PLAIN.fullmatch(suite.name) and not suite.name.isdecimal() and suite.name != "new"
    return suite.name if is_plain else str(suite.pk)


def _listed() -> QuerySet[Suite]:
    """Return suites with their last run, in one query; their content stays where it is."""
    last = EvaluationRun.objects.filter(suite_version__suite=OuterRef("pk")).order_by("-pk")
    rows: QuerySet[Suite] = (
        Suite.objects.listed()
        .defer("latest__document")
        .annotate(last_run=Subquery(last.values("pk")[:1]), last_run_at=Subquery(last.values("created_at")[:1]))
    )
    return rows


def _version(suite: Suite, number: str) -> SuiteVersion:
    wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else None
    try:
        if number and wanted is None:
            raise NotFound(f"The suite {suite.name!r} has no version {number!r}.")
        return suite_rows.version_of(suite, wanted)
    except NotFound as error:
        raise Missing(error.message) from None


def _runs(suite: Suite) -> QuerySet[EvaluationRun]:
    rows = EvaluationRun.objects.listed().defer("suite_version__document").filter(suite_version__suite=suite)
    found: QuerySet[EvaluationRun] = rows.order_by("-pk")
    return found


def _counts(cases: Any) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for case in cases:
        for tag in case.tags:
            found[tag] = found.get(tag, 0) + 1
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _gates(suite: Suite) -> list[dict[str, Any]]:
    """Return the suite's gates, each with its newest checks, in two queries."""
    gates = list(Gate.objects.filter(suite=suite).order_by("name"))
    checks = GateCheck.objects.filter(gate__in=gates).select_related("model").order_by("-pk")[:100] if gates else []
    by_gate: dict[int, list[GateCheck]] = {}
    for check in checks:
        by_gate.setdefault(check.gate_id, []).append(check)
    return [
        {"gate": gate, "said": gate_words.rule(gate), "checks": by_gate.get(gate.pk, [])[:CHECKS_SHOWN]}
        for gate in gates
    ]
