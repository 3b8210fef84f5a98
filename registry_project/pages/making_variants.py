"""The form that makes a variant of a model: its parameters, or its prompt. It does what the API's create does."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from experiments_app import creating
from experiments_app.facts import ModelFacts, facts_of
from registry_project.pages.access import needs
from registry_project.pages.errors import Missing
from registry_project.pages.experiments import making_call
from unified_app.errors import Conflict, InvalidInput, NotFound
from unified_app.lookup import find_model
from unified_app.models import UnifiedModel, User
from unified_app.parameters import PARAMETERS, unobeyed

OFFERED = ("temperature", "top_p", "max_tokens", "seed", "num_ctx")
EXAMPLES = 3
TUNING, PROMPT = "parameter_tuning", "prompt_engineering"
BODIES: dict[str, dict[str, Any]] = {
    TUNING: {"temperature": 0.2, "top_p": 0.9},
    PROMPT: {"system": "Answer in one sentence."},
}


class VariantForm(forms.Form):
    """The fields that both types have; the API's schema judges what is in them."""

    name = forms.CharField(
        required=False, label="Name", help_text="What callers call it; empty makes one of the base's."
    )
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    key = forms.CharField(widget=forms.HiddenInput, max_length=creating.KEY_LENGTH)
    experiment_type = ""

    def __init__(self, base: ModelFacts, data: Any = None) -> None:
        super().__init__(data, label_suffix="", initial={"key": uuid.uuid4().hex})
        self.base = base

    def parameters(self) -> dict[str, Any]:
        raise NotImplementedError

    @property
    def own_fields(self) -> list[Any]:
        return [field for field in self.visible_fields() if not field.name.startswith(("user_", "assistant_"))]

    @property
    def example_fields(self) -> list[Any]:
        return [field for field in self.visible_fields() if field.name.startswith(("user_", "assistant_"))]

    @property
    def has_examples(self) -> bool:
        return any(field.value() or field.errors for field in self.example_fields)

    def field_of(self, path: str) -> str | None:
        """Return the field that an error of the API is about; None for the form as a whole."""
        found = path.removeprefix("parameters.")
        return found if found in self.fields else None

    def body(self) -> dict[str, Any]:
        told = {name: self.cleaned_data[name] for name in ("name", "description") if self.cleaned_data[name]}
        kind, parameters = self.experiment_type, self.parameters()
        return {"base_model": self.base.id, "experiment_type": kind, "parameters": parameters, **told}


class TuningForm(VariantForm):
    experiment_type = TUNING

    def __init__(self, base: ModelFacts, data: Any = None) -> None:
        super().__init__(base, data)
        # What no place of the base obeys would be refused.
        refused = unobeyed(dict.fromkeys(OFFERED), base.protocols)
        own = {name: _number_field(name) for name in OFFERED if name not in refused}
        self.fields = {**own, **self.fields}

    def parameters(self) -> dict[str, Any]:
        return {n: _number(self.cleaned_data[n]) for n in OFFERED if self.cleaned_data.get(n)}


class PromptForm(VariantForm):
    experiment_type = PROMPT

    def __init__(self, base: ModelFacts, data: Any = None) -> None:
        super().__init__(base, data)
        system = forms.CharField(
            required=False,
            label="System prompt",
            help_text="Holds where the caller sends no system text.",
            widget=forms.Textarea(attrs={"rows": 5}),
        )
        own: dict[str, forms.Field] = {"system": system}
        for number in range(1, EXAMPLES + 1):
            own[f"user_{number}"] = _example_field(f"Example {number}: the user says")
            own[f"assistant_{number}"] = _example_field(f"Example {number}: the model answers")
        self.fields = {**own, **self.fields}

    def parameters(self) -> dict[str, Any]:
        system = self.cleaned_data.get("system")
        messages = [{"role": role, "content": self.cleaned_data[name]} for name, role in self._filled()]
        return ({"system": system} if system else {}) | ({"messages": messages} if messages else {})

    def field_of(self, path: str) -> str | None:
        parts = path.split(".")
        if parts[:2] == ["parameters", "messages"] and len(parts) > 2:
            return self._filled()[int(parts[2])][0]
        return super().field_of(path)

    def clean(self) -> dict[str, Any]:
        """An example is a question with its answer."""
        found: dict[str, Any] = super().clean() or {}
        for number in range(1, EXAMPLES + 1):
            asked, answered = found.get(f"user_{number}"), found.get(f"assistant_{number}")
            if bool(asked) != bool(answered):
                missing = f"assistant_{number}" if asked else f"user_{number}"
                self.add_error(missing, "An example needs both: what the user says and what the model answers.")
        return found

    def _filled(self) -> list[tuple[str, str]]:
        names = [(f"{role}_{n}", role) for n in range(1, EXAMPLES + 1) for role in ("user", "assistant")]
        return [(name, role) for name, role in names if self.cleaned_data.get(name)]


FORMS: dict[str, type[VariantForm]] = {TUNING: TuningForm, PROMPT: PromptForm}


@needs("experiment")
def make(request: HttpRequest) -> HttpResponse:
    """Show the form for the base that the address names; a POST makes the variant."""
    called = request.GET.get("base", "").strip()
    if not called:
        return render(request, "site/experiment_base.html")
    model = _base(called)
    kind = request.GET.get("type", TUNING)
    kind = kind if kind in FORMS else TUNING
    form = FORMS[kind](facts_of(model), request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := _made(request, form)):
        return redirect("experiment", called=made)
    base = request.build_absolute_uri("/").rstrip("/")
    call = making_call(base, {"base_model": model.name, "experiment_type": kind, "parameters": BODIES[kind]})
    context = {"base": model, "form": form, "type": kind, "call": call}
    return render(request, "site/experiment_new.html", context, status=400 if form.errors else 200)


def _made(request: HttpRequest, form: VariantForm) -> str | None:
    """Return the id of what was made; None when the form now says what is wrong."""
    body = form.body()
    assert isinstance(request.user, User)
    try:
        # The form's own key: sent twice, it makes one variant.
        sent = creating.once(request.user, form.cleaned_data["key"], body)
        variant = creating.create(body, by=request.user.get_username(), sent=sent).variants[0]
    except InvalidInput as error:
        for path, told in (error.details or {"": [error.message]}).items():
            form.add_error(form.field_of(path), told)
        return None
    except Conflict:
        form.add_error(None, "This form made a variant already. Open it again to make another one.")
        return None
    messages.success(request, f"{variant.model} is made and can be called by this name.")
    return variant.model_id


def _base(called: str) -> UnifiedModel:
    if "\0" in called:  # PostgreSQL refuses to compare it
        raise Missing("No model's name has such a character.")
    try:
        return find_model(called)
    except NotFound as error:
        raise Missing(error.message) from None


def _number_field(name: str) -> forms.CharField:
    """A field whose text is judged by the schema of its parameter, whose words stand below it."""
    parameter = PARAMETERS[name]
    schema = parameter.schema
    attributes = {"inputmode": "decimal" if schema["type"] == "number" else "numeric", "autocomplete": "off"}
    low, high = schema["minimum"], schema["maximum"]
    limits = f" From {low:g} to {high:g}." if abs(high) < 1000 else ""
    return forms.CharField(
        required=False,
        label=name,
        help_text=f"{parameter.note}{limits} Empty leaves it to the base.",
        widget=forms.TextInput(attrs=attributes),
    )


def _example_field(label: str) -> forms.CharField:
    return forms.CharField(required=False, label=label, widget=forms.Textarea(attrs={"rows": 2}))


def _number(text: str) -> int | float | str:
    """Return the number that the text is, or the text, which the schema then refuses in its own words."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
