"""The form that takes a suite, as a file or pasted: a new suite, or the next version of the one with its name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from experiments_app.evaluation import suite_rows
from experiments_app.evaluation.files.suite_files import ENDINGS, parse
from experiments_app.models import Suite
from registry_project.pages.access import needs
from registry_project.pages.suites import address
from unified_app.errors import InvalidInput
from unified_app.models.catalog import Category

FORMATS = {"prompt.yml": ".prompt.yml", "jsonl": "JSON lines", "csv": "CSV, a case per line", "json": "JSON"}
# Format -> the ending of a pasted text's file.
_NAMES = {"prompt.yml": "yml", "jsonl": "jsonl", "csv": "csv", "json": "json"}
# All problems of a file at once would be longer than the file.
MOST_PROBLEMS = 20


class UploadForm(forms.Form):
    file = forms.FileField(
        required=False,
        label="A file",
        help_text="A .prompt.yml as GitHub Models keeps them, or .jsonl, .csv, .json.",
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(ENDINGS)}),
    )
    text = forms.CharField(
        required=False, strip=False, label="Or its text", widget=forms.Textarea(attrs={"rows": 8, "class": "code"})
    )
    format = forms.ChoiceField(choices=list(FORMATS.items()), required=False, label="The text is", initial="prompt.yml")
    name = forms.CharField(
        required=False,
        max_length=200,
        help_text="Empty takes the name in the file. The name of a suite that is there makes its next version.",
    )
    category = forms.ChoiceField(required=False, help_text="The models that it is for: where its leaderboard stands.")
    like = forms.ChoiceField(
        required=False,
        label="Cases alone go with",
        help_text="A table has no messages and no evaluators; it takes those of this suite.",
    )

    def __init__(self, suites: list[str], data: Any = None, files: Any = None, **more: Any) -> None:
        super().__init__(data, files, label_suffix="", **more)
        nothing = ("", "what the file says")
        self.fields["category"].choices = [nothing, *Category.choices]  # type: ignore[attr-defined]
        plain = ("", "the default: ask {{input}}, expect {{expected}}")
        self.fields["like"].choices = [plain, *((name, name) for name in suites)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        has_text = bool((found.get("text") or "").strip())
        if not self.errors and bool(found.get("file")) == has_text:
            raise forms.ValidationError(
                "Choose a file or paste a text, not both." if has_text else "Choose a file or paste a text."
            )
        return found

    def add_told(self, details: dict[str, Any]) -> None:
        """Show what the API says of each part, at its field, or above with the part's path."""
        for path, told in list(details.items())[:MOST_PROBLEMS]:
            said = [told] if isinstance(told, str) else list(told)
            if path in self.fields:
                self.add_error("text" if path == "file" and self.cleaned_data.get("text") else path, said)
            else:
                self.add_error(None, [f"{path}: {one}" if path else one for one in said])


@needs("experiment")
def upload(request: HttpRequest) -> HttpResponse:
    suites = list(Suite.objects.filter(archived_at=None).order_by("name").values_list("name", flat=True))
    if request.method != "POST":
        form = UploadForm(suites, initial={"name": request.GET.get("name", ""), "like": request.GET.get("like", "")})
        return render(request, "site/suite_new.html", {"form": form})
    form = UploadForm(suites, request.POST, request.FILES)
    if form.is_valid() and (kept := _kept(request, form)):
        messages.success(request, _told(kept))
        return redirect("suite", called=address(kept.suite))
    return render(request, "site/suite_new.html", {"form": form}, status=400)


def _kept(request: HttpRequest, form: UploadForm) -> suite_rows.Kept | None:
    """Return what was kept; None when the form now says what is wrong."""
    told = form.cleaned_data
    name, raw = _file(told)
    try:
        like = suite_rows.version_of(suite_rows.find(told["like"])).document if told["like"] else None
        document = parse(name, raw, like=like)
        about = {"name": told["name"] or None, "category": told["category"] or None}
        return suite_rows.keep(document, by=request.user.get_username(), **about)
    except InvalidInput as error:
        form.add_told(error.details or {"": [error.message]})
        return None


def _file(told: dict[str, Any]) -> tuple[str, bytes]:
    if told["file"]:
        return told["file"].name, told["file"].read()
    # A browser sends all line ends as two characters, which would be part of the cases.
    text = told["text"].replace("\r\n", "\n")
    return f"{told['name'] or 'pasted'}.{_NAMES[told['format'] or 'prompt.yml']}", text.encode()


def _told(kept: suite_rows.Kept) -> str:
    if not kept.is_new:
        return f"{kept.suite} has this content already: it is version {kept.version.number}, which counts now."
    if kept.version.number == 1:
        return f"{kept.suite} is there, with {kept.version.case_count} cases."
    return f"This is version {kept.version.number} of {kept.suite} now. Runs of earlier versions stay."
