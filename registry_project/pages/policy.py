"""What a browser may load on our pages: only what we serve."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

# Pico draws its arrows and ticks as data: images.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# Django's admin and the API's documentation bring scripts of their own.
NOT_OURS = ("/admin/", "/api/")


class ContentPolicy(MiddlewareMixin):
    """Sends the policy with every page, so that nothing injected could run or call out."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not request.path.startswith(NOT_OURS):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
