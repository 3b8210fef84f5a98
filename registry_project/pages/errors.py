"""What a person, or a program below /api/, sees when there is nothing or when we failed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import is_valid_path

from unified_app.api_errors import json_error


class Missing(Http404):
    """Nothing is there; the message is a sentence for the person who asked."""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return json_error(request, 400, "The request cannot be read.")
    return render(None, "400.html", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return json_error(request, 404, "There is no such path. /api/docs lists them.")
    if request.method == "GET" and (path := _without_slash(request.path)):
        return HttpResponseRedirect(path)
    reason = str(exception) if isinstance(exception, Missing) else ""
    return render(request, "404.html", {"reason": reason}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return json_error(request, 500, "Something failed on our side; the server's log says what.")
    # Rendered without the request: what failed may be the very database that the frame of a page asks.
    return render(None, "500.html", status=500)


def _without_slash(path: str) -> str:
    """Return the page that was meant by a path with a slash too many; never one that begins with two."""
    if path.startswith("/admin/"):
        return ""  # the admin's paths end in a slash: it would send the browser back here, without end
    bare = path.rstrip("/")
    return bare if bare != path and not bare.startswith("//") and is_valid_path(bare) else ""
