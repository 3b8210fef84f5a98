"""One shape for every error of the API: {"error": {"code", "message", "details"?}}."""

from __future__ import annotations

import math
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from unified_app.errors import RegistryError, TooLarge

_CODES = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: turns our errors and DRF's into the one shape; others stay a 500."""
    if isinstance(error, RequestDataTooBig):
        error = TooLarge(f"The body is larger than {settings.MAX_BODY_MB} MB.")
    if isinstance(error, RegistryError):
        response = Response(body(error.code, error.message, error.details), status=error.status_code)
        if error.retry_after is not None:
            response["Retry-After"] = str(math.ceil(error.retry_after))
        return response
    response_or_none = exception_handler(error, context)
    if response_or_none is None:
        return None
    code = _CODES.get(response_or_none.status_code, "error")
    if isinstance(error, exceptions.ValidationError):
        details = field_messages(error.detail)
        response_or_none.data = body(code, _sentence(details), details)
    else:
        response_or_none.data = body(code, _message(error))
    return response_or_none


def body(code: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the body of an error answer."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = details
    return {"error": error}


def json_error(request: HttpRequest, status: int, message: str) -> JsonResponse:
    """Return an error outside of DRF, such as an unknown path below /api/."""
    return JsonResponse(body(_CODES.get(status, "internal"), message), status=status)


def field_messages(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Return {field path: [messages]} from DRF's nested detail: `parameters.temperature`."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, value in detail.items():
            found |= field_messages(value, f"{path}.{name}" if path else str(name))
        return found
    if isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        found = {}
        for index, value in enumerate(detail):
            found |= field_messages(value, f"{path}.{index}" if path else str(index))
        return found
    values = detail if isinstance(detail, list) else [detail]
    return {path or "non_field_errors": [str(value) for value in values]}


def _sentence(details: dict[str, list[str]]) -> str:
    return "; ".join(f"{name}: {' '.join(messages)}" for name, messages in details.items())


def _message(error: Exception) -> str:
    if isinstance(error, Http404):  # Django's own words name our classes
        return "Nothing here has that id or name."
    if isinstance(error, PermissionDenied):
        return str(error) or "You may not do this."
    return str(getattr(error, "detail", error))
