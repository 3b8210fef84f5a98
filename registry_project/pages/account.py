"""Log-in, and a person's own page: scopes and API keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import views as auth
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache

from registry_project.log_in import LogInForm
from registry_project.pages import calls
from registry_project.pages.access import signed_in
from unified_app import keys
from unified_app.models import ApiKey, User
from unified_app.scopes import SCOPES, in_order, scopes_of_user

MEANINGS = {
    "read": "look at models, hosts, syncs and jobs",
    "call": "call models",
    "experiment": "make variants and run evaluations",
    "curate": "edit, retire and restore models",
    "operate": "sync, manage hosts and jobs",
}
LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "never")]


class LogIn(auth.LoginView):
    template_name = "site/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True


class LogOut(auth.LogoutView):
    http_method_names = ["post", "options"]


class ChangePassword(auth.PasswordChangeView):
    template_name = "site/password.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your password is changed.")
        return super().form_valid(form)


class KeyForm(forms.Form):
    """What a person says of a new key of theirs."""

    name = forms.CharField(max_length=100, help_text="What will use it, such as the program's name.")
    scopes = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one thing that the key may do."},
    )
    days = forms.ChoiceField(label="Ends after", choices=LIFETIMES, required=False, initial="90")

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        super().__init__(data, label_suffix="")
        self.user = user
        own = in_order(scopes_of_user(user))
        self.fields["scopes"].choices = [(scope, f"{scope}: {MEANINGS[scope]}") for scope in own]  # type: ignore[attr-defined]
        self.fields["scopes"].initial = [scope for scope in own if scope in ("read", "call")]

    def clean_name(self) -> str:
        """Names tell keys apart, and a form sent twice makes one key."""
        name: str = self.cleaned_data["name"]
        if ApiKey.objects.usable().filter(user=self.user, name=name).exists():
            raise forms.ValidationError("You have a key of this name already. Give another name, or revoke that key.")
        return name


@signed_in
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Show the page; a POST makes a key, whose secret is in this one answer and nowhere else."""
    user = _user(request)
    form = KeyForm(user, request.POST or None)
    secret, key = "", None
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        key, secret = keys.create_key(
            user=user,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            days=float(days) if days else None,
        )
        form = KeyForm(user)
    context = {
        "form": form,
        "secret": secret,
        "new_key": key,
        "try_it": calls.with_key(request.build_absolute_uri("/").rstrip("/"), secret),
        "all_scopes": [(scope, MEANINGS[scope], scope in scopes_of_user(user)) for scope in SCOPES],
        "keys": list(ApiKey.objects.filter(user=user)[:200]),
    }
    return render(request, "site/account.html", context)


@signed_in
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Ask, naming the key; a POST revokes it. Somebody else's key is not found."""
    key = get_object_or_404(ApiKey, pk=key_id, user=_user(request))
    if request.method == "POST":
        keys.revoke(key, by=request.user.get_username())
        messages.success(request, f"The key {key.name} is revoked: calls with it answer 401 from now on.")
        return redirect("account")
    return render(request, "site/key_revoke.html", {"key": key})


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the views are for those who have logged in
    return request.user
