"""Who may see a page, and what a person on it may do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from unified_app.scopes import ROLES, scopes_of_user

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def needs(scope: str) -> Callable[[View[P]], View[P]]:
    """Let a view's page be seen only by those who have `scope`; PUBLIC_READ opens reading to everybody."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if scope == "read" and settings.PUBLIC_READ:
                return view(request, *args, **kwargs)
            if not request.user.is_authenticated:
                return to_login(request)
            if not may(request, scope):
                # Rendered, not raised: Django logs a raised PermissionDenied with its whole traceback.
                return render(request, "403.html", {"exception": refusal(scope)}, status=403)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def signed_in(view: View[P]) -> View[P]:
    """Let every user who has logged in see the page, whatever their role."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs) if request.user.is_authenticated else to_login(request)

    return guarded


def may(request: HttpRequest, scope: str) -> bool:
    return scope in scopes_of_user(request.user)


def refusal(scope: str) -> str:
    """Return the sentence for somebody who lacks `scope`: what is missing and which role has it."""
    role = next(role for role, scopes in ROLES.items() if scope in scopes)
    return f"This needs the scope “{scope}”, which the role {role} has."


def to_login(request: HttpRequest) -> HttpResponse:
    """Send a person to the log-in and back here; a fragment that is polled reloads its page, which then does."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
