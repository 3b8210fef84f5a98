"""Log-in forms that bound how often passwords can be tried, for the site and for the admin alike."""

from __future__ import annotations

import math
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class LogInThrottle(SimpleRateThrottle):
    """Counts the tries of one address, together with those at /api/auth/token."""

    scope = "token"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return str(self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)})


class _Bounded:
    def clean(self) -> Any:
        throttle = LogInThrottle()
        request: Any = self.request  # type: ignore[attr-defined]
        if not throttle.allow_request(request, APIView()):
            seconds = math.ceil(throttle.wait() or 60)
            raise ValidationError(f"Too many tries from your address. Try again in {seconds} s.")
        return super().clean()  # type: ignore[misc]


class LogInForm(_Bounded, AuthenticationForm):
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "User name and password do not fit together. Both mind upper and lower case.",
    }


class AdminLogInForm(_Bounded, AdminAuthenticationForm):
    pass
